import type { ClientBase } from "pg";
import { backOrder, references } from "./back-order.ts";
import { type BackDatabases, jsonRows, readAggregates } from "./silo-aggregates.ts";
import { type Aggregate, oldRow, type Row, text } from "./way-back.ts";
import { type BackKind, waysBack } from "./ways-back.ts";

const rowsAtOnce = 2_000;

/** Rows of the silos, by kind. */
export type Ids = ReadonlyMap<BackKind, ReadonlySet<string>>;

/** Rows for one of the old database's tables. */
export interface OldRows {
  readonly kind: BackKind;
  readonly legacyTable: string;
  readonly rows: readonly Row[];
}

/**
 * What the old database should have for rows of the silos, and for those that they refer to and that it does not know yet.
 * Handed out table by table and a few thousand at once, so that a row's references are dealt with before the row.
 */
export async function eachOldRows(
  databases: BackDatabases,
  ids: Ids,
  use: (rows: OldRows) => Promise<void>,
): Promise<void> {
  const wanted = await withReferences(databases, ids);
  for (const kind of backOrder) {
    for (const slice of slicesOf(wanted.get(kind) ?? [])) {
      const aggregates = await readAggregates(databases, kind, slice);
      if (aggregates.length === 0) continue;
      const complete = await withFacts(databases, kind, aggregates);
      const rows = complete.map((aggregate) => oldRow(waysBack[kind], aggregate));
      await use({ kind, legacyTable: waysBack[kind].legacyTable, rows });
      if (kind === "agencyUser") await useMergedUsers(databases, complete, use);
    }
  }
}

/** So that weeks of work in the silos need no more memory than a minute's. */
function slicesOf(ids: Iterable<string>): readonly (readonly string[])[] {
  const all = [...ids];
  const count = Math.ceil(all.length / rowsAtOnce);
  return Array.from({ length: count }, (_, index) => all.slice(index * rowsAtOnce, (index + 1) * rowsAtOnce));
}

/** Adds what the old database's foreign keys will ask for. */
async function withReferences(databases: BackDatabases, ids: Ids): Promise<Ids> {
  const all = new Map<BackKind, Set<string>>();
  let open: Ids = ids;
  while (open.size > 0) {
    const next = new Map<BackKind, Set<string>>();
    for (const [kind, found] of open) {
      const fresh = [...found].filter((id) => !all.get(kind)?.has(id));
      all.set(kind, new Set([...(all.get(kind) ?? []), ...fresh]));
      for (const slice of slicesOf(fresh)) {
        const plain = await readAggregates(databases, kind, slice);
        const aggregates = kind === "preference" ? await withHospitalUsers(databases, plain) : plain;
        for (const { column, to } of references.filter((reference) => reference.kind === kind)) {
          const named = [...new Set(aggregates.map(({ now }) => text(now, column)).filter((id) => id !== ""))];
          for (const id of await unknownIds(databases.source, waysBack[to].legacyTable, named)) {
            next.set(to, (next.get(to) ?? new Set()).add(id));
          }
        }
      }
    }
    open = new Map([...next].filter(([kind, found]) => [...found].some((id) => !all.get(kind)?.has(id))));
  }
  return all;
}

