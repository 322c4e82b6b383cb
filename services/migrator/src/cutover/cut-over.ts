import type { BackDatabases } from "./silo-aggregates.ts";
import { closeSilos, openSilos } from "./close-silos.ts";
import { freezeSource, thawSource } from "./freeze-source.ts";
import { Phases, type PhaseTime } from "./phases.ts";
import { releaseHeldEvents } from "./release-events.ts";
import { markCutOver } from "./reverse-applier.ts";
import { readRunPhase, saveRunPhase } from "./run-phase.ts";
import { takeBaseline } from "./take-baseline.ts";

/** What the cut-over needs of the rest of the move. */
export interface CutOverDeps extends BackDatabases {
  /** Applies what has changed in the old database until nothing is left. */
  readonly catchUp: () => Promise<{ readonly applied: number }>;
  /** Compares both sides, which stand still. */
  readonly verify: () => Promise<{ readonly differences: number }>;
  /** Whatever else is to be done while both sides stand still and are the same, such as an entry in the audit. */
  readonly beforeOpening?: () => Promise<void>;
  readonly onPhase?: (phase: string) => void;
  readonly signal?: AbortSignal;
}

/** How a cut-over went. */
export interface CutOverResult {
  /** False if it had been done before. */
  readonly wasDone: boolean;
  readonly applied: number;
  readonly differences: number;
  /** How long nobody could write to either side. */
  readonly secondsWithoutWrites: number;
  readonly phases: readonly PhaseTime[];
}

/** The two sides differ, so the old database was opened again. */
export class SidesDiffer extends Error {
  readonly differences: number;

  constructor(differences: number) {
    super(`${differences} rows differ between the old database and the silos: nothing was switched`);
    this.name = "SidesDiffer";
    this.differences = differences;
  }
}

/**
 * Makes the silos what people work with, and the old database read-only. At no moment can both be written to: the silos
 * are closed until the old database is frozen, everything of it has arrived and both sides are the same. If something
 * fails before that, the old database is opened again. Killed in between it leaves both closed; called again, it goes on.
 * @throws SidesDiffer; whatever a step throws.
 */
export async function cutOver(deps: CutOverDeps): Promise<CutOverResult> {
  const { source, silos, signal } = deps;
  const phases = new Phases(deps.onPhase);
  const phase = await readRunPhase(silos.center);
  if (phase === "ROLLED_BACK") throw new Error("this move was taken back: move the old database anew");
  if (phase === "CUT_OVER") return reopen(deps, phases);
  if (phase === "COPYING") throw new Error('the copy is not finished: "npx medport migrate run" goes on with it');
  await phases.run("close the silos", () => closeSilos(silos));
  const early = await phases.run("catch up", deps.catchUp);
  signal?.throwIfAborted();
  const startMs = performance.now();
  try {
    await phases.run("freeze the old database", () => freezeSource(source));
    const late = await phases.run("apply the last changes", deps.catchUp);
    const { differences } = await phases.run("compare both sides", deps.verify);
    if (differences > 0) throw new SidesDiffer(differences);
    signal?.throwIfAborted();
    await phases.run("prepare the way back", () => prepare(deps));
    await phases.run("open the silos", () => open(deps));
    const secondsWithoutWrites = (performance.now() - startMs) / 1_000;
    return {
      wasDone: false,
      applied: early.applied + late.applied,
      differences,
      secondsWithoutWrites,
      phases: phases.times,
    };
  } catch (error) {
    // Past this phase the silos may have been written to, and the old database stays closed whatever happens.
    if ((await readRunPhase(silos.center)) !== "CUT_OVER") await thawSource(source);
    throw error;
  }
}

/** Gives up a cut-over that was killed: people go on with the old database. @throws Error if it had been done. */
export async function giveUpCutOver({ source, silos }: BackDatabases): Promise<void> {
  if ((await readRunPhase(silos.center)) === "CUT_OVER")
    throw new Error("the cut-over was done: it is taken back by roll-back");
  await thawSource(source);
}

async function prepare({ source, silos, beforeOpening }: CutOverDeps): Promise<void> {
  await takeBaseline(silos);
  await markCutOver({ source, silos });
  await beforeOpening?.();
}

/** From the noted phase on there is no way back but the roll-back: the silos are opened after it. */
async function open({ silos }: BackDatabases): Promise<void> {
  await saveRunPhase(silos.center, "CUT_OVER");
  await releaseHeldEvents(silos);
  await openSilos(silos);
}

/** What a cut-over that was killed at its very end has left. */
async function reopen(deps: CutOverDeps, phases: Phases): Promise<CutOverResult> {
  await phases.run("open the silos", () => open(deps));
  return { wasDone: true, applied: 0, differences: 0, secondsWithoutWrites: 0, phases: phases.times };
}
