import type { ClientBase } from "pg";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { SourceRow } from "../moved.ts";
import { findPlannedTable } from "../plan/plan.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";

/** A statement that forgets something, given the ids of trips or of their bids. */
interface Deletion {
  readonly by: "trip" | "bid";
  readonly sql: string;
}

/** Boards that are open hear that the trips are gone, and of those that are moved anew that they are there again. */
const takeOffBoards = `
  with gone as (delete from available_trip_change where trip_id = any($1) and is_open returning *)
  insert into available_trip_change (trip_id, trip_version, change, open_before, is_open, county, level, priority, trip)
    select distinct on (trip_id) trip_id, trip_version, 'removed',
           jsonb_build_object('county', county, 'level', level, 'priority', priority), false, county, level, priority, trip
      from gone order by trip_id, seq desc`;

/** What is forgotten of trips, in this order. */
const tripDeletions: Readonly<Record<ServiceName, readonly Deletion[]>> = {
  hospital: [
    { by: "trip", sql: "delete from trip_history where trip_id = any($1)" },
    { by: "trip", sql: "delete from trip_claim where trip_id = any($1)" },
    { by: "trip", sql: "delete from trip where id = any($1)" },
    { by: "trip", sql: "delete from outbox_event where aggregate_type = 'trip' and aggregate_id = any($1)" },
  ],
  ems: [
    { by: "trip", sql: "delete from assignment where trip_id = any($1)" },
    { by: "trip", sql: "delete from bid where trip_id = any($1)" },
    { by: "trip", sql: "delete from trip_copy where id = any($1)" },
    { by: "trip", sql: takeOffBoards },
    { by: "trip", sql: "delete from inbox_cursor where aggregate_type = 'trip' and aggregate_id = any($1)" },
    { by: "bid", sql: "delete from outbox_event where aggregate_type = 'bid' and aggregate_id = any($1)" },
  ],
  center: [
    { by: "trip", sql: "delete from trip_fact where trip_id = any($1)" },
    { by: "trip", sql: "delete from database_reference where entity_type = 'trip' and entity_id = any($1)" },
    { by: "bid", sql: "delete from database_reference where entity_type = 'bid' and entity_id = any($1)" },
    { by: "trip", sql: "delete from inbox_cursor where aggregate_type = 'trip' and aggregate_id = any($1)" },
    { by: "bid", sql: "delete from inbox_cursor where aggregate_type = 'bid' and aggregate_id = any($1)" },
  ],
};

/**
 * Removes all that the move made of trips and their bids, in the callers' transactions, so that they can be moved anew, or
 * stay away if the old database has them no more.
 * @param knownBidIds bids of theirs that EMS may not have, though others have heard of them.
 */
export async function forgetTrips(
  silos: SiloClients,
  tripIds: readonly string[],
  knownBidIds: readonly string[] = [],
): Promise<void> {
  if (tripIds.length + knownBidIds.length === 0) return;
  const { rows } = await silos.ems.query<{ id: string }>("select id from bid where trip_id = any($1)", [tripIds]);
  const bidIds = [...new Set([...knownBidIds, ...rows.map(({ id }) => id)])];
  for (const service of serviceNames) {
    for (const { sql, by } of tripDeletions[service])
      await silos[service].query(sql, [by === "trip" ? tripIds : bidIds]);
  }
}

/** A row that the move made for people or organizations, in its owner's silo. */
export interface DirectoryRow {
  /** Such as ems.unit. */
  readonly table: string;
  readonly id: string;
}

/** Where else something is known of rows of a table: by which column. */
interface Trace {
  readonly silo: ServiceName;
  readonly table: string;
  readonly column: string;
  /** Whether it is a copy of the table, row by row. */
  readonly isCopy: boolean;
}

interface DirectoryTable {
  /** In the order in which rows can be removed. */
  readonly name: string;
  readonly key: string;
  /** As events name it; null if its rows have none of their own. */
  readonly aggregate: string | null;
  readonly traces: readonly Trace[];
}

const copy = (silo: ServiceName, table: string): Trace => ({ silo, table, column: "id", isCopy: true });
const trace = (silo: ServiceName, table: string, column = "id"): Trace => ({ silo, table, column, isCopy: false });

