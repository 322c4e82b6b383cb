import type { Client } from "pg";
import { v5 as uuidV5 } from "uuid";
import { type Clock, systemClock } from "#platform/clock.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { tripsOfResolution } from "../capture/affected-trips.ts";
import { asOfNow } from "../capture/as-of-now.ts";
import { inTransaction } from "../capture/in-transaction.ts";
import { installCapture } from "../capture/install-capture.ts";
import { readDirectoryState } from "../capture/move-steps.ts";
import { expectRoom } from "../capture/make-room.ts";
import { everythingAboutPeople, noteChanges } from "../capture/note-changes.ts";
import { changedResolution, readResolution, saveResolution } from "../capture/resolution.ts";
import { closeSilos, type SiloClients } from "../cutover/close-silos.ts";
import type { MoveOptions } from "../directory/directory.ts";
import { overrideProblems } from "../directory/override-problems.ts";
import { noOverrides, type Overrides } from "../directory/overrides.ts";
import { readDirectory } from "../directory/read-directory.ts";
import { resolveDirectory } from "../directory/resolve-directory.ts";
import { expectPlanned } from "../plan/check-source.ts";
import type { SourceRow } from "../moved.ts";
import { plan } from "../plan/plan.ts";
import { forgetResult, readFoundDifferences } from "../report/kept-results.ts";
import { type Findings, readFindings } from "../report/read-report.ts";
import type { StepDuration, TableSums } from "../report/report.ts";
import { importedNamespace } from "../target/imported-ids.ts";
import { rowsToRepair } from "../verify/repairs.ts";
import { expectBalance, readBalanceOf } from "../work/balance.ts";
import {
  changeOverrides,
  finishRun,
  findRun,
  isSameWish,
  lockMove,
  openRun,
  readCheckpoint,
  type Run,
  type RunOptions,
  saveCheckpoint,
} from "../work/run.ts";
import { archiveName, createWorkSchema } from "../work/work-schema.ts";
import { withConsequences, writeToSilo } from "./apply-moved.ts";
import { copyArchive } from "./copy-archive.ts";
import { copyDossiers } from "./copy-dossiers.ts";
import type { CopyProgress, CopyStep } from "./copy-step.ts";
import { type MoveSessions, type MoveUrls, openChangeApplier, openMoveSessions } from "./move-sessions.ts";
import { restoreIndexes, setIndexesAside } from "./secondary-indexes.ts";

/** From where to where, and how. */
export interface MoveRequest extends Omit<RunOptions, "overrides">, MoveUrls {
  /** What the run was told before, if absent. */
  readonly overrides?: Overrides | undefined;
  /** Everything is done and nothing stays: neither in the silos nor in the old database. */
  readonly dryRun: boolean;
  /** The share of rows that may be bad before the move stops, between 0 and 1; a hundred always may. */
  readonly maxQuarantine: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CopyProgress) => void;
  /** When the run begins, which all its rows bear; the system's if absent. */
  readonly clock?: Clock;
}

/** What a move came to. */
export interface MoveOutcome {
  readonly durations: readonly StepDuration[];
  /** What became of the rows of every table, as of the end. */
  readonly tables: readonly TableSums[];
  /** What would be found, of a dry run. */
  readonly findings?: Findings;
}

const snapshot = "begin isolation level repeatable read read only";

/**
 * Moves the old database into the silos. May be killed at any point and goes on where it was; does nothing where everything
 * has been moved.
 * @throws Error if the old database is not as planned, before anything is written; if too many rows are bad; if a row is lost.
 */
export async function runMove(request: MoveRequest): Promise<MoveOutcome> {
  await using databases = await openMoveSessions(request);
  await expectReady(databases.source, request);
  return await (request.dryRun ? rehearse(request, databases) : move(request, databases));
}

