import type { ClientBase } from "pg";
import type { SiloClients } from "./close-silos.ts";
import { moneyFrom } from "../rules/money.ts";
import { siloOf, tableOf } from "./back-order.ts";
import { type Aggregate, isNamed, type Row, text } from "./way-back.ts";
import { type BackKind, waysBack } from "./ways-back.ts";

/** Where the reverse applier reads and writes. */
export interface BackDatabases {
  readonly source: ClientBase;
  readonly silos: SiloClients;
}

/**
 * The rows of a kind with these ids, as they are now, as they were right after the move, and as the old database had them.
 * A person is of kind user or agencyUser, according to the table in which the old database keeps him.
 */
export async function readAggregates(
  { silos }: BackDatabases,
  kind: BackKind,
  ids: readonly string[],
): Promise<readonly Aggregate[]> {
  if (ids.length === 0) return [];
  const silo = silos[siloOf(kind)];
  const rows = await jsonRows(silo, `select ${rowOf(kind)} as row from public.${tableOf(kind)} t where id = any($1)`, [
    ids,
  ]);
  const originals = await readOriginals(silo, kind, ids);
  const before = kind === "trip" ? await tripsAtMove(silo, ids) : await rowsAtCutOver(silo, tableOf(kind), ids);
  const aggregates = rows.map((now): Aggregate => {
    const id = text(now, "id");
    const original = originals.get(id);
    return { now, original, atMove: original && atMove(kind, { now, original, before: before.get(id) }) };
  });
  return belongingTo(silo, kind, aggregates);
}

/** Those that the old database keeps in the kind's table. */
async function belongingTo(
  silo: ClientBase,
  kind: BackKind,
  aggregates: readonly Aggregate[],
): Promise<readonly Aggregate[]> {
  // A trip that was taken directly has no bid there.
  if (kind === "bid") return aggregates.filter(({ now }) => now["source"] !== "DIRECT");
  const isOfAgency = ({ now }: Aggregate): boolean => now["user_type"] === "EMS";
  if (kind === "user") return aggregates.filter((it) => it.original !== undefined || !isOfAgency(it));
  if (kind !== "agencyUser") return aggregates;
  // Some people of agencies had accounts of the other kind, and still have them.
  const ids = aggregates.map(({ now }) => text(now, "id"));
  const users = await readOriginals(silo, "user", ids);
  return aggregates.filter((it) => it.original !== undefined || (isOfAgency(it) && !users.has(text(it.now, "id"))));
}

/** As it was right after the move. */
function atMove(
  kind: BackKind,
  { now, original, before }: { readonly now: Row; readonly original: Row; readonly before: Row | undefined },
): Row | undefined {
  // A row's version is 1 until a silo changes it.
  if (now["version"] === 1 && (kind === "trip" || kind === "bid")) return now;
  if (kind === "trip") return before && { ...now, ...before, updated_at: null };
  if (kind === "bid") return { ...now, ...bidAsMoved(original), updated_at: null };
  return before;
}

/** A bid's columns as they were moved. One whose status a rule had changed was over, and does not change any more. */
function bidAsMoved(original: Row): Row {
  const amount = original["bidAmount"];
  const { value } = moneyFrom(typeof amount === "number" ? amount : null);
  return {
    amount: value === null ? null : Number(value),
    estimated_arrival: utc(original["estimatedArrival"]),
    notes: original["notes"] ?? "",
    status: original["status"] ?? null,
    unit_id: null,
  };
}

/** A time of the old database, as the silos' JSON has it. */
function utc(time: Row[string] | undefined): string | null {
  return typeof time === "string" ? `${time}+00:00` : null;
}

/** SQL for a row `t` as JSON. What a person's password was is known by a digest alone. */
function rowOf(kind: BackKind): string {
  if (kind !== "user" && kind !== "agencyUser") return "to_jsonb(t)";
  return `to_jsonb(t) || jsonb_build_object('password_digest', ${passwordDigest})`;
}

/** SQL for the digest of a row's password hash. */
export const passwordDigest = "encode(sha256(convert_to(t.password_hash, 'UTF8')), 'hex')";

async function readOriginals(
  silo: ClientBase,
  kind: BackKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const table = `archive."${waysBack[kind].legacyTable}"`;
  return byId(await jsonRows(silo, `select to_jsonb(a) as row from ${table} a where id = any($1)`, [ids]));
}

/** From the first line of the trips' histories, in the trip's own words. */
async function tripsAtMove(silo: ClientBase, ids: readonly string[]): Promise<ReadonlyMap<string, Row>> {
  const rows = await jsonRows(
    silo,
    `select to_jsonb(h) as row from trip_history h where trip_id = any($1) and version = 1 and change = 'imported'`,
    [ids],
  );
  const names = [
    ...["accept_time", "pickup_time", "completion_time", "cancel_time", "cancellation_reason", "priority"],
    ...["destination_facility_id", "origin_facility_id", "special_requirements", "transport_level"],
    ...["accepted_attempt_id"],
  ];
  const trips = rows.map((row): [string, Row] => {
    const same = Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
    const { to_status: status = null, agency_id = null, unit_id = null } = row;
    return [text(row, "trip_id"), { ...same, status, assigned_agency_id: agency_id, assigned_unit_id: unit_id }];
  });
  return new Map(trips);
}

async function rowsAtCutOver(
  silo: ClientBase,
  table: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Row>> {
  const rows = await jsonRows(silo, "select row from migration.at_cut_over where table_name = $1 and id = any($2)", [
    table,
    ids,
  ]);
  return byId(rows);
}

/** Rows that a query answers as JSON, in the column `row`. */
export async function jsonRows(client: ClientBase, sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
  const { rows } = await client.query<{ row: unknown }>(sql, [...values]);
  return rows.map(({ row }) => {
    if (!isNamed(row as Row)) throw new Error("a row is not an object");
    return row as Row;
  });
}

function byId(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [text(row, "id"), row]));
}
