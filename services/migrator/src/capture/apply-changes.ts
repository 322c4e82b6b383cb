import { setTimeout as sleep } from "node:timers/promises";
import type { Client, ClientBase } from "pg";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { Directory, MoveOptions } from "../directory/directory.ts";
import type { Dossier } from "../dossier/dossier.ts";
import { moveDossier } from "../dossier/move-dossier.ts";
import type { UnitClaims } from "../dossier/unit-claims.ts";
import type { Moved, SourceRow } from "../moved.ts";
import { plan } from "../plan/plan.ts";
import type { ImportContext } from "../target/consequences.ts";
import { serviceNames } from "#platform/service-name.ts";
import { type ChangedKeys, tripsOfChangedRows, tripsOfResolution } from "./affected-trips.ts";
import { archiveChangedRows, readChangedRows } from "./archive-changes.ts";
import { DirectoryChanges } from "./directory-changes.ts";
import { forgetTrips, forgetVerdicts } from "./forget-rows.ts";
import { captureSchema } from "./install-capture.ts";
import { inTransaction } from "./in-transaction.ts";
import { changedResolution, readResolution, type Resolution, saveResolution } from "./resolution.ts";

/** What has been decided about people and organizations, as of one moment of the old database. */
export interface DirectoryState {
  readonly directory: Directory;
  readonly claims: UnitClaims;
  /** All rows of people and organizations, units included. */
  readonly moved: Moved;
  readonly resolution: Resolution;
}

/** The parts of the move that a change goes through as the first copy did. */
export interface MoveSteps {
  /** Reads and decides anew about people and organizations. In the transaction of the connection. */
  readonly readDirectory: (source: Client) => Promise<DirectoryState>;
  /** In the transaction of the connection. Trips that are gone are not in the answer. */
  readonly readDossiers: (source: Client, tripIds: readonly string[]) => Promise<readonly Dossier[]>;
  /** Writes rows with all that follows from them, and what was decided. In the transactions of the connections. */
  readonly applyMoved: (silos: SiloClients, moved: Moved, context: ImportContext) => Promise<void>;
}

export interface ChangeOptions {
  /** A connection to the old database of its own. */
  readonly source: Client;
  /** Connections to the silos of its own, of the owners' roles. */
  readonly silos: SiloClients;
  readonly options: Pick<MoveOptions, "importedAt">;
  readonly steps: MoveSteps;
}

/** What one batch did. */
export interface AppliedChanges {
  /** How many notes of changes were dealt with; 0 if there were none. */
  readonly applied: number;
  /** Trips that were moved anew. */
  readonly trips: number;
  /** For how long the oldest change that is still to be applied has been waiting; 0 if there is none. */
  readonly backlogSeconds: number;
}

/** What was brought over. */
export interface Touched {
  readonly tripIds: readonly string[];
  readonly changed: ChangedKeys;
}

const snapshot = "begin isolation level repeatable read read only";
const batchSize = 10_000;
const tripsAtOnce = 2_000;

/**
 * Brings changes of the old database to the silos. Notes say which rows have changed; what is brought over is how these
 * rows are now, so that order and repetition do not matter: a note is removed only when all silos have committed, and one
 * whose transaction commits late is found when it is there. A class because it remembers what the silos already have.
 */
export class ChangeApplier {
  readonly #options: ChangeOptions;
  #directory = new DirectoryChanges();
  #touched = { trips: new Set<string>(), changed: new Map<string, Set<string>>() };

  constructor(options: ChangeOptions) {
    this.#options = options;
  }