/** @throws Error if the old database is not as planned, or the overrides name what is not there. */
async function expectReady(source: Client, request: MoveRequest): Promise<void> {
  await expectPlanned(source);
  await inTransaction(
    source,
    async () => {
      const { input, evidence } = await readDirectory(source);
      const { rolePolicy, strict, overrides = noOverrides } = request;
      const importedAt = new Date(0);
      const { directory } = resolveDirectory(input, evidence, { rolePolicy, strict, overrides, importedAt });
      const unknown = overrideProblems(overrides, input, directory);
      if (unknown.length > 0) throw new Error(`the overrides cannot be followed:\n${unknown.join("\n")}`);
    },
    snapshot,
  );
}

async function move(request: MoveRequest, databases: MoveSessions): Promise<MoveOutcome> {
  const { source, silos } = databases;
  await lockMove(silos.center);
  for (const service of serviceNames) await createWorkSchema(silos[service], service);
  const before = await findRun(silos.center);
  expectNoSwitch(before);
  // From before the first look on, so that nothing that changes meanwhile is missed.
  await installCapture(source);
  if (before?.finishedAt) await noteWhatIsToBeMovedAnew(databases, before, request);
  const run = await openRun(silos.center, await wishesOf(request, silos), (request.clock ?? systemClock)());
  await closeSilos(silos);
  const durations: StepDuration[] = [];
  const step: CopyStep = {
    ...request,
    transact: (silo, work) => inTransaction(silo, work),
    onDuration: (duration) => void durations.push(duration),
  };
  for (const service of serviceNames) await setIndexesAside(silos[service]);
  await copyAll(databases, { request, options: run.options, step });
  await allOf(serviceNames.map((service) => restoreIndexes(silos[service])));
  const tables = await finish(databases, run, step);
  await finishRun(silos.center, (request.clock ?? systemClock)());
  return { durations, tables };
}

/** @throws Error if people work with the silos, or may be about to. */
function expectNoSwitch(run: Run | undefined): void {
  if (run?.phase === "CUT_OVER" || run?.phase === "ROLLED_BACK") {
    throw new Error(`the move is ${run.phase}: nothing is copied any more`);
  }
  if (run?.phase === "SWITCHING") {
    throw new Error(
      'a switch was begun and is not done: "npx medport migrate cutover" goes on with it, with --give-up it ends it',
    );
  }
}

/** How rows are to be moved: as the run was told before, but for what is said now. */
async function wishesOf(
  { rolePolicy, strict, overrides }: Pick<MoveRequest, "rolePolicy" | "strict" | "overrides">,
  { center }: SiloClients,
): Promise<RunOptions> {
  return { rolePolicy, strict, overrides: overrides ?? (await findRun(center))?.options.overrides ?? noOverrides };
}

/** Of a copy that is complete: what the last verification found wrong, and whatever other rules than before decide about. */
async function noteWhatIsToBeMovedAnew(
  { source, silos }: MoveSessions,
  { options }: Run,
  request: MoveRequest,
): Promise<void> {
  await noteChanges(source, await rowsToRepair(silos, await readFoundDifferences(silos.center)));
  if (!isSameWish(options, await wishesOf(request, silos))) await noteChanges(source, [everythingAboutPeople]);
}

interface CopyOfAll {
  readonly request: MoveRequest;
  readonly options: MoveOptions;
  readonly step: CopyStep;
}

/** One snapshot for both sessions: what the archive keeps is what the trips were decided by. */
async function copyAll(databases: MoveSessions, copy: CopyOfAll): Promise<void> {
  const { source, archiveSource, archiveSilos } = databases;
  await inTransaction(
    source,
    async () => {
      const { rows } = await source.query<{ id: string }>("select pg_export_snapshot() as id");
      const id = rows[0]?.id ?? "";
      await inTransaction(
        archiveSource,
        async () => {
          await archiveSource.query(`set transaction snapshot ${archiveSource.escapeLiteral(id)}`);
          await allOf([copyArchive(archiveSource, archiveSilos, copy.step), copyMoved(databases, copy)]);
        },
        snapshot,
      );
    },
    snapshot,
  );
}

