import type { UserId } from "../users/user.ts";
import type { RefreshToken, Session, SessionId } from "./session.ts";

const farAway = new Date("2100-01-01T00:00:00Z");

/** A running session fit for tests; name only what the test is about. */
export function aSession(over: Partial<Session> = {}): Session {
  return { id: "session-1" as SessionId, userId: "user-1" as UserId, expireTime: farAway, ...over };
}

/** A refresh token that was never used, fit for tests. */
export function aRefreshToken(over: Partial<RefreshToken> = {}): RefreshToken {
  return { sessionId: "session-1" as SessionId, expireTime: farAway, ...over };
}
