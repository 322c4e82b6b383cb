import type { ServiceImpl } from "@connectrpc/connect";
import {
  type CreateUserRequest,
  CreateUserResponseSchema,
  GetUserResponseSchema,
  ListUsersResponseSchema,
  type UserService,
} from "#gen/medport/center/v1/user_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { roleFromProto, userTypeFromProto } from "#platform/auth/principal.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { type IdSource, parseId } from "#platform/id.ts";
import { notFound, type Refusal, refuse } from "#platform/rpc/refusal.ts";
import { openPage } from "#platform/rpc/page.ts";
import type { PasswordHasher } from "../passwords/password.hasher.ts";
import { checkNewPassword } from "../passwords/password.ts";
import { addAccount, type NewAccount } from "./account.creation.ts";
import { fieldRefusal } from "./field.refusal.ts";
import { userMessage } from "./user.message.ts";
import { findUser, listUsers } from "./user.store.ts";
import { decideMembership, type Membership, normalEmail, organizationOf, type User, type UserId } from "./user.ts";

/** What the service needs. */
export interface UserRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
  readonly newId: IdSource;
}

/** Implements `medport.center.v1.UserService`. */
export function userRpc({ unitOfWork, hasher, newId }: UserRpcDeps): ServiceImpl<typeof UserService> {
  return {
    async createUser(request, context) {
      const creator = userOf(context);
      // A hash takes a quarter of a second, for which no connection to the database must be held.
      const account = await unitOfWork.call(context, () => accountFrom(request, creator, hasher));
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
        const organizationId = listedOrganization(request.organizationId, userOf(context));
        const page = openPage(context, request, { organizationId });
        const afterEmail = String(page.after?.[0] ?? "");
        const found = await listUsers(tx, {
          ...(organizationId !== undefined && { organizationId }),
          afterEmail,
          limit: page.limit,
        });
        const { rows, nextPageToken } = page.end(found, ({ email }) => [email]);
        return { users: rows.map(userMessage), nextPageToken };
      });
    },
  };
}

async function accountFrom(
  request: CreateUserRequest,
  creator: UserIdentity,
  hasher: PasswordHasher,
): Promise<NewAccount> {
  const membership = membershipFrom(request, creator);
  const roles = request.roles.flatMap((role) => roleFromProto(role) ?? []);
  if (roles.length !== request.roles.length)
    throw fieldRefusal("roles", "names a role that this service does not know");
  const [email, name] = [normalEmail(request.email), request.name.trim()];
  if (name === "") throw fieldRefusal("name", "must not be blank");
  const decision = checkNewPassword(request.password, [email, name]);
  if (!decision.ok) throw fieldRefusal("password", decision.problem);
  return { email, name, membership, roles, passwordHash: await hasher.hash(request.password) };
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

/** Center's people see everybody; others themselves and the people of their own organization. */
function maySee(caller: UserIdentity, user: User): boolean {
  if (caller.userType === "CENTER" || caller.userId === user.id) return true;
  return caller.userType === user.membership.userType && caller.organizationId === organizationOf(user.membership);
}

/** Whose people are listed; undefined for all. */
function listedOrganization(asked: string, { userType, organizationId }: UserIdentity): string | undefined {
  if (userType === "CENTER") return asked === "" ? undefined : asked;
  if (asked !== "" && asked !== organizationId) {
    throw refuse(Reason.ACTION_NOT_ALLOWED, "only people of the own organization can be listed");
  }
  return organizationId;
}
