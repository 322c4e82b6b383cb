import { type ClientBase, escapeIdentifier } from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { ChangedKeys } from "../capture/affected-trips.ts";
import { plan } from "../plan/plan.ts";

/**
 * What has been brought over since everything was compared: trips that were moved anew, those of changed bids among them, and
 * the changed rows, which the archive has. People and organizations are compared whole, whatever has changed of them.
 */
export interface VerifyScope {
  readonly tripIds: readonly string[];
  readonly changed: ChangedKeys;
}

/** Records that go with trips; the events, cursors and references of all others are few. */
const narrowedKinds = ["trip", "bid"] as const;

/** The tables of each silo that have a row for each trip or more, and what names the trip. */
const tripTables: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  hospital: { trip: "id", trip_history: "trip_id", trip_milestone: "trip_id", trip_claim: "trip_id" },
  ems: { bid: "trip_id", assignment: "trip_id", trip_copy: "id", available_trip_change: "trip_id" },
  center: { trip_fact: "trip_id" },
};

/** Tables of records of all kinds, and what names kind and record. */
const recordTables: Readonly<Record<ServiceName, Readonly<Record<string, readonly [kind: string, id: string]>>>> = {
  hospital: {
    outbox_event: ["aggregate_type", "aggregate_id"],
    inbox_cursor: ["aggregate_type", "aggregate_id"],
  },
  ems: {
    outbox_event: ["aggregate_type", "aggregate_id"],
    inbox_cursor: ["aggregate_type", "aggregate_id"],
  },
  center: {
    outbox_event: ["aggregate_type", "aggregate_id"],
    inbox_cursor: ["aggregate_type", "aggregate_id"],
    database_reference: ["entity_type", "entity_id"],
  },
};

/** Of the old tables of trips only what is needed is left, under their names: tables of the session's own come first. */
export async function narrowTrips(source: ClientBase, { tripIds, changed }: VerifyScope): Promise<void> {
  await source.query("create temp table v_only (kind text, id text, primary key (kind, id))");
  await addOnly(source, "trip", tripIds);
  await addOnly(source, "bid", changed.get("TransportBid") ?? []);
  await source.query("analyze v_only");
  // Which open trip keeps a unit depends on all of them.
  await source.query(
    `create temp table "TransportRequest" as select * from public."TransportRequest"
      where status in ('SCHEDULED', 'IN_TRANSIT') or id in (select id from v_only where kind = 'trip')`,
  );
  await source.query('analyze "TransportRequest" (id)');
  await source.query(
    `create temp table "TransportBid" as select * from public."TransportBid"
      where "transportRequestId" in (select id from "TransportRequest") or id in (select id from v_only where kind = 'bid')`,
  );
  await source.query('analyze "TransportBid" ("transportRequestId")');
}

/** Once all is decided: what was only needed to decide goes. Answers the bids that are left. */
export async function dropOthers(source: ClientBase): Promise<readonly string[]> {
  await source.query("delete from v_trip where id not in (select id from v_only where kind = 'trip')");
  await source.query(
    `delete from v_bid where id not in (
       select id from "TransportBid" where "transportRequestId" in (select id from v_only where kind = 'trip')
       union select id from v_only where kind = 'bid')`,
  );
  const { rows } = await source.query<{ id: string }>("select id from v_bid");
  return rows.map(({ id }) => id);
}

/** The old tables as the archives keep them: of those that have changed, the changed rows. */
export async function narrowOldTables(source: ClientBase, { changed }: VerifyScope): Promise<void> {
  for (const { name, key } of changedTables(changed)) {
    const table = escapeIdentifier(name);
    await source.query(`create temp table v_changed_${key.id} as select unnest($1::text[]) as pk`, [key.pks]);
    await source.query(
      `create temp view ${table} as select * from public.${table} where ${key.sql} in (select pk from v_changed_${key.id})`,
    );
  }
}

