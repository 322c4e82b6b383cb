/** Consecutive failures that cost nobody any time: people mistype. */
const freeFailures = 5;
/** NIST SP 800-63B: no more than this many consecutive failures on one account. */
export const maxConsecutiveFailures = 100;
const longestPauseMs = 15 * 60_000;

/** What is remembered of an account's failed logins. */
export interface LoginGuard {
  readonly consecutiveFailures: number;
  /** No password is looked at before this time. */
  readonly lockedUntil?: Date;
}

/** The guard of an account that nobody has failed to log into. */
export const openGuard: LoginGuard = { consecutiveFailures: 0 };

/**
 * Counts a login before its password is looked at; undefined if it must not be looked at. Counting first is what bounds
 * parallel guesses: a login that succeeds takes the count back.
 */
export function countAttempt(guard: LoginGuard, now: Date): LoginGuard | undefined {
  if (guard.consecutiveFailures >= maxConsecutiveFailures) return undefined;
  if (guard.lockedUntil && guard.lockedUntil > now) return undefined;
  const consecutiveFailures = guard.consecutiveFailures + 1;
  const pauseMs = pauseAfter(consecutiveFailures);
  return pauseMs === 0
    ? { consecutiveFailures }
    : { consecutiveFailures, lockedUntil: new Date(now.getTime() + pauseMs) };
}

/** Milliseconds for which an account rests after so many failures: none at first, then doubling up to a quarter of an hour. */
export function pauseAfter(consecutiveFailures: number): number {
  if (consecutiveFailures < freeFailures) return 0;
  return Math.min(1_000 * 2 ** (consecutiveFailures - freeFailures), longestPauseMs);
}
