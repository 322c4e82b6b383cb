import type { ClientBase } from "pg";

/** Where a move stands, as far as it concerns who may write: while it is SWITCHING, nobody may. */
export type RunPhase = "COPIED" | "SWITCHING" | "CUT_OVER" | "ROLLED_BACK";

/** The phase of the newest run; whatever it is called before the cut-over, and undefined if there was no run. */
export async function readRunPhase(center: ClientBase): Promise<string | undefined> {
  const { rows } = await center.query<{ phase: string }>(
    "select phase from migration.run order by started_at desc limit 1",
  );
  return rows[0]?.phase;
}

/** Notes it. @throws Error if there was no run. */
export async function saveRunPhase(center: ClientBase, phase: RunPhase): Promise<void> {
  const { rowCount } = await center.query(
    `update migration.run set phase = $1
      where started_at = (select max(started_at) from migration.run)`,
    [phase],
  );
  if (rowCount !== 1) throw new Error("nothing was moved yet: there is no run to cut over");
}
