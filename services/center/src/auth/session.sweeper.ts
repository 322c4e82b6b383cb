import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import { deleteSessionsExpiredBefore } from "./session.store.ts";

/** How often sessions that ended long ago are removed. */
export const sweepSessionsEveryMs = 60 * 60_000;

/** Sessions stay for a month after their end: a reused refresh token is recognized, and questions can be answered. */
const keepSessionsMs = 30 * 24 * 60 * 60_000;

/** Removes sessions that ended long ago, with their refresh tokens. */
export async function sweepSessions(database: Database, clock: Clock): Promise<void> {
  const before = new Date(clock().getTime() - keepSessionsMs);
  await database.transaction((tx) => deleteSessionsExpiredBefore(tx, before));
}
