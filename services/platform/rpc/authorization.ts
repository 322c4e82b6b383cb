import type { DescMethod } from "@bufbuild/protobuf";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Policy } from "#gen/medport/policy/v1/policy_pb.ts";
import type { Caller, UserIdentity } from "#platform/auth/caller.ts";
import { protoFromRole, protoFromUserType, siloFromService } from "#platform/auth/principal.ts";
import { findPolicy, isPublic } from "#platform/rpc/policy.ts";
import { type Refusal, refuse } from "#platform/rpc/refusal.ts";

/**
 * Makes sure that a caller may call a method, by the method's policy alone; which records it may see is the handler's
 * to say. Pure. Whatever no policy admits is refused.
 * @throws Refusal TOKEN_MISSING or METHOD_NOT_ALLOWED.
 */
export function assertAuthorized(method: DescMethod, caller: Caller): void {
  if (isPublic(method)) return;
  const stated = findPolicy(method);
  if (!stated) throw refuse(Reason.METHOD_NOT_ALLOWED, "nobody may call this method");
  const refusal = stated.services.length > 0 ? refuseService(stated, caller) : refuseUser(stated, caller.user);
  if (refusal) throw refusal;
}

function refuseService(stated: Policy, { service, user }: Caller): Refusal | undefined {
  if (!service) {
    return user
      ? refuse(Reason.METHOD_NOT_ALLOWED, "only services may call this method")
      : refuse(Reason.TOKEN_MISSING, "a service's token is demanded");
  }
  if (!stated.services.includes(siloFromService(service))) {
    return refuse(Reason.METHOD_NOT_ALLOWED, `the service ${service} may not call this method`);
  }
  if (stated.users.length === 0) return undefined;
  return stated.system && !user ? undefined : refuseUser(stated, user);
}

function refuseUser(stated: Policy, user: UserIdentity | undefined): Refusal | undefined {
  if (stated.users.length === 0) return refuse(Reason.METHOD_NOT_ALLOWED, "nobody may call this method");
  if (!user) return refuse(Reason.TOKEN_MISSING, "a user's token is demanded");
  const roles = user.roles.map(protoFromRole);
  const admitted = stated.users.some(
    (access) =>
      access.userType === protoFromUserType(user.userType) &&
      (access.roles.length === 0 || access.roles.some((role) => roles.some((held) => held === role))),
  );
  return admitted ? undefined : refuse(Reason.METHOD_NOT_ALLOWED, "the user's role does not allow this method");
}