async function unknownIds(source: ClientBase, legacyTable: string, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const { rows } = await source.query<{ id: string }>(
    `select id from unnest($1::text[]) as named (id) where not exists (select from "${legacyTable}" t where t.id = named.id)`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Puts beside a row what its columns in the old database need to know of others. */
async function withFacts(
  databases: BackDatabases,
  kind: BackKind,
  aggregates: readonly Aggregate[],
): Promise<readonly Aggregate[]> {
  const add = (facts: ReadonlyMap<string, Row>, key: (row: Row) => string): readonly Aggregate[] =>
    aggregates.map((aggregate) => ({
      ...aggregate,
      now: { ...aggregate.now, ...facts.get(key(aggregate.now)) },
    }));
  const list = (name: string): readonly string[] => [...new Set(aggregates.map(({ now }) => text(now, name)))];
  const { source, silos } = databases;
  switch (kind) {
    case "trip":
      return withAcceptedBids(silos.ems, aggregates);
    case "bid":
      return add(await bidFacts(databases, list("id"), aggregates), (row) => text(row, "id"));
    case "agency":
      return add(await userFacts(source, list("added_by")), (row) => text(row, "added_by"));
    case "preference":
      return withHospitalUsers(databases, aggregates);
    case "route":
      return add(await routeFacts(source, aggregates), (row) => text(row, "id"));
    default:
      return aggregates;
  }
}

/** A bid that was accepted before the move says nothing that the old trip does not say itself. */
async function withAcceptedBids(ems: ClientBase, aggregates: readonly Aggregate[]): Promise<readonly Aggregate[]> {
  const rows = await jsonRows(
    ems,
    `select jsonb_build_object('trip_id', trip_id, 'is_as_moved', imported_at is not null and version = 1, 'bid',
              jsonb_build_object('estimated_arrival', estimated_arrival, 'estimated_pickup', estimated_pickup)) as row
       from bid where status = 'ACCEPTED' and trip_id = any($1)`,
    [aggregates.map(({ now }) => text(now, "id"))],
  );
  const bids = new Map(rows.map((row) => [text(row, "trip_id"), row]));
  return aggregates.map(({ now, atMove, original }) => {
    const found = bids.get(text(now, "id"));
    const bid = found?.["bid"] ?? null;
    const before = found?.["is_as_moved"] === true ? bid : null;
    return { now: { ...now, accepted_bid: bid }, atMove: atMove && { ...atMove, accepted_bid: before }, original };
  });
}

async function bidFacts(
  { source, silos }: BackDatabases,
  ids: readonly string[],
  aggregates: readonly Aggregate[],
): Promise<ReadonlyMap<string, Row>> {
  const units = await jsonRows(
    silos.ems,
    `select jsonb_build_object('id', b.id, 'trip_id', b.trip_id, 'unit_type', u.type) as row
       from bid b left join unit u on u.id = b.unit_id where b.id = any($1)`,
    [ids],
  );
  // From the trip itself: EMS's copy may not have heard of its last change.
  const { rows: trips } = await silos.hospital.query<{ id: string; level: string }>(
    "select id, transport_level as level from trip where id = any($1)",
    [units.map((row) => text(row, "trip_id"))],
  );
  const levels = new Map(trips.map(({ id, level }) => [id, level]));
  const bidders = await jsonRows(
    source,
    `select jsonb_build_object('id', b.id, 'agency_user_id', coalesce(
              (select o."agencyUserId" from "TransportBid" o where o.id = b.id),
              (select u.id from "AgencyUser" u where u.id = b.user_id),
              (select u.id from "AgencyUser" u where u."agencyId" = b.agency_id order by u."isActive" desc, u."createdAt", u.id limit 1)
            )) as row
       from unnest($1::text[], $2::text[], $3::text[]) as b (id, agency_id, user_id)`,
    ["id", "agency_id", "submitted_by_user_id"].map((name) => aggregates.map(({ now }) => text(now, name))),
  );
  const facts = new Map<string, Row>(
    units.map(({ trip_id, unit_type = null, ...row }) => {
      const level = (typeof trip_id === "string" && levels.get(trip_id)) || null;
      return [text(row, "id"), { unit_type, trip_level: level }];
    }),
  );
  for (const row of bidders) facts.set(text(row, "id"), { ...facts.get(text(row, "id")), ...row });
  return facts;
}

async function userFacts(source: ClientBase, ids: readonly string[]): Promise<ReadonlyMap<string, Row>> {
  const { rows } = await source.query<{ id: string }>(`select id from "User" where id = any($1)`, [ids]);
  return new Map(rows.map(({ id }) => [id, { added_by_user: id }]));
}

/** The user whose preference it is in the old database; for a new one, the hospital's first. */
async function withHospitalUsers(
  { source, silos }: BackDatabases,
  aggregates: readonly Aggregate[],
): Promise<readonly Aggregate[]> {
  const listed = (name: string): readonly string[] => aggregates.map(({ now }) => text(now, name));
  const known = await source.query<{ id: string; user_id: string }>(
    `select id, "hospitalId" as user_id from "HospitalAgencyPreference" where id = any($1)`,
    [listed("id")],
  );
  const first = await silos.center.query<{ id: string; user_id: string }>(
    `select distinct on (hospital_id) hospital_id as id, id as user_id from user_account
      where user_type = 'HOSPITAL' and hospital_id = any($1) order by hospital_id, is_active desc, created_at, id`,
    [listed("hospital_id")],
  );
  const [ofRow, ofHospital] = [known, first].map(({ rows }) => new Map(rows.map((row) => [row.id, row.user_id])));
  return aggregates.map((aggregate) => {
    const { now } = aggregate;
    const userId = ofRow?.get(text(now, "id")) ?? ofHospital?.get(text(now, "hospital_id")) ?? null;
    return { ...aggregate, now: { ...now, hospital_user_id: userId } };
  });
}

async function routeFacts(source: ClientBase, aggregates: readonly Aggregate[]): Promise<ReadonlyMap<string, Row>> {
  const rows = await jsonRows(
    source,
    `select jsonb_build_object('id', r.id,
              'route_number', r.name || case when exists (
                select from "Route" o where o."routeNumber" = r.name and o.id <> r.id) then ' #' || right(r.id, 6) else '' end,
              'route_creator', coalesce((select o."createdById" from "Route" o where o.id = r.id),
                (select a."addedBy" from "TransportAgency" a where a.id = r.agency_id),
                (select u.id from "User" u order by u.role = 'ADMIN' desc, u."createdAt", u.id limit 1))) as row
       from unnest($1::text[], $2::text[], $3::text[]) as r (id, name, agency_id)`,
    ["id", "route_name", "agency_id"].map((name) => aggregates.map(({ now }) => text(now, name))),
  );
  return new Map(rows.map((row) => [text(row, "id"), row]));
}

/**
 * Accounts that are one in Center were two in the old database (R-EMAIL). What has changed about the one goes to the other,
 * too: a password that is good for one only would be a way in for whoever it was taken from.
 */
async function useMergedUsers(
  { silos }: BackDatabases,
  aggregates: readonly Aggregate[],
  use: (rows: OldRows) => Promise<void>,
): Promise<void> {
  const people = new Map(aggregates.map((aggregate) => [text(aggregate.now, "id"), aggregate]));
  const merged = await jsonRows(
    silos.center,
    `select jsonb_build_object('into_id', l.into_id, 'original', to_jsonb(u)) as row
       from migration.ledger l join archive."User" u on u.id = l.pk
      where l.source_table = 'User' and l.fate = 'MERGED' and l.into_id = any($1)`,
    [[...people.keys()]],
  );
  const rows = merged.flatMap((row) => {
    const person = people.get(text(row, "into_id"));
    const original = row["original"] as Row;
    const columns = waysBack.user.columns.filter(({ column }) => ["password", "name", "isActive"].includes(column));
    return person ? [oldRow({ ...waysBack.user, columns }, { ...person, original })] : [];
  });
  if (rows.length > 0) await use({ kind: "user", legacyTable: "User", rows });
}
