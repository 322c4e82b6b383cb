import type { ClientBase } from "pg";
import { inTransaction } from "../capture/in-transaction.ts";
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
 * missing may still come: it is waited for until every transaction has ended that was under way when it was missed. A
 * class because it remembers what it has read and what it misses.
 */
export class OutboxReader {
  readonly #client: ClientBase;
  #frontier: bigint;
  /** Missing numbers, each with the first transaction that had not begun when it was missed. */
  readonly #missing = new Map<bigint, bigint>();

  constructor(client: ClientBase, mark: bigint) {
    this.#client = client;
    this.#frontier = mark;
  }

  /** What is new, oldest first. To be called again only when the last batch was applied. */
  async next(): Promise<OutboxBatch> {
    const { notices, xmin, xmax } = await this.#read();
    for (const { seq } of notices) this.#note(seq, xmax);
    for (const [seq, first] of this.#missing) {
      // Its transaction has ended, and it did not come: it was rolled back.
      if (first <= xmin) this.#missing.delete(seq);
    }
    return { notices, mark: this.#mark() };
  }

  async #read(): Promise<{ readonly notices: readonly ChangeNotice[]; readonly xmin: bigint; readonly xmax: bigint }> {
    return inTransaction(
      this.#client,
      async () => {
        const { rows: snapshots } = await this.#client.query<{ xmin: string; xmax: string }>(
          "select pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax from pg_current_snapshot() s",
        );
        const { rows } = await this.#client.query<{ seq: string; aggregate_type: string; aggregate_id: string }>(
          `select seq, aggregate_type, aggregate_id from outbox_event where seq = any($1::bigint[]) or seq > $2
            order by seq limit $3`,
          [[...this.#missing.keys()].map(String), String(this.#frontier), batchSize],
        );
        const notices = rows.map(({ seq, aggregate_type, aggregate_id }) => ({
          ...{ seq: BigInt(seq), aggregateType: aggregate_type, aggregateId: aggregate_id },
        }));
        return { notices, xmin: BigInt(snapshots[0]?.xmin ?? 0), xmax: BigInt(snapshots[0]?.xmax ?? 0) };
      },
      "begin isolation level repeatable read read only",
    );
  }

  #note(seq: bigint, xmax: bigint): void {
    this.#missing.delete(seq);
    for (let skipped = this.#frontier + 1n; skipped < seq; skipped++) this.#missing.set(skipped, xmax);
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
