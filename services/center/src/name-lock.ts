import type { Tx } from "#platform/database/database.ts";

/**
 * Waits until nobody else works on the thing of this name, and keeps it until the transaction ends. For things that may
 * not exist yet, so that there is no row to lock.
 */
export async function lockName(tx: Tx, kind: string, name: string): Promise<void> {
  await tx.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`${kind} ${name}`], "run");
}
