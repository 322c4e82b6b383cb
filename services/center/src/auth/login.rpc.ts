import type { MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type LoginRequest, LoginResponseSchema } from "#gen/medport/center/v1/auth_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { PasswordHasher, PasswordVerifier } from "../passwords/password.hasher.ts";
import { userMessage } from "../users/user.message.ts";
import { normalEmail, type User } from "../users/user.ts";
import { clearAttempts, type Credentials, findCredentials, recordAttempt, savePasswordHash } from "./login.store.ts";
import { issuePair, type TokenMaker } from "./session.pair.ts";
import { insertSession } from "./session.store.ts";
import { type Session, sessionAbsoluteMs, type SessionId } from "./session.ts";

/** What logging in needs. */
export interface LoginDeps extends TokenMaker {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
  readonly newId: IdSource;
}

/** An attempt that was counted. */
interface Attempt {
  /** Undefined if nobody has the e-mail address. */
  readonly credentials: Credentials | undefined;
  /** False if the account rests: then not even the right password is looked at. */
  readonly mayTry: boolean;
}

/**
 * Logs a person in. Whoever is refused learns nothing, neither from the answer nor from its time: unknown, disabled and
 * resting accounts cost the same hash and give the same answer as a wrong password.
 */
export function login(
  deps: LoginDeps,
  request: LoginRequest,
  context: HandlerContext,
): Promise<MessageShape<typeof LoginResponseSchema>> {
  const { unitOfWork, hasher } = deps;
  return unitOfWork.call(context, () =>
    // Attempts are counted within a turn, so that of a storm of guesses no more are on their way than have turns.
    hasher.inTurn(async (verifier) => {
      const attempt = await unitOfWork.transaction(context, (work) => countAttempt(work, normalEmail(request.email)));
      const credentials = await verified(attempt, request.password, verifier);
      if (!credentials) return refuseLogin(unitOfWork, context, attempt);
      const newHash = await verifier.rehash(request.password, credentials.passwordHash);
      return unitOfWork.write(context, request, LoginResponseSchema, async (work) => {
        if (newHash !== undefined) await savePasswordHash(work.tx, credentials.user.id, newHash);
        return openSession(deps, work, credentials.user);
      });
    }),
  );
}

async function countAttempt({ tx, now }: Work, email: string): Promise<Attempt> {
  const credentials = await findCredentials(tx, email);
  return { credentials, mayTry: await recordAttempt(tx, credentials?.user.id, now) };
}

async function verified(
  attempt: Attempt,
  password: string,
  verifier: PasswordVerifier,
): Promise<Credentials | undefined> {
  const { credentials, mayTry } = attempt;
  const matches = await verifier.verify(password, mayTry ? credentials?.passwordHash : undefined);
  return matches && credentials?.user.active ? credentials : undefined;
}

/** Refuses, and leaves an audit entry that names the account, if there is one. */
function refuseLogin(unitOfWork: UnitOfWork, context: HandlerContext, { credentials }: Attempt): Promise<never> {
  return unitOfWork.transaction(context, async (work) => {
    if (credentials) work.touched("user", credentials.user.id);
    throw refuse(Reason.CREDENTIALS_INVALID, "the e-mail address or the password is wrong");
  });
}

async function openSession(deps: LoginDeps, work: Work, user: User) {
  const { tx, now } = work;
  await clearAttempts(tx, user.id, now);
  const session: Session = {
    id: deps.newId() as SessionId,
    userId: user.id,
    expireTime: new Date(now.getTime() + sessionAbsoluteMs),
  };
  await insertSession(tx, session, now);
  work.touched("user", user.id);
  work.touched("session", session.id);
  return { session: await issuePair(tx, deps, { session, user, now }), user: userMessage(user) };
}
