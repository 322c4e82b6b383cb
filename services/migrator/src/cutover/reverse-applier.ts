import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBase } from "pg";
import { captureSchema, muteCapture } from "../capture/install-capture.ts";
import { inTransaction } from "../capture/in-transaction.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { siloOf, tableOf } from "./back-order.ts";
import { eachOldRows, type Ids, type OldRows } from "./old-rows.ts";
import { type ChangeNotice, concernsOf, newestEvent, OutboxReader } from "./outbox-reader.ts";
import type { BackDatabases } from "./silo-aggregates.ts";
import type { BackKind } from "./ways-back.ts";
import { readRunPhase } from "./run-phase.ts";
import { writeOldRows } from "./write-old-rows.ts";

/** What a round of the reverse applier did. */
export interface ReverseRound {
  /** How many events it read; 0 if the old database has everything. */
  readonly events: number;
  /** Rows that the old database does not take. They are listed in medport_migration.reverse_problem. */
  readonly problems: number;
}

/**
 * Keeps the old database up to date with the silos from the cut-over on, so that the move can be taken back. It reads the
 * silos' outboxes to learn what has changed, and the rows as they are now: so an event that is read twice does no harm,
 * and the last round leaves what the silos have. How far it came is noted with what it wrote, in one transaction. A class
 * because it remembers what it has read.
 */
export class ReverseApplier {
  readonly #databases: BackDatabases;
  readonly #readers: Readonly<Record<ServiceName, OutboxReader>>;

  private constructor(databases: BackDatabases, readers: Readonly<Record<ServiceName, OutboxReader>>) {
    this.#databases = databases;
    this.#readers = readers;
  }

  /**
   * Goes on where the last one stopped.
   * @param databases connections of its own, of the owners' roles.
   * @throws Error if there was no cut-over, or if another one is at work.
   */
  static async open(databases: BackDatabases): Promise<ReverseApplier> {
    const { source, silos } = databases;
    // Of a switch that was given up there are marks, too, and the old database has gone on without us.
    if ((await readRunPhase(silos.center)) !== "CUT_OVER") throw noCutOver();
    const { rows } = await source.query<{ free: boolean }>(
      "select pg_try_advisory_lock(hashtextextended('medport reverse applier', 0)) as free",
    );
    if (rows[0]?.free !== true) throw new Error("another reverse applier is at work");
    for (const service of serviceNames) await silos[service].query("set timezone = 'UTC'");
    const marks = await readMarks(source);
    const readerOf = (service: ServiceName): OutboxReader => {
      const mark = marks.get(service);
      if (mark === undefined) throw noCutOver();
      return new OutboxReader(silos[service], mark);
    };
    return new ReverseApplier(databases, {
      ...{ hospital: readerOf("hospital"), ems: readerOf("ems"), center: readerOf("center") },
    });
  }

