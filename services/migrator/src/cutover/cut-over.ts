import type { BackDatabases } from "./silo-aggregates.ts";
import { closeSilos, openSilos } from "./close-silos.ts";
import { freezeSource, isSourceFrozen, thawSource } from "./freeze-source.ts";
import { Phases, type PhaseTime } from "./phases.ts";
import { releaseHeldEvents } from "./release-events.ts";
import { markCutOver } from "./reverse-applier.ts";
import { readRunPhase, saveRunPhase } from "./run-phase.ts";
import { takeBaseline } from "./take-baseline.ts";

/** What the cut-over needs of the rest of the move. */
export interface CutOverDeps extends BackDatabases {
  /** Applies what has changed in the old database until little is left; people go on writing. */
  readonly catchUp: () => Promise<{ readonly applied: number }>;
  /** Compares all of both sides as of one moment; people go on writing. */
  readonly compareAll: () => Promise<{ readonly differences: number }>;
  /** Applies what has changed until nothing is left; nobody writes any more. */
  readonly drain: () => Promise<{ readonly applied: number }>;
  /** Compares whatever has come over since everything was compared; both sides stand still. */
  readonly compareChanged: () => Promise<{ readonly differences: number }>;
  /** Counts the trips under way that no silo would have: those that wait in quarantine. */
  readonly countLeftBehind: () => Promise<number>;
  /** Switches although there are such trips. */
  readonly mayLeaveBehind?: boolean;
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
  /** How long nobody could write to either side. */
  readonly secondsWithoutWrites: number;
  readonly phases: readonly PhaseTime[];
}

/** The two sides differ, so the old database was opened again. */
export class SidesDiffer extends Error {
  readonly differences: number;

  constructor(differences: number) {
    super(`the old database and the silos differ in ${differences} rows or checks: nothing was switched`);
    this.name = "SidesDiffer";
    this.differences = differences;
  }
}

/** Trips under way wait in quarantine, so the old database was opened again: their patients would be nobody's. */
export class TripsLeftBehind extends Error {
  readonly count: number;

  constructor(count: number) {
    super(`${count} open trips are in quarantine: nothing was switched`);
    this.name = "TripsLeftBehind";
    this.count = count;
  }
}

/**
 * Makes the silos what people work with, and the old database read-only. At no moment can both be written to: the silos
 * are closed until the old database is frozen, everything of it has arrived and both sides are the same. If something
 * fails before that, the old database is opened again. Killed in between it leaves both closed; called again, it goes on.
 * @throws SidesDiffer, TripsLeftBehind; whatever a step throws.
 */
export async function cutOver(deps: CutOverDeps): Promise<CutOverResult> {
  const { source, silos, signal } = deps;
  const phases = new Phases(deps.onPhase);
  const phase = await readRunPhase(silos.center);
  if (phase === "ROLLED_BACK") throw new Error("this move was taken back: move the old database anew");
  if (phase === "CUT_OVER") return reopen(deps, phases);
  if (phase === "COPYING") throw new Error('the copy is not finished: "npx medport migrate run" goes on with it');
  const applied = await approach(deps, phases).catch(async (error: unknown) => {
    // Nobody has been able to write since an earlier switch was killed.
    if (phase === "SWITCHING") await giveUp(deps);
    throw error;
  });
  const startMs = performance.now();
  try {
    await saveRunPhase(silos.center, "SWITCHING");
    await phases.run("freeze the old database", () => freezeSource(source));
    const late = await phases.run("apply the last changes", deps.drain);
    await expectNothingLeftBehind(deps);
    await expectSame(phases.run("compare what has changed", deps.compareChanged));
    signal?.throwIfAborted();
    await phases.run("prepare the way back", () => prepare(deps));
    await phases.run("open the silos", () => open(deps));
    const secondsWithoutWrites = (performance.now() - startMs) / 1_000;
    return {
      wasDone: false,
      applied: applied + late.applied,
      secondsWithoutWrites,
      phases: phases.times,
    };
  } catch (error) {
    // Past this phase the silos may have been written to, and the old database stays closed whatever happens.
    if ((await readRunPhase(silos.center)) !== "CUT_OVER") await giveUp(deps);
    throw error;
  }
}

/** Whatever can be done while people still write. @returns how many changes were applied. */
async function approach(deps: CutOverDeps, phases: Phases): Promise<number> {
  const { silos, signal } = deps;
  await phases.run("close the silos", () => closeSilos(silos));
  const early = await phases.run("catch up", deps.catchUp);
  signal?.throwIfAborted();
  await expectNothingLeftBehind(deps);
  await expectSame(phases.run("compare both sides", deps.compareAll));
  const meanwhile = await phases.run("catch up with what changed meanwhile", deps.catchUp);
  signal?.throwIfAborted();
  return early.applied + meanwhile.applied;
}

/** Asked again at the end: a trip may go into quarantine as long as people write. */
async function expectNothingLeftBehind({ countLeftBehind, mayLeaveBehind }: CutOverDeps): Promise<void> {
  const count = mayLeaveBehind === true ? 0 : await countLeftBehind();
  if (count > 0) throw new TripsLeftBehind(count);
}

async function expectSame(compared: Promise<{ readonly differences: number }>): Promise<void> {
  const { differences } = await compared;
  if (differences > 0) throw new SidesDiffer(differences);
}

/** Gives up a cut-over that was killed: people go on with the old database. @throws Error if it had been done. */
export async function giveUpCutOver({ source, silos }: BackDatabases): Promise<void> {
  if ((await readRunPhase(silos.center)) === "CUT_OVER")
    throw new Error("the cut-over was done: it is taken back by roll-back");
  await giveUp({ source, silos });
}

async function giveUp({ source, silos }: BackDatabases): Promise<void> {
  await thawSource(source);
  if ((await readRunPhase(silos.center)) === "SWITCHING") await saveRunPhase(silos.center, "COPIED");
}

async function prepare({ source, silos, beforeOpening }: CutOverDeps): Promise<void> {
  await takeBaseline(silos);
  await markCutOver({ source, silos });
  await beforeOpening?.();
}

/** From the noted phase on there is no way back but the roll-back: the silos are opened after it. */
async function open({ source, silos }: BackDatabases): Promise<void> {
  if (!(await isSourceFrozen(source)))
    throw new Error("somebody opened the old database meanwhile: nothing was switched");
  await saveRunPhase(silos.center, "CUT_OVER");
  await releaseHeldEvents(silos);
  await openSilos(silos);
}

/** What a cut-over that was killed at its very end has left. */
async function reopen(deps: CutOverDeps, phases: Phases): Promise<CutOverResult> {
  await phases.run("open the silos", () => open(deps));
  return { wasDone: true, applied: 0, secondsWithoutWrites: 0, phases: phases.times };
}