/** Tables that are filled from people and organizations, those that refer to others first. */
const directoryTables: readonly DirectoryTable[] = [
  { name: "center.database_reference", key: "id", aggregate: null, traces: [] },
  { name: "center.service_registry", key: "id", aggregate: "service", traces: [] },
  { name: "hospital.agency_preference", key: "id", aggregate: null, traces: [] },
  { name: "ems.unit_availability", key: "id", aggregate: null, traces: [] },
  { name: "ems.route", key: "id", aggregate: "route", traces: [] },
  { name: "ems.unit", key: "id", aggregate: "unit", traces: [] },
  {
    ...{ name: "ems.agency", key: "id", aggregate: "agency" },
    traces: [copy("hospital", "agency"), copy("center", "agency")],
  },
  { name: "hospital.facility", key: "id", aggregate: "facility", traces: [] },
  {
    ...{ name: "center.user_account", key: "id", aggregate: "user" },
    // Somebody may have logged in already.
    traces: [
      trace("hospital", "hospital_user"),
      trace("ems", "agency_user"),
      trace("center", "session", "user_id"),
      trace("center", "login_guard", "user_id"),
    ],
  },
  { name: "center.hospital", key: "id", aggregate: "hospital", traces: [copy("hospital", "hospital")] },
];

/** Finds rows that an earlier move made of people and organizations, and that are not among those that it makes now. */
export async function findGoneRows(
  silos: SiloClients,
  isMade: (row: DirectoryRow) => boolean,
): Promise<readonly DirectoryRow[]> {
  const gone: DirectoryRow[] = [];
  for (const known of directoryTables.filter(({ name }) => name !== "center.database_reference")) {
    const ids = await knownIds(silos, known);
    gone.push(...[...ids].map((id) => ({ table: known.name, id })).filter((row) => !isMade(row)));
  }
  return [...gone, ...(await findGonePeople(silos, isMade)), ...(await findGoneReferences(silos, isMade))];
}

/**
 * The records of a table that the silos know of, but for those that the move did not make. Not the owner alone is asked: of
 * somebody who was killed, one silo may have forgotten what another has not.
 */
async function knownIds(
  silos: SiloClients,
  { name, key, aggregate, traces }: DirectoryTable,
): Promise<ReadonlySet<string>> {
  const [owner, table] = partsOf(name);
  const idsIn = async (silo: ServiceName, sql: string, values: readonly string[] = []): Promise<readonly string[]> =>
    (await silos[silo].query<{ id: string }>(sql, [...values])).rows.map(({ id }) => id);
  const known = new Set(await idsIn(owner, `select ${key} as id from public.${table}`));
  for (const copy of traces.filter(({ isCopy }) => isCopy)) {
    for (const id of await idsIn(copy.silo, `select ${copy.column} as id from public.${copy.table}`)) known.add(id);
  }
  if (aggregate !== null) {
    const told = "select aggregate_id as id from outbox_event where aggregate_type = $1";
    for (const id of await idsIn(owner, told, [aggregate])) known.add(id);
    const heard = "select aggregate_id as id from inbox_cursor where consumer = $1 and aggregate_type = $2";
    for (const service of serviceNames) {
      for (const id of await idsIn(service, heard, [`${service}_${aggregate}`, aggregate])) known.add(id);
    }
  }
  const others = await idsIn(owner, `select ${key} as id from public.${table} where imported_at is null`);
  return known.difference(new Set(others));
}

/** Those that the move made have ids that follow from what they say, and no others have. Trips' are the trips' business. */
async function findGoneReferences(
  { center }: SiloClients,
  isMade: (row: DirectoryRow) => boolean,
): Promise<readonly DirectoryRow[]> {
  const { rows } = await center.query<{ id: string }>(
    `select id from database_reference
      where entity_type in ('agency', 'facility', 'unit', 'user') and substr(id, 15, 1) = '5'`,
  );
  return rows.map(({ id }) => ({ table: "center.database_reference", id })).filter((row) => !isMade(row));
}