  /** Applies one batch of changes. May be killed at any point: the same changes are applied again. */
  async applyChanges(): Promise<AppliedChanges> {
    const { source } = this.#options;
    try {
      // One snapshot: what is read of trips fits what is read of people, and nothing that is seen lacks its note.
      const { seqs, trips } = await inTransaction(source, () => this.#applyBatch(), snapshot);
      if (seqs.length > 0) await removeNotes(source, seqs);
      return { applied: seqs.length, trips, backlogSeconds: await backlogSeconds(source) };
    } catch (error) {
      // What the silos have is not known any more.
      this.#directory = new DirectoryChanges();
      throw error;
    }
  }

  /**
   * Applies changes while people go on writing, until the oldest that is left waits for less than a second, or until it
   * gets no better: a batch may take longer than that.
   */
  async catchUp(signal?: AbortSignal): Promise<{ readonly applied: number }> {
    let applied = 0;
    let [least, inVain] = [Number.POSITIVE_INFINITY, 0];
    for (;;) {
      signal?.throwIfAborted();
      const batch = await this.applyChanges();
      applied += batch.applied;
      if (batch.applied < batchSize && batch.backlogSeconds < 1) return { applied };
      inVain = batch.backlogSeconds < least ? 0 : inVain + 1;
      least = Math.min(least, batch.backlogSeconds);
      if (batch.applied < batchSize && inVain === 3) return { applied };
    }
  }

  /** Applies changes until nothing at all is left: for an old database that nobody writes to. */
  async drain(): Promise<{ readonly applied: number }> {
    let applied = 0;
    for (;;) {
      const batch = await this.applyChanges();
      if (batch.applied === 0) return { applied };
      applied += batch.applied;
    }
  }

  /**
   * Applies what had changed by a moment: then the silos have the old database as it was at that moment, while people go on.
   * @param snapshotId of a transaction of the old database that is still open.
   */
  async applyAsOf(snapshotId: string): Promise<{ readonly applied: number }> {
    const { source } = this.#options;
    const seen = `${snapshot}; set transaction snapshot ${source.escapeLiteral(snapshotId)}`;
    let [applied, after] = [0, "0"];
    for (;;) {
      const from = after;
      // Notes that were removed meanwhile are still seen.
      const { seqs } = await inTransaction(source, () => this.#applyBatch(from), seen);
      const last = seqs.at(-1);
      if (last === undefined) return { applied };
      await removeNotes(source, seqs);
      [applied, after] = [applied + seqs.length, last];
    }
  }

  /** What was brought over since this was asked last: the trips that were moved anew, and the rows that had changed. */
  takeTouched(): Touched {
    const { trips, changed } = this.#touched;
    this.#touched = { trips: new Set(), changed: new Map() };
    return { tripIds: [...trips], changed: new Map([...changed].map(([table, pks]) => [table, [...pks]])) };
  }

  async #applyBatch(afterSeq = "0"): Promise<{ readonly seqs: readonly string[]; readonly trips: number }> {
    const { source, silos } = this.#options;
    const { seqs, changed } = await readNotes(source, afterSeq);
    if (seqs.length === 0) return { seqs, trips: 0 };
    const rows = await readChangedRows(source, changed);
    const trips = isDecisive(changed) ? await this.#moveAgain(changed) : [];
    // Last: the archive tells to which trip a row belonged that is gone, until that trip has been moved again.
    await archiveChangedRows(silos, rows);
    this.#noteTouched(trips, changed);
    return { seqs, trips: trips.length };
  }

  #noteTouched(trips: readonly string[], changed: ChangedKeys): void {
    for (const id of trips) this.#touched.trips.add(id);
    for (const [table, pks] of changed) {
      const known = this.#touched.changed.get(table) ?? new Set();
      for (const pk of pks) known.add(pk);
      this.#touched.changed.set(table, known);
    }
  }

  async #moveAgain(changed: ChangedKeys): Promise<readonly string[]> {
    const { source, silos, steps } = this.#options;
    const state = await steps.readDirectory(source);
    const before = (await readResolution(silos.hospital)) ?? new Map();
    const trips = [
      ...new Set([
        ...(await tripsOfChangedRows(source, silos, changed)),
        ...(await tripsOfResolution(source, changedResolution(before, state.resolution))),
      ]),
    ];
    await inSiloTransactions(silos, async () => {
      // All of them before anything is written: a unit may go from one trip to another, or to another agency.
      await forgetVerdicts(silos, verdictsOfTrips(changed, trips));
      // Of bids that are gone, others may know though EMS does not.
      await forgetTrips(silos, [], changed.get("TransportBid") ?? []);
      for (const ids of chunks(trips)) await forgetTrips(silos, ids);
      await this.#directory.write(silos, state, {
        changed: sourcesOf(changed),
        apply: (some) => steps.applyMoved(silos, some, this.#contextOf(state)),
      });
      for (const ids of chunks(trips)) await this.#moveTrips(ids, state);
      await this.#directory.removeGone(silos, state);
    });
    await saveResolution(silos.hospital, state.resolution);
    return trips;
  }

  async #moveTrips(ids: readonly string[], state: DirectoryState): Promise<void> {
    const { directory, claims } = state;
    const { source, silos, steps, options } = this.#options;
    const dossiers = await steps.readDossiers(source, ids);
    const bids = dossiers.flatMap((dossier) => dossier.bids.map(({ id: pk }) => ({ table: "TransportBid", pk })));
    await forgetVerdicts(silos, bids);
    const moved = dossiers.map((dossier) => moveDossier(dossier, directory, { unitClaims: claims, options }));
    await steps.applyMoved(
      silos,
      {
        rows: moved.flatMap(({ rows }) => rows),
        verdicts: moved.flatMap(({ verdicts }) => verdicts),
        issues: moved.flatMap(({ issues }) => issues),
      },
      this.#contextOf(state),
    );
  }

  #contextOf({ directory }: DirectoryState): ImportContext {
    return { directory, importedAt: this.#options.options.importedAt };
  }
}