/** What `prepareSilos` makes, but with what has changed alone. @param bidIds as the old database has them. */
export async function narrowSilos(
  silos: Readonly<Record<ServiceName, ClientBase>>,
  { tripIds, changed }: VerifyScope,
  bidIds: readonly string[],
): Promise<void> {
  const { rows } = await silos.ems.query<{ id: string }>("select id from bid where trip_id = any($1)", [tripIds]);
  const bids = new Set([...bidIds, ...rows.map(({ id }) => id), ...(changed.get("TransportBid") ?? [])]);
  for (const service of serviceNames) {
    const silo = silos[service];
    await silo.query("create temp table v_only (kind text, id text, primary key (kind, id))");
    await addOnly(silo, "trip", tripIds);
    await addOnly(silo, "bid", [...bids]);
    await silo.query("analyze v_only");
    for (const [table, trip] of Object.entries(tripTables[service])) {
      await silo.query(
        `create temp view ${table} as select * from public.${table} where ${trip} in (select id from v_only where kind = 'trip')`,
      );
    }
    for (const [table, [kind, id]] of Object.entries(recordTables[service])) {
      await silo.query(narrowedRecords(table, kind, id));
    }
    for (const { name, owner, key } of changedTables(changed)) {
      if (owner !== service) continue;
      await silo.query(`create temp table v_changed_${key.id} as select unnest($1::text[]) as pk`, [key.pks]);
      await silo.query(
        `create temp view ${archiveView(name)} as
           select * from archive.${escapeIdentifier(name)} where ${key.sql} in (select pk from v_changed_${key.id})`,
      );
    }
    await silo.query(
      `create temp view v_ledger as select * from migration.ledger l
        where source_table not in ('TransportRequest', 'TransportBid')
           or source_table = 'TransportRequest' and pk in (select id from v_only where kind = 'trip')
           or source_table = 'TransportBid' and pk in (select id from v_only where kind = 'bid')`,
    );
  }
}

/** The archive and the ledger whole, under the names by which they are compared. */
export async function showAllOfSilos(silos: Readonly<Record<ServiceName, ClientBase>>): Promise<void> {
  for (const { name, owner } of plan) {
    await silos[owner].query(
      `create temp view ${archiveView(name)} as select * from archive.${escapeIdentifier(name)}`,
    );
  }
  for (const service of serviceNames) {
    await silos[service].query("create temp view v_ledger as select * from migration.ledger");
  }
}

/** A table of the archive, as the session that compares it sees it. */
export function archiveView(table: string): string {
  return escapeIdentifier(`v_archive ${table}`);
}

/** By equality with each other kind, so that the index serves. */
function narrowedRecords(table: string, kind: string, id: string): string {
  const parts = narrowedKinds.map(
    (narrowed) =>
      `select * from public.${table} where ${kind} = '${narrowed}' and ${id} in (select id from v_only where kind = '${narrowed}')`,
  );
  const others = otherKinds.map((other) => `'${other}'`).join(", ");
  return `create temp view ${table} as ${[...parts, `select * from public.${table} where ${kind} in (${others})`].join(" union all ")}`;
}

const otherKinds = [
  ...["facility", "preference", "agency", "unit", "route"],
  ...["hospital", "user", "service"],
] as const;

interface ChangedTable {
  readonly name: string;
  readonly owner: ServiceName;
  readonly key: { readonly id: number; readonly sql: string; readonly pks: readonly string[] };
}

function changedTables(changed: ChangedKeys): readonly ChangedTable[] {
  return plan.flatMap(({ name, owner, primaryKey }, id) => {
    const pks = changed.get(name) ?? [];
    const sql = primaryKey.map((column) => escapeIdentifier(column)).join(" || ' ' || ");
    return pks.length === 0 ? [] : [{ name, owner, key: { id, sql, pks } }];
  });
}

async function addOnly(
  client: ClientBase,
  kind: (typeof narrowedKinds)[number],
  ids: readonly string[],
): Promise<void> {
  await client.query("insert into v_only select distinct $1, unnest($2::text[])", [kind, ids]);
}
