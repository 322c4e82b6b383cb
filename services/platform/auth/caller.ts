import { createContextKey, type ContextKey, type HandlerContext } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Role, UserType } from "./principal.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** The person behind a call, as the verified token tells. */
export interface UserIdentity {
  readonly userId: string;
  readonly userType: UserType;
  /**
   * The hospital or agency that the person acts for; absent for Center's people, who see all, and for people of the former
   * system of whom nobody knows it, who see nothing.
   */
  readonly organizationId?: string;
  readonly roles: readonly Role[];
  readonly sessionId: string;
  /** The token itself, to be passed on unchanged. Never to be logged or stored. */
  readonly token: string;
}

/** Who is calling: a person, a service, a person through a service, or nobody. */
export interface Caller {
  readonly user?: UserIdentity;
  /** The service that passed the call on, or that calls on its own if there is no user. */
  readonly service?: ServiceName;
}

/** Where the server keeps the caller of the call at hand. */
export const callerKey: ContextKey<Caller> = createContextKey<Caller>({}, { description: "caller" });

/** Who is calling. Empty for public methods called without a token. */
export function callerOf(context: Pick<HandlerContext, "values">): Caller {
  return context.values.get(callerKey);
}

/**
 * The person behind the call.
 * @throws Refusal TOKEN_MISSING if there is none: a service on its own, or nobody.
 */
export function userOf(context: Pick<HandlerContext, "values">): UserIdentity {
  const { user } = callerOf(context);
  if (!user) throw refuse(Reason.TOKEN_MISSING, "a user's token is demanded");
  return user;
}
