import type { MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type LoginRequest, LoginResponseSchema } from "#gen/medport/center/v1/auth_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { type Refusal, refuse } from "#platform/rpc/refusal.ts";
import type { PasswordHasher, PasswordVerifier } from "../passwords/password.hasher.ts";
import { fieldRefusal } from "../users/field.refusal.ts";
import { withNewPassword } from "../users/user-change.ts";
import { userUpdated } from "../users/user.events.ts";
import { userMessage } from "../users/user.message.ts";
import { saveUser } from "../users/user.store.ts";
import { normalEmail, type User } from "../users/user.ts";
import { decideLogin, type LoginDecision } from "./forced-change.ts";
import { type Credentials, findCredentials, savePasswordHash } from "./login.store.ts";
import { checkPassword, openChecked, refuseNaming } from "./password-check.rpc.ts";
import { issuePair, type TokenMaker } from "./session.pair.ts";
import { insertSession } from "./session.store.ts";
import { type Session, sessionAbsoluteMs, type SessionId } from "./session.ts";

/** What logging in needs. */
export interface LoginDeps extends TokenMaker {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
  readonly newId: IdSource;
}

/**
 * Logs a person in. Whoever has a temporary password must bring a new one as well, which takes its place in the
 * transaction that opens the session.
 */
export function login(
  deps: LoginDeps,
  request: LoginRequest,
  context: HandlerContext,
): Promise<MessageShape<typeof LoginResponseSchema>> {
  const { unitOfWork, hasher } = deps;
  return unitOfWork.call(context, () =>
    hasher.inTurn(async (verifier) => {
      const email = normalEmail(request.email);
      const check = { find: findCredentials(email), password: request.password, verifier };
      const credentials = await checkPassword(unitOfWork, context, check);
      const decision = decideLogin(credentials.user, request);
      const refusal = refusalFrom(decision);
      if (refusal) return refuseNaming(unitOfWork, context, credentials, refusal);
      const newHash = await hashFor(decision, request, { credentials, verifier });
      return unitOfWork.write(context, request, LoginResponseSchema, async (work) => {
        const { user } = await openChecked(work, credentials);
        return openSession(deps, work, await saved(work, user, decision, newHash));
      });
    }),
  );
}

function refusalFrom(decision: LoginDecision): Refusal | undefined {
  switch (decision.outcome) {
    case "DEMAND":
      return refuse(Reason.PASSWORD_CHANGE_REQUIRED, "the password is a temporary one: log in with a new one");
    case "REFUSE":
      return fieldRefusal("new_password", decision.problem);
    case "OPEN":
    case "CHANGE":
      return undefined;
  }
}

/** The hash to be kept from now on; undefined if the one that is kept still stands. */
function hashFor(
  { outcome }: LoginDecision,
  { password, newPassword }: LoginRequest,
  { credentials, verifier }: { readonly credentials: Credentials; readonly verifier: PasswordVerifier },
): Promise<string | undefined> {
  if (outcome === "CHANGE") return verifier.hash(newPassword);
  return verifier.rehash(password, credentials.passwordHash);
}

/** The account as it is after the login: a costlier hash of the same password is no change of it. */
async function saved(work: Work, user: User, { outcome }: LoginDecision, newHash: string | undefined): Promise<User> {
  if (outcome === "CHANGE") {
    const changed = withNewPassword(user, work.now);
    await saveUser(work.tx, changed, newHash);
    work.emit(userUpdated(changed));
    return changed;
  }
  if (newHash !== undefined) await savePasswordHash(work.tx, user.id, newHash);
  return user;
}

async function openSession(deps: LoginDeps, work: Work, user: User) {
  const { tx, now } = work;
  const session: Session = {
    id: deps.newId() as SessionId,
    userId: user.id,
    expireTime: new Date(now.getTime() + sessionAbsoluteMs),
  };
  await insertSession(tx, session, now);
  work.touched("session", session.id);
  return { session: await issuePair(tx, deps, { session, user, now }), user: userMessage(user) };
}
