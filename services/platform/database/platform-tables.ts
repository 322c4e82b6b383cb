import type { Kysely, SqlEntityManager } from "@mikro-orm/postgresql";
import type { ColumnType, Generated } from "kysely";

/** A column that PostgreSQL answers as text and takes as a Date; read it with `dateFromRow`. */
type Timestamp = ColumnType<string, Date, Date>;
type NullableTimestamp = ColumnType<string | null, Date | null | undefined, Date | null>;
type TimestampWithDefault = ColumnType<string, Date | undefined, Date>;
/** A column that PostgreSQL answers as text, because it may be larger than a number can be. */
type BigInt64 = ColumnType<string, bigint | number | string, bigint | number | string>;
type NullableBigInt64 = ColumnType<string | null, bigint | number | null | undefined, bigint | number | null>;
/** A column that is written as JSON text and read as the value it holds. */
type Json<Value> = ColumnType<Value, string, string>;

interface OutboxEventTable {
  seq: ColumnType<string, never, never>;
  event_id: string;
  aggregate_type: string;
  aggregate_id: string;
  aggregate_ver: BigInt64;
  event_type: string;
  subject: string;
  payload: Uint8Array;
  headers: ColumnType<Record<string, string>, string | undefined, string>;
  occurred_at: TimestampWithDefault;
  published_at: NullableTimestamp;
  stream_epoch: string | null;
  stream_seq: NullableBigInt64;
  attempts: Generated<number>;
  last_error: string | null;
}

interface RelayStateTable {
  stream: string;
  epoch: string;
  last_seq: BigInt64;
  checked_at: NullableTimestamp;
}

interface InboxEventTable {
  consumer: string;
  event_id: string;
  received_at: TimestampWithDefault;
}

interface InboxCursorTable {
  consumer: string;
  aggregate_type: string;
  aggregate_id: string;
  last_ver: BigInt64;
  blocked: Generated<boolean>;
}

interface InboxParkedTable {
  consumer: string;
  aggregate_type: string;
  aggregate_id: string;
  aggregate_ver: BigInt64;
  event_id: string;
  payload: Uint8Array;
  headers: Json<Record<string, string>>;
  reason: string;
  since: TimestampWithDefault;
}

interface InboxDeadTable {
  consumer: string;
  event_id: string;
  subject: string;
  payload: Uint8Array;
  headers: Json<Record<string, string>>;
  error: string;
  attempts: number;
  state: Generated<string>;
  first_at: Timestamp;
  last_at: Timestamp;
  resolved_by: string | null;
}

interface IdempotencyKeyTable {
  caller: string;
  method: string;
  request_id: string;
  request_hash: Uint8Array;
  response: Uint8Array | null;
  created_at: Timestamp;
}

interface AuditEntryTable {
  id: string;
  occurred_at: Timestamp;
  user_id: string | null;
  user_type: string | null;
  organization_id: string | null;
  via_service: string | null;
  action: string;
  decision: string;
  reason: string | null;
  entities: Json<readonly { readonly type: string; readonly id: string }[]>;
  request_id: string | null;
  n: NullableBigInt64;
  prev_hash: Uint8Array | null;
  hash: Uint8Array | null;
}

interface PublishedKeyTable {
  kid: string;
  jwk: Json<Record<string, unknown>>;
  fetched_at: Timestamp;
}

/** The rows of `platformSchema`, for Kysely. */
export interface PlatformTables {
  outbox_event: OutboxEventTable;
  relay_state: RelayStateTable;
  inbox_event: InboxEventTable;
  inbox_cursor: InboxCursorTable;
  inbox_parked: InboxParkedTable;
  inbox_dead: InboxDeadTable;
  idempotency_key: IdempotencyKeyTable;
  audit_entry: AuditEntryTable;
  published_key: PublishedKeyTable;
}

/**
 * The platform's tables, in the entity manager's transaction if it has one. They are plain tables and no entities: they
 * are appended to, claimed in batches and locked in ways that an identity map only hinders, and unlike MikroORM's own
 * queries these send their values apart from their text.
 */
export function platformTables(em: SqlEntityManager): Kysely<PlatformTables> {
  return em.getKysely<PlatformTables>();
}

/** Reads a timestamp as our connections spell it: in UTC. */
export function dateFromRow(text: string): Date {
  return new Date(`${text.replace(" ", "T").replace(/\+00(:00)?$/, "")}Z`);
}
