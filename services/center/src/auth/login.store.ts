import { LockMode } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { UserEntity, type UserRow } from "../users/user.entity.ts";
import { userFromRow } from "../users/user.store.ts";
import type { User, UserId } from "../users/user.ts";
import { type LoginGuard, countAttempt, openGuard } from "./login-guard.ts";
import { LoginGuardEntity } from "./session.entity.ts";

/** An account with its password's hash. */
export interface Credentials {
  readonly user: User;
  readonly passwordHash: string;
}

/** Finds the account with this e-mail address, in normal form; undefined if there is none. */
export function findCredentials(email: string): (tx: Tx) => Promise<Credentials | undefined> {
  return async (tx) => credentialsFromRow(await tx.findOne(UserEntity, { email }, { disableIdentityMap: true }));
}

/** Finds the account with this id; undefined if there is none. */
export function findCredentialsOf(id: UserId): (tx: Tx) => Promise<Credentials | undefined> {
  return async (tx) => credentialsFromRow(await tx.findOne(UserEntity, { id }, { disableIdentityMap: true }));
}

/** The account with this id, which nobody else changes until the transaction ends; undefined if there is none. */
export async function lockCredentials(tx: Tx, id: UserId): Promise<Credentials | undefined> {
  const lockMode = LockMode.PESSIMISTIC_WRITE;
  return credentialsFromRow(await tx.findOne(UserEntity, { id }, { lockMode, disableIdentityMap: true }));
}

function credentialsFromRow(row: UserRow | null): Credentials | undefined {
  return row ? { user: userFromRow(row), passwordHash: row.passwordHash } : undefined;
}

/** Attempts for which there is no account are noted under this key, which is no id. */
const nobody = "";

/**
 * Counts an attempt to log in. Writes as much for an unknown or resting account as for any other, so that the time of
 * an answer does not tell which addresses have an account.
 * @returns false if no password must be looked at.
 */
export async function recordAttempt(tx: Tx, userId: UserId | undefined, now: Date): Promise<boolean> {
  const key = userId ?? nobody;
  // A row to lock must exist before it is read, or two first attempts would both count as one.
  await tx.execute(
    "insert into login_guard (user_id, consecutive_failures, updated_at) values (?, 0, ?) on conflict do nothing",
    [key, now],
    "run",
  );
  const row = await tx.findOneOrFail(LoginGuardEntity, { userId: key }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  const guard: LoginGuard = {
    consecutiveFailures: row.consecutiveFailures,
    ...(row.lockedUntil && { lockedUntil: row.lockedUntil }),
  };
  const counted = userId === undefined ? undefined : countAttempt(guard, now);
  await saveGuard(tx, key, counted ?? guard, now);
  return counted !== undefined;
}

/** Forgets the failures of an account: somebody has logged in, or an operator lets its owner in again. */
export async function clearAttempts(tx: Tx, userId: UserId, now: Date): Promise<void> {
  await saveGuard(tx, userId, openGuard, now);
}

/**
 * Replaces a password's hash by a costlier one of the same password. Not while an old database is moved into this one, which
 * closes the outbox: until the switch the account stays as it was moved.
 */
export async function savePasswordHash(tx: Tx, userId: UserId, passwordHash: string): Promise<void> {
  await tx.execute(
    `update user_account set password_hash = ?
      where id = ? and not (select relrowsecurity from pg_class where oid = 'outbox_event'::regclass)`,
    [passwordHash, userId],
    "run",
  );
}

async function saveGuard(tx: Tx, userId: string, guard: LoginGuard, now: Date): Promise<void> {
  const { consecutiveFailures, lockedUntil = null } = guard;
  await tx.nativeUpdate(LoginGuardEntity, { userId }, { consecutiveFailures, lockedUntil, updatedAt: now });
}
