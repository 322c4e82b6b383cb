import { createHash } from "node:crypto";
import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { UserId } from "../users/user.ts";
import { RefreshTokenEntity, SessionEntity, type SessionRow } from "./session.entity.ts";
import {
  refreshExpireTime,
  type RefreshToken,
  type Session,
  type SessionEndReason,
  type SessionId,
} from "./session.ts";

/** The session with this id; undefined if there is none. */
export async function findSession(em: SqlEntityManager, id: SessionId): Promise<Session | undefined> {
  const row = await em.findOne(SessionEntity, { id });
  return row ? sessionFromRow(row) : undefined;
}

/**
 * The session that a refresh token belongs to, and the token. Locks the session, so that of two who bring one token the
 * second sees what the first did.
 */
export async function lockSessionOfToken(
  tx: Tx,
  refreshToken: string,
): Promise<{ readonly token: RefreshToken; readonly session: Session } | undefined> {
  const hash = hashOf(refreshToken);
  const owner = await tx.findOne(RefreshTokenEntity, { hash }, { fields: ["sessionId"], disableIdentityMap: true });
  if (!owner) return undefined;
  const session = await tx.findOne(SessionEntity, { id: owner.sessionId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  const token = await tx.findOne(RefreshTokenEntity, { hash });
  if (!session || !token) return undefined;
  return {
    session: sessionFromRow(session),
    token: {
      sessionId: session.id as SessionId,
      expireTime: token.expiresAt,
      ...(token.usedAt && { useTime: token.usedAt }),
    },
  };
}

/** Adds a session. */
export async function insertSession(tx: Tx, session: Session, now: Date): Promise<void> {
  const { id, userId, expireTime: expiresAt } = session;
  await tx.insert(SessionEntity, { id, userId, createdAt: now, expiresAt, endedAt: null, endReason: null });
}

/** Adds a refresh token to a session; it is not readable afterwards. */
export async function insertRefreshToken(tx: Tx, refreshToken: string, session: Session, now: Date): Promise<void> {
  await tx.insert(RefreshTokenEntity, {
    hash: hashOf(refreshToken),
    sessionId: session.id,
    createdAt: now,
    expiresAt: refreshExpireTime(session, now),
    usedAt: null,
  });
}

/** Notes that a refresh token was used. */
export async function markRefreshTokenUsed(tx: Tx, refreshToken: string, now: Date): Promise<void> {
  await tx.nativeUpdate(RefreshTokenEntity, { hash: hashOf(refreshToken) }, { usedAt: now });
}

/** Ends a session. Ending an ended one changes nothing. */
export async function endSession(tx: Tx, id: SessionId, reason: SessionEndReason, now: Date): Promise<void> {
  await tx.nativeUpdate(SessionEntity, { id, endedAt: null }, { endedAt: now, endReason: reason });
}

/** Forgets sessions, with their refresh tokens, that ran out before a time. @returns how many. */
export async function deleteSessionsExpiredBefore(tx: Tx, time: Date): Promise<number> {
  return tx.nativeDelete(SessionEntity, { expiresAt: { $lt: time } });
}

// A refresh token has 256 random bits, so that one round of a plain hash is enough.
function hashOf(refreshToken: string): string {
  return createHash("sha256").update(refreshToken).digest("base64url");
}

function sessionFromRow({ id, userId, expiresAt, endedAt }: SessionRow): Session {
  return {
    id: id as SessionId,
    userId: userId as UserId,
    expireTime: expiresAt,
    ...(endedAt && { endTime: endedAt }),
  };
}
