import { createHash } from "node:crypto";
import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { lockUserForReading } from "../users/user.store.ts";
import type { User, UserId } from "../users/user.ts";
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

/** A session with one of its refresh tokens, and whose it is, as they are at this moment. */
export interface HeldSession {
  readonly token: RefreshToken;
  readonly session: Session;
  readonly user: User;
}

/**
 * The session that a refresh token belongs to. Locks its person's account against changes and then the session, in the
 * order in which all who end sessions do: of two who bring one token the second sees what the first did, and no token is
 * made for an account that is being changed.
 */
export async function lockSessionOfToken(tx: Tx, refreshToken: string): Promise<HeldSession | undefined> {
  const hash = hashOf(refreshToken);
  const unlocked = { disableIdentityMap: true } as const;
  const known = await tx.findOne(RefreshTokenEntity, { hash }, unlocked);
  const owner = known && (await tx.findOne(SessionEntity, { id: known.sessionId }, unlocked));
  if (!owner) return undefined;
  const user = await lockUserForReading(tx, owner.userId as UserId);
  const lockMode = LockMode.PESSIMISTIC_WRITE;
  const session = await tx.findOne(SessionEntity, { id: owner.id }, { ...unlocked, lockMode });
  const token = await tx.findOne(RefreshTokenEntity, { hash }, unlocked);
  if (!user || !session || !token) return undefined;
  return {
    user,
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

/** Which sessions to end. */
export interface SessionsToEnd {
  readonly userId: UserId;
  /** Only this one. */
  readonly only?: SessionId;
  /** All but this one. */
  readonly except?: SessionId;
}

/** Notes that running sessions ended. @returns those that had not ended, nor run out, before. */
export async function markSessionsEnded(
  tx: Tx,
  { userId, only, except }: SessionsToEnd,
  reason: SessionEndReason,
  now: Date,
): Promise<readonly SessionId[]> {
  const rows = await tx.find(
    SessionEntity,
    {
      $and: [
        { userId, endedAt: null, expiresAt: { $gt: now } },
        only === undefined ? {} : { id: only },
        except === undefined ? {} : { id: { $ne: except } },
      ],
    },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: "asc" }, disableIdentityMap: true },
  );
  const ids = rows.map(({ id }) => id as SessionId);
  await tx.nativeUpdate(SessionEntity, { id: { $in: ids } }, { endedAt: now, endReason: reason });
  return ids;
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
