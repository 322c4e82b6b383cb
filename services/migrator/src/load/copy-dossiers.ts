import type { Client } from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { DirectoryState } from "../capture/apply-changes.ts";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { MoveOptions } from "../directory/directory.ts";
import { joinMoved } from "../directory/moved-rows.ts";
import type { Dossier } from "../dossier/dossier.ts";
import { moveDossier } from "../dossier/move-dossier.ts";
import { readDossiers } from "../dossier/read-dossiers.ts";
import type { Moved } from "../moved.ts";
import type { ImportContext } from "../target/consequences.ts";
import { readCheckpoint, saveCheckpoint } from "../work/run.ts";
import { applyMoved, isAboutData, withConsequences, writeToSilo } from "./apply-moved.ts";
import type { CopyStep } from "./copy-step.ts";

export interface DossierCopy {
  /** In a transaction that sees one snapshot. */
  readonly source: Client;
  readonly silos: SiloClients;
  readonly state: Pick<DirectoryState, "directory" | "claims">;
  readonly options: MoveOptions;
  /** So many rows may be bad before the copy stops. */
  readonly maxQuarantined: number;
  readonly step: CopyStep;
}

const stepName = "trips";
const tripsPerChunk = 2_000;

/**
 * Copies all trips with what belongs to each. Each silo writes a chunk in a transaction of its own, together with how far it
 * has come: what one of them has and another has not is written again, and stays as it is.
 * @throws Error if more rows are bad than are allowed.
 */
export async function copyDossiers(copy: DossierCopy): Promise<void> {
  const { source, silos, step } = copy;
  const startedAt = performance.now();
  const reached = await Promise.all(serviceNames.map((service) => readCheckpoint(silos[service], stepName)));
  if (reached.every(({ done }) => done)) return;
  const keys = reached.map(({ lastPk }) => lastPk);
  const afterTripId = leastOf(keys);
  // Beyond what any silo has, nothing is there already; unless the silos had trips of the same ids, which they refuse.
  let isNew = keys.every((key) => key === afterTripId);
  let rows = Math.min(...reached.map((checkpoint) => checkpoint.rows));
  const total = await countTrips(source);
  let writing: Promise<void> = Promise.resolve();
  let lastPk = afterTripId;
  try {
    for await (const dossiers of chunks(readDossiers(source, afterTripId === undefined ? {} : { afterTripId }))) {
      step.signal.throwIfAborted();
      // Decided while the chunk before is being written.
      const moved = decide(copy, dossiers);
      const whole = withConsequences(moved, contextOf(copy));
      await writing;
      rows += dossiers.length;
      lastPk = dossiers.at(-1)?.trip.id ?? lastPk;
      const checkpoint = { lastPk, rows, done: false };
      writing = writeChunk(copy, { moved, whole, checkpoint, isNew });
      // Awaited at the next chunk; its failure must not be taken for one that nobody awaits.
      writing.catch(() => undefined);
      isNew = true;
      step.onProgress({ step: stepName, rows, total });
    }
  } finally {
    // Whatever ends the copy: nobody takes the connections from under the last chunk.
    await writing.catch(() => undefined);
  }
  await writing;
  for (const service of serviceNames) {
    await step.transact(silos[service], () => saveCheckpoint(silos[service], stepName, { lastPk, rows, done: true }));
  }
  step.onDuration({ step: stepName, rows, seconds: (performance.now() - startedAt) / 1_000 });
}

interface Chunk {
  /** Without what follows from it. */
  readonly moved: Moved;
  /** With all of that. */
  readonly whole: Moved;
  readonly checkpoint: { readonly lastPk: string | undefined; readonly rows: number; readonly done: boolean };
  readonly isNew: boolean;
}

function contextOf({ state: { directory }, options: { importedAt } }: DossierCopy): ImportContext {
  return { directory, importedAt };
}

function decide({ state, options }: DossierCopy, dossiers: readonly Dossier[]): Moved {
  const { directory, claims: unitClaims } = state;
  return joinMoved(dossiers.map((dossier) => moveDossier(dossier, directory, { unitClaims, options })));
}

async function writeChunk(copy: DossierCopy, { moved, whole, checkpoint, isNew }: Chunk): Promise<void> {
  const { silos, step } = copy;
  const write = (service: ServiceName): Promise<void> =>
    step.transact(silos[service], async () => {
      await writeToSilo(silos[service], service, whole, isNew);
      await saveCheckpoint(silos[service], stepName, checkpoint);
    });
  const failure = firstFailure(await Promise.allSettled(serviceNames.map(write)));
  if (failure === undefined) return expectFewBad(copy);
  if (!isAboutData(failure)) throw failure;
  await inAll(copy, async () => {
    await applyMoved(silos, moved, contextOf(copy));
    for (const service of serviceNames) await saveCheckpoint(silos[service], stepName, checkpoint);
  });
  await expectFewBad(copy);
}

function inAll({ silos, step }: DossierCopy, work: () => Promise<void>): Promise<void> {
  const { hospital, ems, center } = silos;
  return step.transact(hospital, () => step.transact(ems, () => step.transact(center, work)));
}

async function expectFewBad({ silos, maxQuarantined }: DossierCopy): Promise<void> {
  const counts = await Promise.all(
    serviceNames.map((service) => silos[service].query<{ count: string }>("select count(*) from migration.quarantine")),
  );
  const bad = counts.reduce((sum, { rows }) => sum + Number(rows[0]?.count ?? 0), 0);
  if (bad <= maxQuarantined) return;
  throw new Error(
    `${bad} rows are in quarantine, more than the ${maxQuarantined} that are allowed: "npx medport migrate report" tells why; --max-quarantine allows more`,
  );
}

function firstFailure(results: readonly PromiseSettledResult<void>[]): Error | undefined {
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return undefined;
  const reason: unknown = failed.reason;
  return reason instanceof Error ? reason : new Error("a chunk was not written", { cause: reason });
}

async function* chunks(dossiers: AsyncIterable<Dossier>): AsyncGenerator<readonly Dossier[]> {
  let chunk: Dossier[] = [];
  for await (const dossier of dossiers) {
    chunk.push(dossier);
    if (chunk.length < tripsPerChunk) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** The least of the keys byte by byte, and undefined if one of them is. */
function leastOf(keys: readonly (string | undefined)[]): string | undefined {
  return keys.reduce((least, key) =>
    least === undefined || key === undefined
      ? undefined
      : Buffer.compare(Buffer.from(key), Buffer.from(least)) < 0
        ? key
        : least,
  );
}

async function countTrips(source: Client): Promise<number> {
  const { rows } = await source.query<{ count: string }>('select count(*) from "TransportRequest"');
  return Number(rows[0]?.count ?? 0);
}