/** Waits for all, so that nothing goes on behind a failure. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function copyMoved(
  { source, noteSource, silos }: MoveSessions,
  { request, options, step }: CopyOfAll,
): Promise<void> {
  const startedAt = performance.now();
  const state = await readDirectoryState(source, options);
  const isDone = await Promise.all(
    serviceNames.map((service) => readCheckpoint(silos[service], "people and organizations")),
  );
  if (!isDone.every(({ done }) => done)) {
    await expectRoom(silos, state.moved.rows);
    const moved = withConsequences(state.moved, { directory: state.directory, importedAt: options.importedAt });
    const rows = moved.verdicts.length;
    for (const service of serviceNames) {
      await step.transact(silos[service], async () => {
        await writeToSilo(silos[service], service, moved);
        await saveCheckpoint(silos[service], "people and organizations", { lastPk: undefined, rows, done: true });
      });
    }
    step.onProgress({ step: "people and organizations", rows, total: rows });
    step.onDuration({ step: "people and organizations", rows, seconds: (performance.now() - startedAt) / 1_000 });
  }
  const before = await readResolution(silos.hospital);
  if (!before) {
    await step.transact(silos.hospital, () => saveResolution(silos.hospital, state.resolution));
  } else if (noteSource) {
    // A copy that goes on: some trips were decided by what is so no more, and what is so now may not last until the end.
    const trips = await tripsOfResolution(source, changedResolution(before, state.resolution));
    await noteChanges(
      noteSource,
      [...trips].map((pk) => ({ table: "TransportRequest", pk })),
    );
  }
  const maxQuarantined = Math.max(100, Math.floor(request.maxQuarantine * (await countSourceRows(source))));
  await copyDossiers({ source, silos, state, options, maxQuarantined, step });
}

async function countSourceRows(source: Client): Promise<number> {
  const counts = plan.map(({ name }) => `(select count(*) from ${source.escapeIdentifier(name)})`).join(" + ");
  const { rows } = await source.query<{ count: string }>(`select ${counts} as count`);
  return Number(rows[0]?.count ?? 0);
}

/** Brings over what has changed during the copy. @returns what became of every row, as of one moment. */
async function finish(databases: MoveSessions, { batchId, startedAt, options }: Run, step: CopyStep) {
  const { source, silos, archiveSource, archiveSilos } = databases;
  const finishSilo = async (service: ServiceName): Promise<void> => {
    // What is written from here on takes along to the disk what was written before, so that a move that is done stays done.
    await silos[service].query("set synchronous_commit to on");
    await keepOriginals(silos[service]);
    await silos[service].query(
      `insert into audit_entry (id, action, decision, occurred_at, entities)
       values ($1, 'MIGRATION_RUN', 'ALLOWED', $2, $3) on conflict (id) do nothing`,
      [
        uuidV5(`${service} ${batchId}`, importedNamespace),
        startedAt,
        JSON.stringify([{ type: "migration", id: batchId }]),
      ],
    );
    await silos[service].query("analyze");
  };
  await allOf(serviceNames.map(finishSilo));
  const began = performance.now();
  const applier = await openChangeApplier({ source: archiveSource, silos: archiveSilos }, options);
  const { applied } = await applier.catchUp(step.signal);
  const tables = await asOfNow(source, applier, () => readBalanceOf(source, silos));
  expectBalance(tables);
  if (applied > 0) {
    await forgetResult(silos.center, "verify");
    step.onDuration({ step: "changes meanwhile", rows: applied, seconds: (performance.now() - began) / 1_000 });
  }
  return tables;
}

/** Each row in quarantine with its original, which may have come into the archive after it. */
async function keepOriginals(silo: Client): Promise<void> {
  const { rows } = await silo.query<{ table: string }>(
    "select distinct source_table as table from migration.quarantine where raw is null",
  );
  for (const { table } of rows) {
    await silo.query(
      `update migration.quarantine q set raw = to_jsonb(a) from ${archiveName({ name: table })} a
        where q.source_table = $1 and q.pk = a.id and q.raw is null`,
      [table],
    );
  }
}

