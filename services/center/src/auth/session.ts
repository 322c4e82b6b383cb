import type { Id } from "#platform/id.ts";
import type { UserId } from "../users/user.ts";

/** Identifies a session: the family of all refresh tokens that follow from one login. */
export type SessionId = Id<"Session">;

/** A session that nobody has refreshed for so long is over. */
export const sessionIdleMs = 30 * 60_000;
/** However busy, a session is over after so long. */
export const sessionAbsoluteMs = 12 * 60 * 60_000;

/** Why a session was ended before its time. */
export type SessionEndReason =
  | "LOGOUT"
  | "REFRESH_TOKEN_REUSED"
  | "USER_DISABLED"
  /** Its owner has chosen a new password elsewhere. */
  | "PASSWORD_CHANGED"
  | "PASSWORD_RESET";

/** What follows from one login. */
export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  /** Over then, however busy. */
  readonly expireTime: Date;
  readonly endTime?: Date;
}

/** A refresh token as it is kept: its hash stands for it. */
export interface RefreshToken {
  readonly sessionId: SessionId;
  readonly expireTime: Date;
  readonly useTime?: Date;
}

/** What to do with a refresh token that was brought. */
export type RefreshDecision =
  | { readonly outcome: "ROTATE" }
  | { readonly outcome: "EXPIRED" }
  | { readonly outcome: "ENDED" }
  /** The session must end at once: one of the two who hold the token is not its owner. */
  | { readonly outcome: "END"; readonly because: SessionEndReason };

/** Decides about a refresh token that was brought. Pure. */
export function decideRefresh(
  token: RefreshToken,
  session: Session,
  { userActive, now }: { readonly userActive: boolean; readonly now: Date },
): RefreshDecision {
  if (session.endTime) return { outcome: "ENDED" };
  if (token.useTime) return { outcome: "END", because: "REFRESH_TOKEN_REUSED" };
  if (!userActive) return { outcome: "END", because: "USER_DISABLED" };
  if (token.expireTime <= now || session.expireTime <= now) return { outcome: "EXPIRED" };
  return { outcome: "ROTATE" };
}

/** Whether a session still runs. */
export function isSessionRunning(session: Session, now: Date): boolean {
  return session.endTime === undefined && session.expireTime > now;
}

/** When a refresh token made now is no longer good: after the idle time, and never later than its session. */
export function refreshExpireTime(session: Pick<Session, "expireTime">, now: Date): Date {
  return new Date(Math.min(now.getTime() + sessionIdleMs, session.expireTime.getTime()));
}
