import type { HandlerContext } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { type Refusal, refuse } from "#platform/rpc/refusal.ts";
import type { PasswordVerifier } from "../passwords/password.hasher.ts";
import { clearAttempts, type Credentials, lockCredentials, recordAttempt } from "./login.store.ts";

/** Whose password is to be checked, and what was given for it. */
export interface PasswordCheck {
  /** Finds the account; undefined if there is none. */
  readonly find: (tx: Tx) => Promise<Credentials | undefined>;
  readonly password: string;
  readonly verifier: PasswordVerifier;
}

/** An attempt that was counted. */
interface Attempt {
  /** Undefined if there is no such account. */
  readonly credentials: Credentials | undefined;
  /** False if the account rests: then not even the right password is looked at. */
  readonly mayTry: boolean;
}

/**
 * Checks a password, wherever one is asked for: each attempt is counted against the account first. Whoever is refused
 * learns nothing, neither from the answer nor from its time: unknown, disabled and resting accounts cost the same hash
 * and give the same answer as a wrong password. To be called within a turn of the hasher's, so that of a storm of guesses
 * no more are on their way than have turns.
 * @throws Refusal CREDENTIALS_INVALID.
 */
export async function checkPassword(
  unitOfWork: UnitOfWork,
  context: HandlerContext,
  { find, password, verifier }: PasswordCheck,
): Promise<Credentials> {
  const attempt = await unitOfWork.transaction(context, (work) => countAttempt(work, find));
  const { credentials, mayTry } = attempt;
  const matches = await verifier.verify(password, mayTry ? credentials?.passwordHash : undefined);
  if (!matches || !credentials?.user.active) return refuseNaming(unitOfWork, context, credentials, wrongPassword());
  // Even if the caller waits no longer: who knows the password has not guessed, whatever becomes of the call.
  await unitOfWork.system("center.forget-failed-logins", ({ tx, now }) => clearAttempts(tx, credentials.user.id, now));
  return credentials;
}

/**
 * Locks the account whose password was checked.
 * @throws Refusal CREDENTIALS_INVALID if the account was shut since, or its password has changed.
 */
export async function openChecked(work: Work, { user, passwordHash }: Credentials): Promise<Credentials> {
  const current = await lockCredentials(work.tx, user.id);
  work.touched("user", user.id);
  if (!current?.user.active) throw wrongPassword();
  // Another hash in the same version is a costlier one of the same password, which another login has just made.
  if (current.passwordHash !== passwordHash && current.user.version !== user.version) throw wrongPassword();
  return current;
}

async function countAttempt({ tx, now }: Work, find: PasswordCheck["find"]): Promise<Attempt> {
  const credentials = await find(tx);
  return { credentials, mayTry: await recordAttempt(tx, credentials?.user.id, now) };
}

/**
 * Refuses, and leaves an audit entry that names the account, if there is one.
 * @throws the refusal.
 */
export function refuseNaming(
  unitOfWork: UnitOfWork,
  context: HandlerContext,
  credentials: Credentials | undefined,
  refusal: Refusal,
): Promise<never> {
  return unitOfWork.transaction(context, async (work) => {
    if (credentials) work.touched("user", credentials.user.id);
    throw refusal;
  });
}

function wrongPassword(): Refusal {
  return refuse(Reason.CREDENTIALS_INVALID, "the e-mail address or the password is wrong");
}
