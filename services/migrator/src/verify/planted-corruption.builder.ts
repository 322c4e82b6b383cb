import type { ServiceName } from "#platform/service-name.ts";
import type { Client } from "pg";

/** How a row can be spoiled: which table, and how. */
interface Corruption {
  readonly silo: ServiceName;
  readonly table: string;
  /** The rows that the move made, over the table. */
  readonly where: string;
  /** What is changed; each row once. */
  readonly set: string;
}

/** Values of every kind, in tables of every kind. */
const changes: readonly Corruption[] = [
  {
    silo: "hospital",
    table: "trip",
    where: "imported_at is not null",
    set: "request_time = request_time + interval '1 millisecond'",
  },
  { silo: "hospital", table: "trip", where: "imported_at is not null", set: "patient_id = patient_id || 'x'" },
  {
    silo: "hospital",
    table: "trip",
    where: "imported_at is not null",
    set: "special_requirements = special_requirements || ' '",
  },
  {
    silo: "hospital",
    table: "trip",
    where: "status = 'COMPLETED' and accept_time is not null",
    set: "accept_time = null",
  },
  { silo: "hospital", table: "trip_history", where: "version = 1", set: "turn = turn + 1" },
  { silo: "hospital", table: "trip_claim", where: "true", set: "created_at = created_at + interval '1 day'" },
  {
    silo: "hospital",
    table: "facility",
    where: "imported_at is not null",
    set: "capabilities = capabilities || 'x'::text",
  },
  { silo: "hospital", table: "agency_preference", where: "imported_at is not null", set: "active = not active" },
  { silo: "hospital", table: "outbox_event", where: "aggregate_type = 'trip'", set: "subject = subject || 'x'" },
  { silo: "hospital", table: 'archive."TransportRequest"', where: "true", set: `"etaUpdates" = '[1]'` },
  { silo: "hospital", table: "hospital_user", where: "true", set: "name = name || 'x'" },
  { silo: "ems", table: "bid", where: "amount is not null", set: "amount = amount + 0.01" },
  { silo: "ems", table: "bid", where: "imported_at is not null", set: "notes = notes || 'x'" },
  { silo: "ems", table: "trip_copy", where: "true", set: 'origin = origin || \'{"city": "elsewhere"}\'' },
  { silo: "ems", table: "trip_copy", where: "true", set: "version = version + 1" },
  { silo: "ems", table: "unit", where: "imported_at is not null", set: "shift_end = now()" },
  { silo: "ems", table: "agency", where: "imported_at is not null", set: `pricing_structure = '{"a": 1}'` },
  { silo: "ems", table: "inbox_cursor", where: "true", set: "last_ver = 2" },
  { silo: "ems", table: 'archive."GPSTracking"', where: "true", set: "latitude = latitude + 0.0000001" },
  { silo: "ems", table: "migration.ledger", where: "source_table = 'Unit'", set: "fate = 'ARCHIVED'" },
  {
    silo: "center",
    table: "user_account",
    where: "imported_at is not null",
    set: "password_hash = password_hash || 'x'",
  },
  { silo: "center", table: "trip_fact", where: "true", set: "agency_id = 'nobody'" },
  { silo: "center", table: "database_reference", where: "entity_type = 'bid'", set: "reference_id = 'nothing'" },
  { silo: "center", table: "hospital", where: "imported_at is not null", set: "zip_code = zip_code || '0'" },
  { silo: "center", table: "service_registry", where: "imported_at is not null", set: "updated_at = now()" },
];

interface Tampering {
  readonly silo: ServiceName;
  readonly table: string;
}

/** Tables from which rows are taken, and to which rows are added. */
const takenFrom: readonly Tampering[] = [
  { silo: "hospital", table: "trip" },
  { silo: "hospital", table: "trip_history" },
  { silo: "hospital", table: "outbox_event" },
  { silo: "ems", table: "bid" },
  { silo: "ems", table: "trip_copy" },
  { silo: "ems", table: "inbox_cursor" },
  { silo: "ems", table: 'archive."TransportBid"' },
  { silo: "center", table: "user_account" },
  { silo: "center", table: "trip_fact" },
  { silo: "center", table: "database_reference" },
];

