import type { ClientBase } from "pg";
import { writersSql } from "#platform/feed/writers.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { BackKind } from "./ways-back.ts";

/** An event that says which rows of a silo have changed. */
export interface ChangeNotice {
  readonly seq: bigint;
  readonly aggregateType: string;
  readonly aggregateId: string;
}

/** Some of what an outbox tells. */
export interface OutboxBatch {
  readonly notices: readonly ChangeNotice[];
  /** Once these are applied, nothing up to here is ever needed again. */
  readonly mark: bigint;
}

const batchSize = 500;

/**
 * Reads an outbox from a mark on, each event once. Numbers are given before transactions commit, so a number that is
 * missing may still come. Whoever might bring it has a lock on the table by the time it is missed: it is waited for until
 * none of them is left. (Not by the transactions' ids, which are in another order than the numbers.) A class because it
 * remembers what it has read and what it misses.
 */
export class OutboxReader {
  readonly #client: ClientBase;
  #frontier: bigint;
  /** Missing numbers, each with who might still bring it; undefined if that was not asked yet. */
  readonly #missing = new Map<bigint, ReadonlySet<string> | undefined>();

  constructor(client: ClientBase, mark: bigint) {
    this.#client = client;
    this.#frontier = mark;
  }

  /** What is new, oldest first. To be called again only when the last batch was applied. */
  async next(): Promise<OutboxBatch> {
    // Before the events: one whose writer has let go of the lock is seen by a later statement, or never will be.
    const overdue = await this.#overdue();
    const notices = await this.#read();
    for (const { seq } of notices) this.#note(seq);
    // Those behind a full batch have not been looked for.
    const last = notices.length < batchSize ? this.#frontier : (notices.at(-1)?.seq ?? 0n);
    for (const seq of overdue) if (seq <= last) this.#missing.delete(seq);
    return { notices, mark: this.#mark() };
  }

  /** Missing numbers that nobody is left to bring. */
  async #overdue(): Promise<readonly bigint[]> {
    if (this.#missing.size === 0) return [];
    const { rows } = await this.#client.query<{ id: string }>(writersSql, ["outbox_event"]);
    const writing = new Set(rows.map(({ id }) => id));
    const overdue: bigint[] = [];
    for (const [seq, writers] of this.#missing) {
      if (writers === undefined) this.#missing.set(seq, writing);
      else if (writers.isDisjointFrom(writing)) overdue.push(seq);
    }
    return overdue;
  }

  async #read(): Promise<readonly ChangeNotice[]> {
    const { rows } = await this.#client.query<{ seq: string; aggregate_type: string; aggregate_id: string }>(
      `select seq, aggregate_type, aggregate_id from outbox_event where seq = any($1::bigint[]) or seq > $2
        order by seq limit $3`,
      [[...this.#missing.keys()].map(String), String(this.#frontier), batchSize],
    );
    return rows.map(({ seq, aggregate_type, aggregate_id }) => ({
      ...{ seq: BigInt(seq), aggregateType: aggregate_type, aggregateId: aggregate_id },
    }));
  }

  #note(seq: bigint): void {
    this.#missing.delete(seq);
    for (let skipped = this.#frontier + 1n; skipped < seq; skipped++) this.#missing.set(skipped, undefined);
    if (seq > this.#frontier) this.#frontier = seq;
  }

  #mark(): bigint {
    let mark = this.#frontier;
    for (const seq of this.#missing.keys()) if (seq <= mark) mark = seq - 1n;
    return mark;
  }
}

/** The number of an outbox's newest event; 0 if it has none. */
export async function newestEvent(client: ClientBase): Promise<bigint> {
  const { rows } = await client.query<{ seq: string }>("select coalesce(max(seq), 0) as seq from outbox_event");
  return BigInt(rows[0]?.seq ?? 0);
}

/** What to read again when something of a silo has changed: which rows, and by which column the event names them. */
interface Concern {
  readonly kind: BackKind;
  /** Null if it names them by their ids. */
  readonly by: string | null;
}

const concerns: Readonly<Record<ServiceName, Readonly<Record<string, readonly Concern[]>>>> = {
  hospital: {
    // A bid without a unit is of its trip's level.
    trip: [
      { kind: "trip", by: null },
      { kind: "bid", by: "trip_id" },
    ],
    facility: [{ kind: "facility", by: null }],
    preference: [{ kind: "preference", by: "hospital_id" }],
  },
  ems: {
    agency: [{ kind: "agency", by: null }],
    unit: [
      { kind: "unit", by: null },
      { kind: "availability", by: "unit_id" },
      { kind: "bid", by: "unit_id" },
    ],
    bid: [{ kind: "bid", by: null }],
    route: [{ kind: "route", by: null }],
  },
  center: {
    user: [
      { kind: "user", by: null },
      { kind: "agencyUser", by: null },
    ],
  },
};

/** What an event of a silo asks to be read again; nothing if the old database has no place for it. */
export function concernsOf(silo: ServiceName, aggregateType: string): readonly Concern[] {
  return concerns[silo][aggregateType] ?? [];
}