/** The silos' copies of people: who has an account, and who made trips. Those of accounts made since are not the move's. */
async function findGonePeople(
  silos: SiloClients,
  isMade: (row: DirectoryRow) => boolean,
): Promise<readonly DirectoryRow[]> {
  const { rows } = await silos.center.query<{ id: string }>("select id from user_account where imported_at is null");
  const others = new Set(rows.map(({ id }) => id));
  const gone: DirectoryRow[] = [];
  for (const table of copiesOfPeople) {
    const [silo, name] = partsOf(table);
    const { rows: known } = await silos[silo].query<{ id: string }>(`select id from public.${name}`);
    gone.push(...known.map(({ id }) => ({ table, id })).filter((row) => !others.has(row.id) && !isMade(row)));
  }
  return gone;
}

const copiesOfPeople = ["hospital.hospital_user", "ems.agency_user"] as const;

/** Removes such rows, and what other silos know of them, in the callers' transactions. */
export async function forgetDirectoryRows(silos: SiloClients, gone: readonly DirectoryRow[]): Promise<void> {
  const lists = await listsOf(silos.hospital, gone);
  for (const { name: table, key, aggregate, traces } of directoryTables) {
    const ids = gone.filter((row) => row.table === table).map(({ id }) => id);
    if (ids.length === 0) continue;
    const [silo, name] = partsOf(table);
    for (const found of traces) {
      await silos[found.silo].query(`delete from public.${found.table} where ${found.column} = any($1)`, [ids]);
    }
    await silos[silo].query(`delete from public.${name} where ${key} = any($1)`, [ids]);
    if (aggregate !== null) await forgetEvents(silos, silo, { aggregate, ids });
  }
  for (const table of copiesOfPeople) {
    const [silo, name] = partsOf(table);
    const ids = gone.filter((row) => row.table === table).map(({ id }) => id);
    await silos[silo].query(`delete from public.${name} where id = any($1)`, [ids]);
  }
  if (lists.length > 0) await forgetEmptyLists(silos, lists);
}

/** The hospitals whose lists lose somebody. */
async function listsOf(hospital: ClientBase, gone: readonly DirectoryRow[]): Promise<readonly string[]> {
  const ids = gone.filter(({ table }) => table === "hospital.agency_preference").map(({ id }) => id);
  const { rows } = await hospital.query<{ id: string }>(
    "select distinct hospital_id as id from agency_preference where id = any($1)",
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Removes the lists that nobody is on any more. */
async function forgetEmptyLists(silos: SiloClients, lists: readonly string[]): Promise<void> {
  const { rows } = await silos.hospital.query<{ id: string }>(
    `delete from preference_list l where hospital_id = any($1)
        and not exists (select from agency_preference p where p.hospital_id = l.hospital_id)
     returning hospital_id as id`,
    [lists],
  );
  const ids = rows.map(({ id }) => id);
  await silos.ems.query("delete from hospital_preference where hospital_id = any($1)", [ids]);
  await forgetEvents(silos, "hospital", { aggregate: "preference", ids });
}

async function forgetEvents(
  silos: SiloClients,
  producer: ServiceName,
  { aggregate, ids }: { readonly aggregate: string; readonly ids: readonly string[] },
): Promise<void> {
  const which = "aggregate_type = $1 and aggregate_id = any($2)";
  await silos[producer].query(`delete from outbox_event where ${which}`, [aggregate, ids]);
  for (const service of serviceNames) {
    await silos[service].query(`delete from inbox_cursor where ${which}`, [aggregate, ids]);
  }
}

const verdictTables = ["ledger", "issue", "quarantine"] as const;

/** Removes what was decided about rows of the old database, in the callers' transactions. */
export async function forgetVerdicts(silos: SiloClients, sources: readonly SourceRow[]): Promise<void> {
  for (const [table, pks] of Map.groupBy(sources, ({ table: name }) => name)) {
    const owner = findPlannedTable(table)?.owner;
    if (!owner) throw new Error(`no silo owns ${table}`);
    for (const name of verdictTables) await forgetIn(silos[owner], name, { table, pks: pks.map(({ pk }) => pk) });
  }
}

async function forgetIn(
  silo: ClientBase,
  name: (typeof verdictTables)[number],
  { table, pks }: { readonly table: string; readonly pks: readonly string[] },
): Promise<void> {
  await silo.query(`delete from migration.${name} where source_table = $1 and pk = any($2)`, [table, pks]);
}

function partsOf(table: string): readonly [ServiceName, string] {
  const [silo, name = ""] = table.split(".");
  if (silo === "hospital" || silo === "ems" || silo === "center") return [silo, name];
  throw new Error(`${table} is in no silo`);
}