/** The columns that make another row of one, as json: its keys. */
const addedTo: readonly (Tampering & { readonly where?: string; readonly other: string })[] = [
  {
    silo: "hospital",
    table: "trip",
    other: "jsonb_build_object('id', 'x' || left(id, 40), 'trip_number', 'L-' || id)",
  },
  { silo: "hospital", table: "trip_history", other: "jsonb_build_object('version', version + 1)" },
  { silo: "ems", table: "bid", where: "status = 'REJECTED'", other: "jsonb_build_object('id', 'x' || left(id, 40))" },
  { silo: "ems", table: "trip_copy", other: "jsonb_build_object('id', 'x' || left(id, 40))" },
  { silo: "ems", table: 'archive."UnitAssignment"', other: "jsonb_build_object('id', 'x' || left(id, 40))" },
  {
    silo: "center",
    table: "user_account",
    other: "jsonb_build_object('id', 'x' || left(id, 40), 'email', 'x' || email)",
  },
  { silo: "center", table: "trip_fact", other: "jsonb_build_object('trip_id', 'x' || left(trip_id, 40))" },
  {
    silo: "center",
    table: "database_reference",
    other: "jsonb_build_object('id', gen_random_uuid()::text, 'entity_id', 'x' || entity_id)",
  },
];

/**
 * Spoils rows of the silos, each once: so many are changed, taken away and added.
 * @param silos of administrators, who may pass over foreign keys.
 * @returns how many were spoiled.
 */
export async function plantCorruption(
  silos: Readonly<Record<ServiceName, Client>>,
  wanted: { readonly changed: number; readonly deleted: number; readonly added: number },
): Promise<number> {
  for (const silo of Object.values(silos)) {
    await silo.query("begin");
    await silo.query("set local session_replication_role = replica");
    await silo.query("create temp table spoiled (name text, at tid) on commit drop");
  }
  let planted = 0;
  for (const [of, count] of [
    [changeOf, wanted.changed],
    [deletionOf, wanted.deleted],
    [additionOf, wanted.added],
  ] as const) {
    for (let number = 0; number < count; number++) planted += await plant(silos, of(number));
  }
  for (const silo of Object.values(silos)) await silo.query("commit");
  return planted;
}

interface Planting extends Tampering {
  readonly where: string;
  /** Of the row at tid `$1`; every one ends with its new place. */
  readonly sql: string;
}

function changeOf(number: number): Planting {
  const { silo, table, where, set } = pick(changes, number);
  return { silo, table, where, sql: `update ${table} set ${set} where ctid = $1 returning ctid` };
}

function deletionOf(number: number): Planting {
  const { silo, table } = pick(takenFrom, number);
  return { silo, table, where: "true", sql: `delete from ${table} where ctid = $1 returning ctid` };
}

function additionOf(number: number): Planting {
  const { silo, table, where = "true", other } = pick(addedTo, number);
  const sql = `insert into ${table} overriding system value
    select r.* from (select to_jsonb(t) || ${other} as row from ${table} t where ctid = $1) o,
      jsonb_populate_record(null::${table}, o.row%) r returning ctid`;
  // Numbers that a table gives itself are given anew.
  return {
    silo,
    table,
    where,
    sql: sql.replace(
      "%",
      table === "trip_history" ? " || jsonb_build_object('seq', (select max(seq) + 1 from trip_history))" : "",
    ),
  };
}

function pick<T>(list: readonly T[], number: number): T {
  const found = list[number % list.length];
  if (found === undefined) throw new Error("nothing to plant");
  return found;
}

/** A row that was not spoiled before. */
async function plant(
  silos: Readonly<Record<ServiceName, Client>>,
  { silo, table, where, sql }: Planting,
): Promise<number> {
  const client = silos[silo];
  const { rows } = await client.query<{ at: string }>(
    `select ctid::text as at from ${table} t where ${where} and not exists (select from spoiled s where s.name = $1 and s.at = t.ctid)
      order by md5(t::text) limit 1`,
    [table],
  );
  const at = rows[0]?.at;
  if (at === undefined) return 0;
  const { rows: placed } = await client.query<{ ctid: string }>(sql, [at]);
  for (const place of [at, ...placed.map(({ ctid }) => ctid)])
    await client.query("insert into spoiled values ($1, $2)", [table, place]);
  return placed.length;
}
