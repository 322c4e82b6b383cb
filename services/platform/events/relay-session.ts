import { Client, type QueryResultRow } from "pg";
import { type ConnectionLimits, poolOptions } from "#platform/database/connection-options.ts";
import type { EventContext } from "./event-context.ts";
import { heldBack, importedEpoch } from "./imported-events.ts";
import type { OwedEvent, PublishedEvent, StoredEvent } from "./owed-event.ts";

/** What the relay knew about its stream when it last wrote to it. */
export interface RelayState {
  readonly epoch: string;
  readonly lastSequence: number;
}

/** How much the outbox owes. */
export interface Backlog {
  readonly pending: number;
  /** How long the oldest has been waiting, in seconds; 0 if there is none. */
  readonly oldestAgeSeconds: number;
}

export interface RelaySessionOptions {
  readonly databaseUrl: string;
  readonly stream: string;
  /** Told when another process has committed events. */
  readonly onNotify: () => void;
}

/** The relay holds no lock of a row for long; a statement that takes this long will not end well. */
const limits: ConnectionLimits = {
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 15_000,
  // Longer than a statement may take: a partition of the network gives no other sign.
  silenceMs: 40_000,
};

/**
 * The relay's own session with PostgreSQL: it holds the advisory lock that makes it the leader, so it is one connection
 * and not a pool, and nothing of a pooler's in between. A class because it owns the connection. When the connection
 * breaks, the session is over and every call fails: open another.
 */
export class RelaySession implements AsyncDisposable {
  readonly #client: Client;
  readonly #stream: string;
  #isOver = false;

  private constructor(client: Client, stream: string) {
    this.#client = client;
    this.#stream = stream;
  }

  /** @throws if the database does not answer. */
  static async open({ databaseUrl, stream, onNotify }: RelaySessionOptions): Promise<RelaySession> {
    const applicationName = `medport-relay-${stream}`;
    const client = new Client(poolOptions({ url: databaseUrl, applicationName, poolSize: 1, limits }));
    const session = new RelaySession(client, stream);
    // Whatever was being asked fails too; without a listener the loss would end the process.
    client.on("error", () => session.#end());
    client.on("end", () => session.#end());
    client.on("notification", onNotify);
    try {
      await client.connect();
      // A leader that is frozen asks nothing, and loses its session and with it the lock; one that lives asks every second.
      await client.query("set idle_session_timeout = '20s'");
      await client.query(`listen ${channel(stream)}`);
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Becomes the leader if nobody else is. Asked again, a leader would hold the lock twice. */
  async tryLead(): Promise<boolean> {
    const [row] = await this.#query<{ led: boolean }>("select pg_try_advisory_lock(hashtextextended($1, 0)) as led", [
      `relay ${this.#stream}`,
    ]);
    return row?.led === true;
  }

  /** Lets another relay lead. */
  async stopLeading(): Promise<void> {
    await this.#query("select pg_advisory_unlock(hashtextextended($1, 0))", [`relay ${this.#stream}`]);
  }

  /** Tells the leader, whoever that is, that events were committed. Not durable: a lost hint costs one poll. */
  async notifyLeader(): Promise<void> {
    // NOTIFY takes a lock of the whole cluster while it commits, so its commit must not wait for the disk.
    await this.#client.query(`begin; set local synchronous_commit = off; notify ${channel(this.#stream)}; commit`);
  }

  async backlog(): Promise<Backlog> {
    const [row] = await this.#query<{ pending: number; age: number }>(
      `select count(*)::int as pending,
              coalesce(extract(epoch from clock_timestamp() - min(occurred_at)), 0)::float8 as age
         from outbox_event where published_at is null`,
    );
    return { pending: row?.pending ?? 0, oldestAgeSeconds: Math.max(0, row?.age ?? 0) };
  }

  /** What is owed, the oldest first. There is no cursor: a row that commits late is owed when it appears. */
  async owedEvents(most: number): Promise<readonly OwedEvent[]> {
    const rows = await this.#query<OwedRow>(
      `select seq, event_id, event_type, aggregate_id, aggregate_ver, subject, payload, headers, occurred_at
         from outbox_event where published_at is null order by seq limit $1`,
      [most],
    );
    return rows.map(owedEventFromRow);
  }

  async findState(): Promise<RelayState | undefined> {
    const [row] = await this.#query<{ epoch: string; last_seq: string }>(
      "select epoch, last_seq from relay_state where stream = $1",
      [this.#stream],
    );
    return row && { epoch: row.epoch, lastSequence: Number(row.last_seq) };
  }

  /** Notes what the stream holds now. */
  async markStored(epoch: string, stored: readonly StoredEvent[]): Promise<void> {
    await this.#query(
      `with stored as (select * from unnest($2::bigint[], $3::bigint[]) as pair (seq, stream_seq)),
            marked as (update outbox_event o set published_at = clock_timestamp(), stream_epoch = $4, stream_seq = s.stream_seq,
                              last_error = null
                         from stored s where o.seq = s.seq)
       update relay_state set last_seq = greatest(last_seq, (select max(stream_seq) from stored)), checked_at = now()
        where stream = $1 and epoch = $4`,
      [this.#stream, stored.map(({ seq }) => seq), stored.map(({ streamSequence }) => streamSequence), epoch],
    );
  }