/** Applies one batch of changes, for whoever has no use for an applier's memory. */
export function applyChanges(options: ChangeOptions): Promise<AppliedChanges> {
  return new ChangeApplier(options).applyChanges();
}

/** Brings changes over for as long as people work with the old database, until it is told to stop. */
export async function followChanges(
  applier: ChangeApplier,
  { signal, onBatch }: { readonly signal: AbortSignal; readonly onBatch?: (batch: AppliedChanges) => void },
): Promise<void> {
  while (!signal.aborted) {
    const batch = await applier.applyChanges();
    onBatch?.(batch);
    if (batch.backlogSeconds < 1) await sleep(250, undefined, { signal }).catch(() => undefined);
  }
}

/** Tables of which nothing is kept but the archive do not decide about anything. */
function isDecisive(changed: ChangedKeys): boolean {
  return plan.some(({ name, use }) => use !== "ARCHIVED" && changed.has(name));
}

/** Tables whose rows are decided about trip by trip. */
const tripTables = ["TransportRequest", "TransportBid"];

function verdictsOfTrips(changed: ChangedKeys, trips: readonly string[]): readonly SourceRow[] {
  const bids = (changed.get("TransportBid") ?? []).map((pk) => ({ table: "TransportBid", pk }));
  return [...trips.map((pk) => ({ table: "TransportRequest", pk })), ...bids];
}

/** The changed rows of people and organizations. */
function sourcesOf(changed: ChangedKeys): readonly SourceRow[] {
  return [...changed]
    .filter(([table]) => !tripTables.includes(table))
    .flatMap(([table, pks]) => pks.map((pk) => ({ table, pk })));
}

async function readNotes(
  source: ClientBase,
  afterSeq: string,
): Promise<{ readonly seqs: readonly string[]; readonly changed: ChangedKeys }> {
  const { rows } = await source.query<{ seq: string; table_name: string; pk: string }>(
    `select seq, table_name, pk from ${captureSchema}.change where seq > $1 order by seq limit $2`,
    [afterSeq, batchSize],
  );
  const changed = new Map<string, Set<string>>();
  for (const { table_name, pk } of rows) {
    changed.set(table_name, (changed.get(table_name) ?? new Set<string>()).add(pk));
  }
  return { seqs: rows.map(({ seq }) => seq), changed: new Map([...changed].map(([table, pks]) => [table, [...pks]])) };
}

async function removeNotes(source: ClientBase, seqs: readonly string[]): Promise<void> {
  await inTransaction(source, () =>
    source.query(`delete from ${captureSchema}.change where seq = any($1::bigint[])`, [seqs]),
  );
}

async function backlogSeconds(source: ClientBase): Promise<number> {
  const { rows } = await source.query<{ seconds: number }>(
    `select coalesce(extract(epoch from clock_timestamp() - min(recorded_at)), 0)::float8 as seconds
       from ${captureSchema}.change`,
  );
  return Math.max(0, rows[0]?.seconds ?? 0);
}

/** One transaction in each silo. They commit one after the other: a death between them leaves the note, and so a repetition. */
async function inSiloTransactions(silos: SiloClients, work: () => Promise<void>): Promise<void> {
  const [first, second, third] = serviceNames;
  await inTransaction(silos[first], () => inTransaction(silos[second], () => inTransaction(silos[third], work)));
}

function chunks(ids: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(ids.length / tripsAtOnce);
  return Array.from({ length: count }, (_, index) => ids.slice(index * tripsAtOnce, (index + 1) * tripsAtOnce));
}