  /** Applies some of what is new. */
  async applyNext(): Promise<ReverseRound> {
    const changed = new Map<BackKind, Set<string>>();
    const marks = new Map<ServiceName, bigint>();
    let events = 0;
    for (const service of serviceNames) {
      const { notices, mark } = await this.#readers[service].next();
      marks.set(service, mark);
      events += notices.length;
      await noteChanged(this.#databases, service, notices, changed);
    }
    const problems = await this.#apply(changed, marks);
    return { events, problems };
  }

  /** Applies until nothing is new. The silos must be closed for this to be all. */
  async drain(): Promise<ReverseRound> {
    let events = 0;
    for (;;) {
      const round = await this.applyNext();
      events += round.events;
      if (round.events === 0) return { events, problems: await this.#tryProblemsAgain() };
    }
  }

  /** Applies what is new, again and again, until it is told to stop. */
  async follow(signal: AbortSignal, { everyMs = 500 }: { readonly everyMs?: number } = {}): Promise<void> {
    while (!signal.aborted) {
      const { events } = await this.applyNext();
      if (events === 0) await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Lets another one go to work. */
  async close(): Promise<void> {
    await this.#databases.source.query("select pg_advisory_unlock(hashtextextended('medport reverse applier', 0))");
  }

  /** What the old database did not take may have stood in the way of something that has changed since. */
  async #tryProblemsAgain(): Promise<number> {
    const { rows } = await this.#databases.source.query(`select 1 from ${captureSchema}.reverse_problem limit 1`);
    return rows.length === 0 ? 0 : this.#applyOneByOne(await readChangedSinceCutOver(this.#databases), new Map());
  }

  async #apply(changed: Ids, marks: ReadonlyMap<ServiceName, bigint>): Promise<number> {
    const { source } = this.#databases;
    try {
      await inTransaction(source, async () => {
        await muteCapture(source);
        await eachOldRows(this.#databases, changed, (rows) => writeOldRows(source, rows));
        await saveMarks(source, marks);
      });
      return 0;
    } catch (error) {
      if (!isRefusedRow(error)) throw error;
      return this.#applyOneByOne(changed, marks);
    }
  }

  async #applyOneByOne(changed: Ids, marks: ReadonlyMap<ServiceName, bigint>): Promise<number> {
    const { source } = this.#databases;
    return inTransaction(source, async () => {
      await muteCapture(source);
      let problems = 0;
      await eachOldRows(this.#databases, changed, async (rows) => {
        problems += await writeOneByOne(source, rows);
      });
      await saveMarks(source, marks);
      return problems;
    });
  }
}

function noCutOver(): Error {
  return new Error("the silos were not opened by a cut-over: nothing is to be taken back");
}

/** Notes which rows the events are about. */
async function noteChanged(
  { silos }: BackDatabases,
  service: ServiceName,
  notices: readonly ChangeNotice[],
  changed: Map<BackKind, Set<string>>,
): Promise<void> {
  const add = (kind: BackKind, ids: readonly string[]): void =>
    void changed.set(kind, new Set([...(changed.get(kind) ?? []), ...ids]));
  for (const type of new Set(notices.map(({ aggregateType }) => aggregateType))) {
    const named = notices.filter(({ aggregateType }) => aggregateType === type).map(({ aggregateId }) => aggregateId);
    for (const { kind, by } of concernsOf(service, type)) {
      add(kind, by === null ? named : await idsBy(silos[siloOf(kind)], { table: tableOf(kind), column: by }, named));
    }
    // The old trip tells when its accepted bid is to arrive.
    if (type === "bid") add("trip", await tripsOfBids(silos.ems, named));
  }
}

async function idsBy(
  client: ClientBase,
  { table, column }: { readonly table: string; readonly column: string },
  values: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(`select id from public.${table} where ${column} = any($1)`, [
    values,
  ]);
  return rows.map(({ id }) => id);
}

async function tripsOfBids(ems: ClientBase, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await ems.query<{ trip_id: string }>("select distinct trip_id from bid where id = any($1)", [ids]);
  return rows.map((row) => row.trip_id);
}

/** Everything that the silos have changed since the cut-over, whether it was applied or not. */
export async function readChangedSinceCutOver(databases: BackDatabases): Promise<Ids> {
  const changed = new Map<BackKind, Set<string>>();
  const { rows } = await databases.source.query<{ silo: string; first_seq: string }>(
    `select silo, first_seq from ${captureSchema}.reverse_mark`,
  );
  for (const service of serviceNames) {
    const first = rows.find(({ silo }) => silo === service)?.first_seq ?? "0";
    const { rows: told } = await databases.silos[service].query<{ aggregate_type: string; aggregate_id: string }>(
      "select distinct aggregate_type, aggregate_id from outbox_event where seq > $1",
      [first],
    );
    const notices = told.map(({ aggregate_type, aggregate_id }) => ({
      ...{ seq: 0n, aggregateType: aggregate_type, aggregateId: aggregate_id },
    }));
    await noteChanged(databases, service, notices, changed);
  }
  return changed;
}

/** Notes where the silos' outboxes end, as where the way back begins. For the cut-over, while both sides stand still. */
export async function markCutOver({ source, silos }: BackDatabases): Promise<void> {
  const marks = new Map<ServiceName, bigint>();
  for (const service of serviceNames) marks.set(service, await newestEvent(silos[service]));
  await inTransaction(source, async () => {
    await source.query(schemaSql);
    for (const [silo, seq] of marks) {
      await source.query(
        `insert into ${captureSchema}.reverse_mark (silo, first_seq, seq) values ($1, $2, $2)
         on conflict (silo) do update set first_seq = excluded.first_seq, seq = excluded.seq, applied_at = now()`,
        [silo, String(seq)],
      );
    }
  });
}

const schemaSql = `
  create schema if not exists ${captureSchema};
  create table if not exists ${captureSchema}.reverse_mark (
    silo text primary key,
    first_seq bigint not null,
    seq bigint not null,
    applied_at timestamptz not null default now()
  );
  create table if not exists ${captureSchema}.reverse_problem (
    table_name text not null,
    pk text not null,
    sqlstate text not null,
    constraint_name text,
    noted_at timestamptz not null default now(),
    primary key (table_name, pk)
  );
  truncate ${captureSchema}.reverse_problem`;

async function readMarks(source: ClientBase): Promise<ReadonlyMap<string, bigint>> {
  const { rows: found } = await source.query<{ found: string | null }>(
    `select to_regclass('${captureSchema}.reverse_mark') as found`,
  );
  if (found[0]?.found === null) return new Map();
  const { rows } = await source.query<{ silo: string; seq: string }>(
    `select silo, seq from ${captureSchema}.reverse_mark`,
  );
  return new Map(rows.map(({ silo, seq }) => [silo, BigInt(seq)]));
}

async function saveMarks(source: ClientBase, marks: ReadonlyMap<ServiceName, bigint>): Promise<void> {
  await source.query(
    `update ${captureSchema}.reverse_mark m set seq = n.seq, applied_at = now()
       from unnest($1::text[], $2::bigint[]) as n (silo, seq) where m.silo = n.silo and m.seq <> n.seq`,
    [[...marks.keys()], [...marks.values()].map(String)],
  );
}

/** Writes each row by itself, and lists those that the old database does not take. Answers how many these are. */
async function writeOneByOne(source: ClientBase, { kind, legacyTable, rows }: OldRows): Promise<number> {
  let problems = 0;
  for (const row of rows) {
    await source.query("savepoint one_row");
    try {
      await writeOldRows(source, { kind, legacyTable, rows: [row] });
      await source.query(`delete from ${captureSchema}.reverse_problem where table_name = $1 and pk = $2`, [
        ...[legacyTable, row["id"]],
      ]);
    } catch (error) {
      if (!isRefusedRow(error)) throw error;
      problems++;
      await source.query("rollback to savepoint one_row");
      await source.query(
        `insert into ${captureSchema}.reverse_problem (table_name, pk, sqlstate, constraint_name) values ($1, $2, $3, $4)
         on conflict (table_name, pk) do update set sqlstate = excluded.sqlstate,
           constraint_name = excluded.constraint_name, noted_at = now()`,
        [legacyTable, row["id"], error.code, error.constraint ?? null],
      );
    }
  }
  return problems;
}

interface RefusedRow extends Error {
  readonly code: string;
  readonly constraint?: string;
}

/** Whether an error is about the row's data: a constraint, or a value that a column does not take. */
function isRefusedRow(error: unknown): error is RefusedRow {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^2[23]/.test(error.code);
}
