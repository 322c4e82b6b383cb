import type { ServiceImpl } from "@connectrpc/connect";
import {
  type CreateUserRequest,
  CreateUserResponseSchema,
  GetUserResponseSchema,
  type ListUsersRequest,
  ListUsersResponseSchema,
  type UserService,
} from "#gen/medport/center/v1/user_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { userTypeFromProto } from "#platform/auth/principal.ts";
import { parseId } from "#platform/id.ts";
import { notFound, type Refusal, refuse } from "#platform/rpc/refusal.ts";
import { openPage } from "#platform/rpc/page.ts";
import { addAccount, checkPerson, type NewAccount } from "./account.creation.ts";
import { fieldRefusal } from "./field.refusal.ts";
import { rolesFromProto, userChangeRpc, type UserRpcDeps } from "./user-change.rpc.ts";
import { userMessage } from "./user.message.ts";
import { findUser, listUsers, type UserFilter } from "./user.store.ts";
import { decideMembership, type Membership, type UserId } from "./user.ts";
import { maySee } from "./user-scope.ts";

/** Implements `medport.center.v1.UserService`. */
export function userRpc(deps: UserRpcDeps): ServiceImpl<typeof UserService> {
  const { unitOfWork, newId } = deps;
  return {
    ...userChangeRpc(deps),

    async createUser(request, context) {
      const creator = userOf(context);
      // A hash takes a quarter of a second, for which no connection to the database must be held.
      const account = await unitOfWork.call(context, () => accountFrom(request, creator, deps));
      // What is kept to recognize a repeated request is a fast hash of it, which would give the password away.
      const identified = { ...request, password: "" };
      return unitOfWork.write(context, identified, CreateUserResponseSchema, async (work) => {
        const user = await addAccount(work, account, newId() as UserId);
        return { user: userMessage(user) };
      });
    },

    getUser(request, context) {
      const caller = userOf(context);
      return unitOfWork.read(context, request, GetUserResponseSchema, async ({ tx }) => {
        const id = parseId<UserId>(request.userId);
        const user = id && (await findUser(tx, id));
        if (!user || !maySee(caller, user)) throw notFound("user", request.userId);
        return { user: userMessage(user) };
      });
    },

    listUsers(request, context) {
      return unitOfWork.read(context, request, ListUsersResponseSchema, async ({ tx }) => {
        const filter = filterFrom(request, userOf(context));
        const page = openPage(context, request, filter);
        const found = await listUsers(tx, { ...filter, afterEmail: String(page.after?.[0] ?? ""), limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ email }) => [email]);
        return { users: rows.map(userMessage), nextPageToken };
      });
    },
  };
}

async function accountFrom(
  request: CreateUserRequest,
  creator: UserIdentity,
  { hasher }: UserRpcDeps,
): Promise<NewAccount> {
  const membership = membershipFrom(request, creator);
  const roles = rolesFromProto(request.roles, "roles");
  return { ...(await checkPerson(request, hasher)), membership, roles };
}

function membershipFrom(request: CreateUserRequest, creator: UserIdentity): Membership {
  const userType = userTypeFromProto(request.userType);
  if (!userType) throw fieldRefusal("user_type", "is not known to this service");
  const decision = decideMembership(creator, { userType, organizationId: request.organizationId });
  if (!decision.ok) throw membershipRefusal(decision);
  return decision.membership;
}

function membershipRefusal(decision: { readonly reason: string; readonly problem: string }): Refusal {
  return decision.reason === "VALIDATION_FAILED"
    ? fieldRefusal("organization_id", decision.problem)
    : refuse(Reason.ACTION_NOT_ALLOWED, decision.problem);
}

function filterFrom(request: ListUsersRequest, caller: UserIdentity): UserFilter {
  const organizationId = listedOrganization(request.organizationId, caller);
  return {
    ...(organizationId !== undefined && { organizationId }),
    ...(caller.userType !== "CENTER" && { within: caller.userType }),
    userTypes: request.userTypes.flatMap((type) => userTypeFromProto(type) ?? []),
    activeOnly: request.activeOnly,
    contains: request.contains,
  };
}

/** Whose people are listed; undefined for all. */
function listedOrganization(asked: string, { userType, organizationId }: UserIdentity): string | undefined {
  if (userType === "CENTER") return asked === "" ? undefined : asked;
  if (asked !== "" && asked !== organizationId) {
    throw refuse(Reason.ACTION_NOT_ALLOWED, "only people of the own organization can be listed");
  }
  // No organization has the empty id: whoever acts for nobody has no colleagues.
  return organizationId ?? "";
}
