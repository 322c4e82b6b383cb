import type { ClientBase } from "pg";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { ResolvedKind } from "./resolution.ts";

/** Changed rows of the old database: their primary keys by table. */
export type ChangedKeys = ReadonlyMap<string, readonly string[]>;

/** Tables whose rows are part of a trip's dossier, the silo whose archive has them, and the column that names the trip. */
const dossierTables = [
  { table: "TransportBid", silo: "ems" },
  { table: "UnitAssignment", silo: "ems" },
  { table: "TransportQueue", silo: "hospital" },
] as const;

/**
 * The trips whose dossiers have changed: those that a changed row belongs to now, and those that it belonged to when it
 * was archived last, since it may have gone or gone over to another.
 */
export async function tripsOfChangedRows(
  source: ClientBase,
  silos: SiloClients,
  changed: ChangedKeys,
): Promise<ReadonlySet<string>> {
  const trips = new Set(changed.get("TransportRequest") ?? []);
  for (const { table, silo } of dossierTables) {
    const keys = changed.get(table) ?? [];
    if (keys.length === 0) continue;
    for (const [client, name] of [
      [source, `"${table}"`],
      [silos[silo], `archive."${table}"`],
    ] as const) {
      const { rows } = await client.query<{ id: string }>(
        `select distinct "transportRequestId" as id from ${name} where id = any($1) and "transportRequestId" is not null`,
        [keys],
      );
      for (const { id } of rows) trips.add(id);
    }
  }
  return trips;
}

const queries: Readonly<Record<Exclude<ResolvedKind, "claim">, string>> = {
  user: `select id from "TransportRequest" where "createdById" = any($1)`,
  agencyUser: `select "transportRequestId" as id from "TransportBid" where "agencyUserId" = any($1)`,
  facility: `select id from "TransportRequest" where "originFacilityId" = any($1) or "destinationFacilityId" = any($1)`,
  agency: `
    select id from "TransportRequest" where "assignedAgencyId" = any($1)
    union select "transportRequestId" from "TransportBid" where "agencyId" = any($1)
    union select "transportRequestId" from "TransportQueue" where "assignedProviderId" = any($1)
    union select t.id from "TransportRequest" t join "Unit" u on u.id = t."assignedUnitId" where u."agencyId" = any($1)`,
  unit: `
    select id from "TransportRequest" where "assignedUnitId" = any($1)
    union select "transportRequestId" from "UnitAssignment" where "unitId" = any($1) and "transportRequestId" is not null`,
};

/** The trips that are moved another way because what they refer to resolves to something else now. */
export async function tripsOfResolution(
  source: ClientBase,
  changed: ReadonlyMap<ResolvedKind, readonly string[]>,
): Promise<ReadonlySet<string>> {
  const trips = new Set<string>();
  for (const [kind, ids] of changed) {
    const found =
      kind === "claim" ? ids : (await source.query<{ id: string }>(queries[kind], [ids])).rows.map(({ id }) => id);
    for (const id of found) trips.add(id);
  }
  return trips;
}
