import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { SessionEndReason } from "./session.ts";

/** Sessions: each the family of refresh tokens that follow from one login. */
export const SessionEntity = defineEntity({
  name: "Session",
  tableName: "session",
  properties: {
    id: p.text().primary(),
    userId: p.text().index("session_user_idx"),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3).index("session_expiry_idx"),
    endedAt: p.datetime(3).nullable(),
    endReason: p.text().$type<SessionEndReason>().nullable(),
  },
});

/** One row of sessions. */
export type SessionRow = InferEntity<typeof SessionEntity>;

/** Refresh tokens by their SHA-256; the tokens themselves are nowhere. */
export const RefreshTokenEntity = defineEntity({
  name: "RefreshToken",
  tableName: "refresh_token",
  properties: {
    hash: p.text().primary(),
    sessionId: p.text().index("refresh_token_session_idx"),
    createdAt: p.datetime(3),
    expiresAt: p.datetime(3),
    usedAt: p.datetime(3).nullable(),
  },
});

/** One row of refresh tokens. */
export type RefreshTokenRow = InferEntity<typeof RefreshTokenEntity>;

/** Counts of failed logins. No row means none. */
export const LoginGuardEntity = defineEntity({
  name: "LoginGuard",
  tableName: "login_guard",
  properties: {
    userId: p.text().primary(),
    consecutiveFailures: p.integer(),
    lockedUntil: p.datetime(3).nullable(),
    updatedAt: p.datetime(3),
  },
});
