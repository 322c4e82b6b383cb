import type { Work } from "#platform/database/unit-of-work.ts";
import type { UserId } from "../users/user.ts";
import { sessionEnded } from "./session.events.ts";
import { markSessionsEnded, type SessionsToEnd } from "./session.store.ts";
import type { SessionEndReason, SessionId } from "./session.ts";

/** Ends one session and tells all silos. Ending an ended one changes nothing. */
export async function endSession(
  work: Work,
  { sessionId, userId }: { readonly sessionId: SessionId; readonly userId: UserId },
  reason: SessionEndReason,
): Promise<void> {
  await end(work, { userId, only: sessionId }, reason);
}

/**
 * Ends a person's sessions, all but one if one is named, and tells all silos. The account must be locked, or a session
 * that begins now is overlooked.
 */
export async function endSessionsOf(
  work: Work,
  userId: UserId,
  reason: SessionEndReason,
  except?: SessionId,
): Promise<void> {
  await end(work, { userId, ...(except !== undefined && { except }) }, reason);
}

async function end(work: Work, which: SessionsToEnd, reason: SessionEndReason): Promise<void> {
  for (const sessionId of await markSessionsEnded(work.tx, which, reason, work.now)) {
    work.emit(sessionEnded({ sessionId, userId: which.userId }, work.now));
    work.touched("session", sessionId);
  }
}