  /** Notes why an event is not in the stream yet, for whoever asks. */
  async markFailed(seq: string, error: string): Promise<void> {
    await this.#query("update outbox_event set attempts = attempts + 1, last_error = $2 where seq = $1", [seq, error]);
  }

  /** Owes again what the condition picks out of the published events, and notes how the stream is; both or neither. */
  async oweAgain(stream: StreamPosition, lost: LostEvents): Promise<number> {
    const { sql, values } = lostCondition(lost);
    const [row] = await this.#query<{ count: number }>(
      `with owed as (update outbox_event set published_at = null, stream_epoch = null, stream_seq = null
                      where published_at is not null and ${sql} returning 1),
            noted as (insert into relay_state (stream, epoch, last_seq, checked_at) values ($1, $2, $3, now())
                      on conflict (stream) do update
                        set epoch = excluded.epoch, last_seq = excluded.last_seq, checked_at = excluded.checked_at)
       select count(*)::int as count from owed`,
      [this.#stream, stream.epoch, stream.lastSequence, ...values],
    );
    return row?.count ?? 0;
  }

  /** Published events of the stream's epoch between two sequences: the newest, and as many at random. */
  async samplePublished(epoch: string, range: SequenceRange, each: number): Promise<readonly PublishedEvent[]> {
    const published = `select seq, event_id, stream_seq from outbox_event
                        where stream_epoch = $1 and stream_seq between $2 and $3`;
    return this.#published(
      `(${published} order by stream_seq desc limit $4) union (${published} order by random() limit $4)`,
      [epoch, range.first, range.last, each],
    );
  }

  /** The same, all of them, a page at a time in the stream's order. */
  async publishedPage(epoch: string, range: SequenceRange, most: number): Promise<readonly PublishedEvent[]> {
    return this.#published(
      `select seq, event_id, stream_seq from outbox_event
        where stream_epoch = $1 and stream_seq between $2 and $3 order by stream_seq limit $4`,
      [epoch, range.first, range.last, most],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    // A server that is gone says so here again, and nobody needs to know twice.
    await this.#client.end().catch(() => undefined);
  }

  #end(): void {
    this.#isOver = true;
  }

  async #published(sql: string, values: readonly unknown[]): Promise<readonly PublishedEvent[]> {
    const rows = await this.#query<{ seq: string; event_id: string; stream_seq: string }>(sql, values);
    return rows.map((row) => ({ seq: row.seq, eventId: row.event_id, streamSequence: Number(row.stream_seq) }));
  }

  async #query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#client.query<Row>(sql, [...values]);
    return rows;
  }
}

export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

/** Where a stream stands. */
export interface StreamPosition {
  readonly epoch: string;
  readonly lastSequence: number;
}

/** Which published events are not in the stream after all. Those that never were to be in it are not among them. */
export type LostEvents =
  | { readonly kind: "none" }
  | { readonly kind: "all of other epochs" }
  | { readonly kind: "after"; readonly sequence: number }
  | { readonly kind: "before"; readonly sequence: number; readonly youngerThanDays: number }
  | { readonly kind: "sequences"; readonly sequences: readonly number[] };

/** $2 is the stream's epoch; values of a condition's own begin at $4. */
function lostCondition(lost: LostEvents): { readonly sql: string; readonly values: readonly unknown[] } {
  switch (lost.kind) {
    case "none":
      return { sql: "false", values: [] };
    case "all of other epochs":
      return {
        sql: "stream_epoch is distinct from $2 and stream_epoch is distinct from $4 and published_at < $5",
        values: [importedEpoch, heldBack],
      };
    case "after":
      return { sql: "stream_epoch = $2 and stream_seq > $4", values: [lost.sequence] };
    case "before":
      return {
        sql: "stream_epoch = $2 and stream_seq < $4 and published_at > now() - make_interval(days => $5)",
        values: [lost.sequence, lost.youngerThanDays],
      };
    case "sequences":
      return { sql: "stream_epoch = $2 and stream_seq = any($4::bigint[])", values: [lost.sequences] };
    default:
      return lost satisfies never;
  }
}

interface OwedRow extends QueryResultRow {
  readonly seq: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly aggregate_id: string;
  readonly aggregate_ver: string;
  readonly subject: string;
  readonly payload: Buffer;
  readonly headers: EventContext;
  readonly occurred_at: Date;
}

function owedEventFromRow(row: OwedRow): OwedEvent {
  return {
    seq: row.seq,
    eventId: row.event_id,
    typeName: row.event_type,
    aggregateId: row.aggregate_id,
    version: BigInt(row.aggregate_ver),
    subject: row.subject,
    payload: row.payload,
    context: row.headers,
    occurredAt: row.occurred_at,
  };
}

/** The name is ours and has only letters and underscores, so it needs no quotes. */
function channel(stream: string): string {
  return `relay_${stream.toLowerCase()}`;
}