/** The whole move within transactions that are undone. */
async function rehearse(request: MoveRequest, { source, silos }: MoveSessions): Promise<MoveOutcome> {
  await lockMove(silos.center);
  const durations: StepDuration[] = [];
  for (const service of serviceNames) await silos[service].query("begin");
  try {
    for (const service of serviceNames) await createWorkSchema(silos[service], service);
    const before = await findRun(silos.center);
    expectNoSwitch(before);
    const run = await openRun(silos.center, await wishesOf(request, silos), (request.clock ?? systemClock)());
    const step: CopyStep = {
      ...request,
      transact: inSavepoint,
      onDuration: (duration) => void durations.push(duration),
    };
    const tables = await inTransaction(
      source,
      async () => {
        await copyArchive(source, silos, step);
        await copyMoved(
          { source, archiveSource: source, noteSource: undefined, silos, archiveSilos: silos },
          { request, options: run.options, step },
        );
        for (const service of serviceNames) await keepOriginals(silos[service]);
        return readBalanceOf(source, silos);
      },
      snapshot,
    );
    // What was copied before may wait for changes to be brought over.
    if (run.finishedAt === null) expectBalance(tables);
    const findings = await readFindings(silos);
    return { durations, tables, findings };
  } finally {
    for (const service of serviceNames) await silos[service].query("rollback");
  }
}

async function inSavepoint<T>(silo: { query(sql: string): Promise<unknown> }, work: () => Promise<T>): Promise<T> {
  await silo.query("savepoint step");
  try {
    const result = await work();
    await silo.query("release savepoint step");
    return result;
  } catch (error) {
    await silo.query("rollback to savepoint step");
    throw error;
  }
}

/** Moves once more what waits in quarantine, as the old database has it by now and by what an operator knows by now. */
export async function retryQuarantined(request: MoveRequest): Promise<MoveOutcome> {
  await using databases = await openMoveSessions(request);
  const { source, silos } = databases;
  await lockMove(silos.center);
  await expectReady(source, request);
  await readMoveOptions(silos);
  expectNoSwitch(await findRun(silos.center));
  if ((await findRun(silos.center))?.phase === "COPYING") {
    throw new Error('the copy is not finished: "npx medport migrate run" goes on with it; retry comes after');
  }
  const before = await readMoveOptions(silos);
  if (request.overrides && !isSameWish(before, { ...before, overrides: request.overrides })) {
    // They may decide about more than what waits. Noted first: whoever is killed in between has it decided by the old ones.
    await noteChanges(source, [everythingAboutPeople]);
    await changeOverrides(silos.center, request.overrides);
  }
  const options = await readMoveOptions(silos);
  const startedAt = performance.now();
  let rows = 0;
  for (const service of serviceNames) {
    const { rows: waiting } = await silos[service].query<SourceRow>(
      'select source_table as "table", pk from migration.quarantine',
    );
    rows += waiting.length;
    await noteChanges(source, waiting);
  }
  const sessions = { source: databases.archiveSource, silos: databases.archiveSilos };
  const applier = await openChangeApplier(sessions, options);
  await applier.catchUp(request.signal);
  const tables = await asOfNow(source, applier, () => readBalanceOf(source, silos));
  for (const service of serviceNames) await keepOriginals(silos[service]);
  await forgetResult(silos.center, "verify");
  return { tables, durations: [{ step: "quarantine", rows, seconds: (performance.now() - startedAt) / 1_000 }] };
}

/** How the rows of the run were moved. @throws Error if nothing was moved yet. */
export async function readMoveOptions({ center }: SiloClients): Promise<MoveOptions> {
  const run = await findRun(center);
  if (!run) throw new Error('nothing was moved yet: "npx medport migrate run" begins');
  return run.options;
}
