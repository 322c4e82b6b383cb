import { removeCapture } from "../capture/install-capture.ts";
import { closeSilos, openSilos } from "./close-silos.ts";
import { thawSource } from "./freeze-source.ts";
import { eachOldRows } from "./old-rows.ts";
import { Phases, type PhaseTime } from "./phases.ts";
import { readChangedSinceCutOver, ReverseApplier } from "./reverse-applier.ts";
import { readRunPhase, saveRunPhase } from "./run-phase.ts";
import type { BackDatabases } from "./silo-aggregates.ts";
import { findOldDifferences } from "./write-old-rows.ts";

/** What taking a move back needs. */
export interface RollBackDeps extends BackDatabases {
  /** Loses what the old database does not take (a constraint of its own), instead of refusing to go back. */
  readonly allowProblems?: boolean;
  readonly onPhase?: (phase: string) => void;
}

/** How it went. */
export interface RollBackResult {
  /** Events of the silos that the old database had not heard of when nobody could write any more. */
  readonly events: number;
  /** Rows that were compared: everything that the silos changed since the cut-over. */
  readonly compared: number;
  /** Rows that the old database has otherwise, or not at all: their table and primary key. */
  readonly differences: readonly string[];
  readonly secondsWithoutWrites: number;
  readonly phases: readonly PhaseTime[];
}

/** The old database is not what the silos are, so the silos were opened again. */
export class OldDatabaseDiffers extends Error {
  readonly differences: readonly string[];

  constructor(differences: readonly string[]) {
    super(`${differences.length} rows of the old database are not as the silos have them: nothing was switched`);
    this.name = "OldDatabaseDiffers";
    this.differences = differences;
  }
}

/**
 * Makes the old database what people work with again, with everything that was done in the silos. Nobody can write to the
 * one before the other is closed. If the old database is not what the silos are, the silos are opened again. Killed in
 * between it leaves both closed; called again, it goes on. A reverse applier of another process must have ended.
 * @throws OldDatabaseDiffers; Error if there was no cut-over.
 */
export async function rollBack(deps: RollBackDeps): Promise<RollBackResult> {
  const { silos } = deps;
  const phases = new Phases(deps.onPhase);
  const phase = await readRunPhase(silos.center);
  if (phase === "ROLLED_BACK") return finish(deps, phases);
  if (phase !== "CUT_OVER") throw new Error("there was no cut-over: nothing is to be taken back");
  const startMs = performance.now();
  await phases.run("close the silos", () => closeSilos(silos));
  try {
    const drained = await phases.run("apply the last changes", () => drain(deps));
    const { compared, differences } = await phases.run("compare what was changed", () => compareOldRows(deps));
    if (differences.length > 0 && deps.allowProblems !== true) throw new OldDatabaseDiffers(differences);
    await phases.run("open the old database", async () => {
      await saveRunPhase(silos.center, "ROLLED_BACK");
      await openOldDatabase(deps);
    });
    const secondsWithoutWrites = (performance.now() - startMs) / 1_000;
    return { events: drained.events, compared, differences, secondsWithoutWrites, phases: phases.times };
  } catch (error) {
    if ((await readRunPhase(silos.center)) === "CUT_OVER") await openSilos(silos);
    throw error;
  }
}

async function drain(databases: BackDatabases) {
  const applier = await ReverseApplier.open(databases);
  try {
    return await applier.drain();
  } finally {
    await applier.close();
  }
}

/** Compares every row that the silos have changed since the cut-over with what the old database has. */
export async function compareOldRows(
  databases: BackDatabases,
): Promise<{ readonly compared: number; readonly differences: readonly string[] }> {
  let compared = 0;
  const differences: string[] = [];
  for (const service of ["hospital", "ems", "center"] as const)
    await databases.silos[service].query("set timezone = 'UTC'");
  await eachOldRows(databases, await readChangedSinceCutOver(databases), async (rows) => {
    compared += rows.rows.length;
    const ids = await findOldDifferences(databases.source, rows);
    differences.push(...ids.map((id) => `${rows.legacyTable} ${id}`));
  });
  return { compared, differences };
}

/** The silos stay closed; what is written to the old database from now on is nobody else's business. */
async function openOldDatabase({ source }: BackDatabases): Promise<void> {
  await removeCapture(source);
  await thawSource(source);
}

async function finish(deps: RollBackDeps, phases: Phases): Promise<RollBackResult> {
  await phases.run("open the old database", () => openOldDatabase(deps));
  return { events: 0, compared: 0, differences: [], secondsWithoutWrites: 0, phases: phases.times };
}
