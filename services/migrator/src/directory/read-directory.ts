import { type ClientBase, types } from "pg";
import type { DirectoryEvidence, DirectoryInput } from "./directory.ts";
import { groupBy } from "./moved-rows.ts";

/** What resolving the directory needs of the old database. */
export interface DirectorySource {
  readonly input: DirectoryInput;
  readonly evidence: DirectoryEvidence;
}

/**
 * Reads the small tables whole, and of trips and bids what they say about people and organizations: nothing that grows
 * with their number. All of it belongs together only within one snapshot, which is the caller's.
 */
export async function readDirectory(client: ClientBase): Promise<DirectorySource> {
  // As times are read here, whatever the old database prefers.
  await client.query("set datestyle to 'ISO'");
  return { input: await readDirectoryInput(client), evidence: await readDirectoryEvidence(client) };
}

/** Reads the small tables, in the order of their ids. */
async function readDirectoryInput(client: ClientBase): Promise<DirectoryInput> {
  const all = async <Row>(table: string): Promise<readonly Row[]> =>
    read<Row>(client, `select * from "${table}" order by id collate "C"`);
  return {
    users: await all("User"),
    agencyUsers: await all("AgencyUser"),
    facilities: await all("Facility"),
    agencies: await all("TransportAgency"),
    units: await all("Unit"),
    serviceAreas: await all("ServiceArea"),
    preferences: await all("HospitalAgencyPreference"),
    unitAvailabilities: await all("UnitAvailability"),
    routes: await all("Route"),
    routeStops: await all("RouteStop"),
  };
}

/** Counts nothing and lists nobody twice: what matters is who, where, and whether at more than one place. */
async function readDirectoryEvidence(client: ClientBase): Promise<DirectoryEvidence> {
  const origins = await read<{ creator: string; first: string; last: string }>(
    client,
    `select "createdById" as creator, min("originFacilityId" collate "C") as first,
            max("originFacilityId" collate "C") as last
       from "TransportRequest" group by 1`,
  );
  const creators = await read<{ origin: string; creator: string }>(
    client,
    `select distinct trip."originFacilityId" as origin, trip."createdById" collate "C" as creator
       from "TransportRequest" trip join "Facility" place on place.id = trip."originFacilityId"
      where place.type <> 'HOSPITAL' order by 1, 2`,
  );
  const busy = await read<{ id: string }>(
    client,
    // Read once each: the old database has no index by which an agency's trips and bids could be found.
    `select id from "TransportAgency"
      where "serviceArea" ->> 'type' = 'hospital'
        and id in (select "assignedAgencyId" from "TransportRequest" union select "agencyId" from "TransportBid")`,
  );
  return {
    originsByCreator: new Map(
      origins.map(({ creator, first, last }) => [creator, first === last ? [first] : [first, last]]),
    ),
    creatorsByOrigin: new Map(
      [...groupBy(creators, ({ origin }) => origin)].map(([origin, rows]) => [origin, rows.map((row) => row.creator)]),
    ),
    busyAgencies: new Set(busy.map(({ id }) => id)),
  };
}

async function read<Row>(client: ClientBase, text: string): Promise<readonly Row[]> {
  const { rows } = await client.query<Row & object>({ text, types: { getTypeParser } });
  return rows;
}

/** Times of the old database have no zone and are meant in UTC; labels of its own types are text. */
function getTypeParser(oid: number): (text: string) => unknown {
  switch (oid) {
    case types.builtins.TIMESTAMP:
      return utcFrom;
    case types.builtins.INT4:
    case types.builtins.FLOAT8:
      return Number;
    case types.builtins.BOOL:
      return (text) => text === "t";
    case types.builtins.JSONB:
      return (text): unknown => JSON.parse(text);
    default:
      return (text) => text;
  }
}

/** Infinity, and years before Christ, become an invalid Date, which no rule lets pass. */
function utcFrom(text: string): Date {
  return new Date(`${text.replace(" ", "T")}Z`);
}
