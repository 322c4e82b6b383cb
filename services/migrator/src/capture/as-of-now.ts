import type { Client } from "pg";
import { exportSnapshot } from "../verify/sessions.ts";
import type { ChangeApplier } from "./apply-changes.ts";
import { inTransaction } from "./in-transaction.ts";

/**
 * Brings over what has changed by now, and does work while the silos are what the old database was at this moment, however much
 * people go on writing to it.
 * @param source a session that does nothing else meanwhile; the work may use it to look at that moment.
 * @param work is given the moment, for other sessions of the old database.
 */
export function asOfNow<T>(
  source: Client,
  applier: ChangeApplier,
  work: (snapshotId: string) => Promise<T>,
): Promise<T> {
  return inTransaction(
    source,
    async () => {
      const snapshotId = await exportSnapshot(source);
      await applier.applyAsOf(snapshotId);
      return work(snapshotId);
    },
    "begin isolation level repeatable read read only",
  );
}
