import type { MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type ChangePasswordRequest, ChangePasswordResponseSchema } from "#gen/medport/center/v1/auth_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { parseId } from "#platform/id.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { PasswordHasher, PasswordVerifier } from "../passwords/password.hasher.ts";
import { checkReplacement } from "../passwords/password.ts";
import { fieldRefusal } from "../users/field.refusal.ts";
import { withNewPassword } from "../users/user-change.ts";
import { userUpdated } from "../users/user.events.ts";
import { saveUser } from "../users/user.store.ts";
import type { UserId } from "../users/user.ts";
import { type Credentials, findCredentialsOf } from "./login.store.ts";
import { checkPassword, openChecked, refuseNaming } from "./password-check.rpc.ts";
import { endSessionsOf } from "./session.end.ts";
import type { SessionId } from "./session.ts";

/** What changing a password needs. */
export interface ChangePasswordDeps {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
}

/** A password that was checked, and the hash of the one that follows it. */
interface Replacement {
  readonly credentials: Credentials;
  readonly newHash: string;
}

/**
 * Changes the caller's own password. The present one is guarded against guesses as it is at the login: a stolen token
 * must not help to find it. All sessions but the caller's end, each by itself: the caller's tokens stay good.
 */
export function changePassword(
  deps: ChangePasswordDeps,
  request: ChangePasswordRequest,
  context: HandlerContext,
): Promise<MessageShape<typeof ChangePasswordResponseSchema>> {
  const { unitOfWork, hasher } = deps;
  const identity = userOf(context);
  // A fast hash of the passwords must not be kept to recognize a repetition.
  const identified = { ...request, currentPassword: "", newPassword: "" };
  return unitOfWork.call(context, async () => {
    // A repetition brings a password that is the present one no more: it must not count as a guess.
    if (await unitOfWork.isRepeated(context, identified)) return save(deps, context, { identified, identity });
    return hasher.inTurn(async (verifier) => {
      const replacement = await checked(deps, context, { request, identity, verifier });
      return save(deps, context, { identified, identity, replacement });
    });
  });
}

interface Checking {
  readonly request: ChangePasswordRequest;
  readonly identity: UserIdentity;
  readonly verifier: PasswordVerifier;
}

async function checked(
  { unitOfWork }: ChangePasswordDeps,
  context: HandlerContext,
  { request, identity, verifier }: Checking,
): Promise<Replacement> {
  const { currentPassword, newPassword } = request;
  const find = findCredentialsOf(identity.userId as UserId);
  const credentials = await checkPassword(unitOfWork, context, { find, password: currentPassword, verifier });
  const { email, name } = credentials.user;
  const decision = checkReplacement(newPassword, currentPassword, [email, name]);
  if (!decision.ok) {
    return refuseNaming(unitOfWork, context, credentials, fieldRefusal("new_password", decision.problem));
  }
  return { credentials, newHash: await verifier.hash(newPassword) };
}

interface Saving {
  readonly identified: ChangePasswordRequest;
  readonly identity: UserIdentity;
  /** Absent where the request is repeated and its answer known. */
  readonly replacement?: Replacement;
}

function save(
  { unitOfWork }: ChangePasswordDeps,
  context: HandlerContext,
  { identified, identity, replacement }: Saving,
): Promise<MessageShape<typeof ChangePasswordResponseSchema>> {
  return unitOfWork.write(context, identified, ChangePasswordResponseSchema, async (work) => {
    if (!replacement) throw refuse(Reason.CONCURRENT_CHANGE, "the answer to this request_id is being removed");
    const { user } = await openChecked(work, replacement.credentials);
    const changed = withNewPassword(user, work.now);
    await saveUser(work.tx, changed, replacement.newHash);
    await endSessionsOf(work, user.id, "PASSWORD_CHANGED", parseId<SessionId>(identity.sessionId));
    work.emit(userUpdated(changed));
    return {};
  });
}
