import type { Tx } from "#platform/database/database.ts";
import { claimKey, type IdempotencyKey, storeAnswer } from "#platform/database/idempotency.ts";
import type { Assignment } from "./assignment.ts";

/**
 * Notes that a request begins to put a unit on a trip, in the transaction that holds the unit: its answer is stored only
 * when Hospital has answered, and by then another request under the same id must not have begun.
 * @returns how the assignment stood when the same request began before; undefined if it begins now.
 * @throws Refusal REQUEST_ID_REUSED if the id was used with another body.
 */
export async function noteBeginning(
  tx: Tx,
  key: IdempotencyKey,
  { assignment, now }: { readonly assignment: Assignment; readonly now: Date },
): Promise<string | undefined> {
  const beginning = { ...key, method: `${key.method} begins` };
  const before = await claimKey(tx, beginning, now);
  if (before) return new TextDecoder().decode(before);
  await storeAnswer(tx, beginning, new TextEncoder().encode(standingOf(assignment)));
  return undefined;
}

/** How an assignment stands as far as units are concerned: the attempt, and the unit that has the trip. */
export function standingOf({ attemptId, unit }: Assignment): string {
  return `${attemptId} ${unit?.id ?? ""}`;
}
