import { countQuarantinedOpenTrips, readQuarantine } from "../../../migrator/src/report/findings.ts";
import { grouped } from "../../../migrator/src/report/figures.ts";
import { readResult } from "../../../migrator/src/report/kept-results.ts";
import { keptVerification } from "./move-report.ts";
import { type MoveAtWork, withSiloClients } from "./move-at-work.ts";
import type { MoveParts } from "./move-parts.ts";
import type { RunFacts } from "../../../migrator/src/work/run-facts.ts";

/** Where a move stands. */
export interface MoveState {
  /** Null if nothing was moved yet. */
  readonly run: RunFacts | null;
  readonly quarantined: number;
  readonly quarantinedOpenTrips: number;
  /** Null if nothing was verified yet. */
  readonly verified: boolean | null;
  /** The command to call next, with its reason. */
  readonly next: string;
}

/** Reads where the move stands, from the silos alone. */
export function readMoveState(
  parts: Pick<MoveParts, "readRun">,
  { ownerUrls }: Pick<MoveAtWork, "ownerUrls">,
): Promise<MoveState> {
  return withSiloClients(ownerUrls, async (silos) => {
    const run = (await parts.readRun(silos)) ?? null;
    if (!run) return stateOf({ run, quarantined: 0, quarantinedOpenTrips: 0, verified: null });
    const quarantine = await readQuarantine(silos);
    const kept = keptVerification.safeParse((await readResult(silos.center, "verify"))?.content).data;
    return stateOf({
      run,
      quarantined: quarantine.reduce((sum, { count }) => sum + count, 0),
      quarantinedOpenTrips: await countQuarantinedOpenTrips(silos),
      verified: kept?.verified ?? null,
    });
  });
}

function stateOf(state: Omit<MoveState, "next">): MoveState {
  return { ...state, next: nextOf(state) };
}

/** What to call next. */
function nextOf({ run, quarantinedOpenTrips, verified }: Omit<MoveState, "next">): string {
  if (!run) return '"npx medport migrate run --dry-run" tells what would be';
  if (run.phase === "CUT_OVER") return 'people work with the silos; "npx medport migrate rollback" is the way back';
  if (run.phase === "ROLLED_BACK") return "people work with the old database; move it anew into empty silos";
  if (run.phase === "SWITCHING") {
    return 'a switch was begun and is not done, so that nobody can write: "npx medport migrate cutover" goes on with it, with --give-up it ends it';
  }
  if (run.finishedAt === null) return '"npx medport migrate run" goes on where it stopped';
  if (quarantinedOpenTrips > 0) return 'correct the open trips in quarantine, then "npx medport migrate retry"';
  if (verified !== true) return '"npx medport migrate verify" compares the silos with the old database';
  return '"npx medport migrate cutover" makes the switch';
}

/** The state as lines. */
export function moveStateText({ run, quarantined, quarantinedOpenTrips, verified, next }: MoveState): string {
  if (!run) return `Nothing has been moved yet.\nNext: ${next}.`;
  return [
    `Batch ${run.batchId}, phase ${run.phase}, begun ${run.startedAt}${run.finishedAt === null ? "" : `, ended ${run.finishedAt}`} (UTC).`,
    ...run.steps.map(({ step, rows, done }) => `  ${step}: ${grouped(rows)} rows${done ? "" : ", not done"}`),
    `In quarantine: ${grouped(quarantined)} rows, of which ${grouped(quarantinedOpenTrips)} are open trips.`,
    verified === null
      ? "Not verified yet."
      : verified
        ? "Verified: no difference."
        : "Verified: THERE ARE DIFFERENCES.",
    `Next: ${next}.`,
  ].join("\n");
}
