import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { UserSchema } from "#gen/medport/center/v1/user_pb.ts";
import {
  DisableUserResponseSchema,
  EnableUserResponseSchema,
  type ResetPasswordRequest,
  ResetPasswordResponseSchema,
  UnlockUserResponseSchema,
  type UpdateUserRequest,
  UpdateUserResponseSchema,
  UserDetailsSchema,
  type UserService,
} from "#gen/medport/center/v1/user_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Role as ProtoRole } from "#gen/medport/policy/v1/principal_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import { type Role, roleFromProto } from "#platform/auth/principal.ts";
import type { Clock } from "#platform/clock.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { type IdSource, parseId } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { clearAttempts } from "../auth/login.store.ts";
import { endSessionsOf } from "../auth/session.end.ts";
import type { PasswordHasher } from "../passwords/password.hasher.ts";
import { checkNewPassword } from "../passwords/password.ts";
import { fieldRefusal } from "./field.refusal.ts";
import {
  type ChangeDecision,
  type ChangeSituation,
  decideDisabling,
  decideReset,
  decideUpdate,
  enabled,
  type WantedDetails,
} from "./user-change.ts";
import { userUpdated } from "./user.events.ts";
import { userMessage } from "./user.message.ts";
import { countOtherAdmins, findUser, lockAdminsOf, lockUser, saveUser } from "./user.store.ts";
import type { User, UserId } from "./user.ts";
import { maySee } from "./user-scope.ts";

/** What the service needs. */
export interface UserRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
  readonly newId: IdSource;
  readonly clock: Clock;
}

type Changes = Pick<
  ServiceImpl<typeof UserService>,
  "updateUser" | "disableUser" | "enableUser" | "resetPassword" | "unlockUser"
>;

/** The part of `medport.center.v1.UserService` that changes accounts. */
export function userChangeRpc(deps: UserRpcDeps): Changes {
  const { unitOfWork, clock } = deps;
  return {
    updateUser(request, context) {
      return unitOfWork.write(context, request, UpdateUserResponseSchema, async (work) => {
        const wanted = wantedFrom(request);
        const { user, situation } = await openForAdmins(work, request, clock);
        const changed = userFrom(decideUpdate(user, wanted, situation));
        return { user: await saveChange(work, user, changed) };
      });
    },

    disableUser(request, context) {
      return unitOfWork.write(context, request, DisableUserResponseSchema, async (work) => {
        const { user, situation } = await openForAdmins(work, request, clock);
        const changed = userFrom(decideDisabling(user, situation));
        if (changed !== user) await endSessionsOf(work, user.id, "USER_DISABLED");
        return { user: await saveChange(work, user, changed) };
      });
    },

    enableUser(request, context) {
      return unitOfWork.write(context, request, EnableUserResponseSchema, async (work) => {
        const user = await openUser(work, request);
        return { user: await saveChange(work, user, enabled(user, work.now)) };
      });
    },

    async resetPassword(request, context) {
      const passwordHash = await unitOfWork.call(context, () => temporaryHash(deps, request, context));
      // As for CreateUser: a fast hash of the password must not be kept.
      const identified = { ...request, temporaryPassword: "" };
      return unitOfWork.write(context, identified, ResetPasswordResponseSchema, async (work) => {
        const user = await openUser(work, request);
        const changed = userFrom(decideReset(user, { actor: actorOf(work), now: clock() }));
        await endSessionsOf(work, user.id, "PASSWORD_RESET");
        // Failures to guess the former password say nothing about this one.
        await clearAttempts(work.tx, user.id, work.now);
        return { user: await saveChange(work, user, changed, passwordHash) };
      });
    },

    unlockUser(request, context) {
      return unitOfWork.write(context, request, UnlockUserResponseSchema, async (work) => {
        const user = await openUser(work, request);
        await clearAttempts(work.tx, user.id, work.now);
        return { user: userMessage(user) };
      });
    },
  };
}

/** Roles from a request. @throws Refusal VALIDATION_FAILED that names the field, for one that is unknown. */
export function rolesFromProto(protoRoles: readonly ProtoRole[], field: string): readonly Role[] {
  const roles = protoRoles.flatMap((role) => roleFromProto(role) ?? []);
  if (roles.length !== protoRoles.length) throw fieldRefusal(field, "names a role that this service does not know");
  return roles;
}

function wantedFrom({ details, updateMask }: UpdateUserRequest): WantedDetails {
  const fields = maskedFields(UserDetailsSchema, updateMask);
  const name = details?.name.trim() ?? "";
  if (fields.has("name") && name === "") throw fieldRefusal("details.name", "must not be blank");
  const roles = rolesFromProto(details?.roles ?? [], "details.roles");
  if (fields.has("roles") && roles.length === 0) throw fieldRefusal("details.roles", "must name at least one");
  return { ...(fields.has("name") && { name }), ...(fields.has("roles") && { roles }) };
}

/** Which account a request is about, and in which version. */
interface UserReference {
  readonly userId: string;
  readonly etag?: string;
}

/** @throws Refusal RESOURCE_NOT_FOUND if the account is unknown, or none of the caller's business. */
async function visibleUser({ tx, caller }: Work, { userId }: UserReference): Promise<User> {
  const id = parseId<UserId>(userId);
  const user = id && (await findUser(tx, id));
  if (!user || !caller.user || !maySee(caller.user, user)) throw notFound("user", userId);
  return user;
}

/** The account, locked. @throws Refusal RESOURCE_NOT_FOUND or ETAG_MISMATCH. */
async function openUser(work: Work, reference: UserReference): Promise<User> {
  const { id } = await visibleUser(work, reference);
  const user = await lockUser(work.tx, id);
  if (!user) throw notFound("user", reference.userId);
  work.touched("user", user.id);
  assertEtag(reference.etag ?? "", user.version);
  return user;
}

/** The same, with what decides whether the organization would be left without an admin. */
async function openForAdmins(
  work: Work,
  reference: UserReference,
  clock: Clock,
): Promise<{ readonly user: User; readonly situation: ChangeSituation }> {
  const { membership } = await visibleUser(work, reference);
  await lockAdminsOf(work.tx, membership);
  const user = await openUser(work, reference);
  const otherAdmins = await countOtherAdmins(work.tx, user);
  return { user, situation: { actor: actorOf(work), otherAdmins, now: clock() } };
}

function actorOf({ caller }: Work): UserId {
  return (caller.user?.userId ?? "") as UserId;
}

function userFrom(decision: ChangeDecision): User {
  if (decision.ok) return decision.user;
  throw refuse(Reason[decision.reason], decision.problem);
}

async function saveChange(
  work: Work,
  before: User,
  user: User,
  passwordHash?: string,
): Promise<MessageInitShape<typeof UserSchema>> {
  if (user !== before) {
    await saveUser(work.tx, user, passwordHash);
    work.emit(userUpdated(user));
  }
  return userMessage(user);
}

/**
 * The hash of a temporary password. Whom it is for is looked at first: an account that the caller may not touch is worth
 * no hash.
 */
async function temporaryHash(
  { unitOfWork, hasher }: UserRpcDeps,
  request: ResetPasswordRequest,
  context: HandlerContext,
): Promise<string> {
  const user = await unitOfWork.transaction(context, (work) => visibleUser(work, request));
  userFrom(decideReset(user, { actor: userOf(context).userId as UserId, now: user.updateTime }));
  const decision = checkNewPassword(request.temporaryPassword, [user.email, user.name]);
  if (!decision.ok) throw fieldRefusal("temporary_password", decision.problem);
  return hasher.hash(request.temporaryPassword);
}
