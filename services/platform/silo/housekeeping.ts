import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import { pruneAnswers } from "#platform/database/idempotency.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { startRepeatedWork } from "./repeated-work.ts";

const hourMs = 60 * 60_000;
/** Well behind any retry. */
const keepAnswersMs = 48 * hourMs;

/** Removes, every hour, answers that nobody will ask for again. Dispose it to stop. */
export function startHousekeeping(database: Database, clock: Clock, log: Logger): AsyncDisposable {
  const work = async (): Promise<void> => {
    await database.transaction(async (tx) => {
      await pruneAnswers(tx, new Date(clock().getTime() - keepAnswersMs));
    });
  };
  return startRepeatedWork({ name: "housekeeping", everyMs: hourMs, work, log });
}
