import type { ClientBase } from "pg";
import { legacyTables } from "../legacy-tables.ts";
import { insertRows } from "./insert-rows.ts";
import { agencyRow, facilityRow } from "./plain-places.ts";

/** A row that must be quarantined, and why. */
export interface BadRow {
  readonly table: string;
  readonly pk: string;
  readonly reason: string;
  /** False if the row itself was left alone. */
  readonly isPlanted?: boolean;
  /** The trip that the row belongs to, which must stay sound. */
  readonly tripId?: string;
}

/** A way to make rows bad. */
export interface BadKind {
  readonly kind: string;
  /** The ids of rows that could be made bad in this way. */
  readonly pool: string;
  /** True if the old database has few such rows. */
  readonly isScarce: boolean;
  /** Makes these rows bad, and tells all that must be quarantined for it: as many planted ones as there are ids. */
  readonly spoil: (client: ClientBase, ids: readonly string[]) => Promise<readonly BadRow[]>;
}

/** The ids of plain generated rows: see `createKeys`. */
const isPlain = (column: string): string => `${column} ~ '^c0[0-9a-f]{23}$'`;

const closedTrips = `select id from "TransportRequest" trip where status in ('COMPLETED', 'CANCELLED') and ${isPlain("id")}`;
const rejectedBids = `select id from "TransportBid" where status = 'REJECTED' and ${isPlain("id")}`;
/** People of hospitals and of Center whose address nobody else has in any spelling. */
const ownAddress = `
  select id, email, "updatedAt" from "User" u where role <> 'TRANSPORT_AGENCY' and ${isPlain("id")}
     and not exists (select from "AgencyUser" a where lower(a.email) = lower(u.email))
     and not exists (select from "User" o where lower(o.email) = lower(u.email) and o.id <> u.id)`;

/** Every way, in the order in which they are planted: the scarce ones first, and bids before trips, which go by their trips. */
export const badKinds: readonly BadKind[] = [
  {
    kind: "EMAIL_TAKEN",
    isScarce: true,
    pool: `select id from (${ownAddress}) own 
       where not exists (select from "HospitalAgencyPreference" p where p."hospitalId" = own.id)`,
    spoil: takeAddresses,
  },
  {
    kind: "EMAIL_OF_USER",
    isScarce: true,
    pool: `select id from "AgencyUser" a where ${isPlain("id")}
       and not exists (select from "User" u where lower(btrim(u.email)) = lower(a.email))`,
    spoil: takeUsersAddresses,
  },
  {
    kind: "UNIT_AT_INFINITY",
    isScarce: true,
    pool: `select id from "Unit" u where ${isPlain("id")} and not exists (select from "TransportRequest" t
       where t."assignedUnitId" = u.id and status in ('PENDING', 'SCHEDULED', 'IN_TRANSIT'))`,
    spoil: spoilUnits,
  },
  {
    kind: "BID_WITH_UNUSABLE_ID",
    isScarce: false,
    pool: rejectedBids,
    spoil: spoilBids(`id = left(id, 12) || '/' || right(id, 12)`, "ID_NOT_USABLE"),
  },
  {
    kind: "BID_AT_INFINITY",
    isScarce: false,
    pool: rejectedBids,
    spoil: spoilBids(`"submittedAt" = '-infinity'`, "TIME_OUT_OF_RANGE"),
  },
  {
    kind: "IN_TRANSIT_WITHOUT_AGENCY",
    isScarce: false,
    pool: `${closedTrips}
       and not exists (select from "TransportBid" b where b."transportRequestId" = trip.id and b.status = 'ACCEPTED')
       and not exists (select from "UnitAssignment" u where u."transportRequestId" = trip.id)
       and not exists (select from "TransportQueue" q where q."transportRequestId" = trip.id)`,
    spoil: spoilTrips(
      'status = \'IN_TRANSIT\', "assignedAgencyId" = null, "assignedUnitId" = null',
      "IN_PROGRESS_WITHOUT_AGENCY",
    ),
  },
  {
    kind: "IN_TRANSIT_WITHOUT_UNIT",
    isScarce: false,
    pool: closedTrips,
    spoil: spoilTrips("status = 'IN_TRANSIT', \"assignedUnitId\" = null", "IN_PROGRESS_WITHOUT_UNIT"),
  },
  {
    kind: "OPEN_TRIP_TO_ITS_ORIGIN",
    isScarce: false,
    pool: closedTrips,
    spoil: spoilTrips('status = \'PENDING\', "destinationFacilityId" = "originFacilityId"', "OPEN_TRIP_TO_ITS_ORIGIN"),
  },
  {
    kind: "TRIP_AT_INFINITY",
    isScarce: false,
    pool: closedTrips,
    spoil: spoilTrips(
      "\"requestTimestamp\" = case when \"patientId\" < 'P8' then timestamp 'infinity' else timestamp '12026-01-01' end",
      "TIME_OUT_OF_RANGE",
    ),
  },
  { kind: "TRIP_WITH_UNUSABLE_ID", isScarce: false, pool: closedTrips, spoil: spoilTripIds },
  { kind: "TRIP_TO_UNUSABLE_FACILITY", isScarce: false, pool: closedTrips, spoil: sendToUnusableFacility },
  { kind: "TRIP_OF_UNUSABLE_AGENCY", isScarce: false, pool: closedTrips, spoil: giveToUnusableAgency },
];

/** Each takes somebody else's address, in other letters; whoever changed last keeps it. */
async function takeAddresses(client: ClientBase, ids: readonly string[]): Promise<readonly BadRow[]> {
  await client.query(
    `update "User" set email = upper(victim.email), "updatedAt" = victim."updatedAt" - interval '1 day'
       from unnest($1::text[]) with ordinality taker(id, n)
       join (select email, "updatedAt", row_number() over (order by id) as n from (${ownAddress}) own where not id = any($1)) victim
         using (n)
      where "User".id = taker.id`,
    [ids],
  );
  return ids.map((pk) => ({ table: "User", pk, reason: "EMAIL_TAKEN" }));
}

async function takeUsersAddresses(client: ClientBase, ids: readonly string[]): Promise<readonly BadRow[]> {
  await client.query(
    `update "AgencyUser" set email = upper(left(victim.email, 1)) || substr(victim.email, 2)
       from unnest($1::text[]) with ordinality taker(id, n)
       join (select email, row_number() over (order by id desc) as n from (${ownAddress}) own) victim using (n)
      where "AgencyUser".id = taker.id`,
    [ids],
  );
  return ids.map((pk) => ({ table: "AgencyUser", pk, reason: "EMAIL_OF_USER" }));
}

async function spoilUnits(client: ClientBase, ids: readonly string[]): Promise<readonly BadRow[]> {
  await client.query(`update "Unit" set "createdAt" = 'infinity' where id = any($1)`, [ids]);
  const { rows } = await client.query<{ id: string }>(`select id from "UnitAvailability" where "unitId" = any($1)`, [
    ids,
  ]);
  return [
    ...ids.map((pk) => ({ table: "Unit", pk, reason: "TIME_OUT_OF_RANGE" })),
    ...rows.map(({ id }) => ({ table: "UnitAvailability", pk: id, reason: "UNIT_NOT_MOVED", isPlanted: false })),
  ];
}

/** @param changes the `set` clause that makes trips bad. */
function spoilTrips(changes: string, reason: string): BadKind["spoil"] {
  return async (client, ids) => {
    await client.query(`update "TransportRequest" set ${changes} where id = any($1)`, [ids]);
    return badTrips(client, ids, reason);
  };
}

async function badTrips(client: ClientBase, ids: readonly string[], reason: string): Promise<readonly BadRow[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from "TransportBid" where "transportRequestId" = any($1)`,
    [ids],
  );
  return [
    ...ids.map((pk) => ({ table: "TransportRequest", pk, reason })),
    ...rows.map(({ id }) => ({ table: "TransportBid", pk: id, reason: "TRIP_QUARANTINED", isPlanted: false })),
  ];
}

/** Ids with a space or a letter of another language, or with too many characters. Whatever refers to the trips follows. */
async function spoilTripIds(client: ClientBase, ids: readonly string[]): Promise<readonly BadRow[]> {
  const tails = [" 1", "é", "x".repeat(40)];
  const bad = ids.map((id, index) => id + (tails[index % tails.length] ?? ""));
  const rename = (table: string, column: string) =>
    client.query(
      `update "${table}" set "${column}" = renamed.bad
         from unnest($1::text[], $2::text[]) renamed(good, bad) where "${column}" = renamed.good`,
      [ids, bad],
    );
  await rename("TransportRequest", "id");
  for (const { name, foreignKeys } of legacyTables) {
    for (const { column, references } of foreignKeys) if (references === "TransportRequest") await rename(name, column);
  }
  await rename("_RouteToTransportRequest", "B");
  return badTrips(client, bad, "ID_NOT_USABLE");
}

/** The facility is one of the rows that are planted. */
async function sendToUnusableFacility(client: ClientBase, ids: readonly string[]): Promise<readonly BadRow[]> {
  const place = facilityRow({ id: "facility of nobody" }, 1);
  await insertRows(client, "Facility", [place]);
  const trips = ids.slice(1);
  await client.query(`update "TransportRequest" set "destinationFacilityId" = $2 where id = any($1)`, [
    trips,
    place.id,
  ]);
  return [
    { table: "Facility", pk: place.id, reason: "ID_NOT_USABLE" },
    ...(await badTrips(client, trips, "FACILITY_NOT_MOVED")),
  ];
}

/** The agency is one of the rows that are planted. */
async function giveToUnusableAgency(client: ClientBase, ids: readonly string[]): Promise<readonly BadRow[]> {
  const agency = agencyRow({ id: "agency of nobody" }, 1);
  await insertRows(client, "TransportAgency", [agency]);
  const trips = ids.slice(1);
  await client.query(`update "TransportRequest" set status = 'SCHEDULED', "assignedAgencyId" = $2 where id = any($1)`, [
    trips,
    agency.id,
  ]);
  return [
    { table: "TransportAgency", pk: agency.id, reason: "ID_NOT_USABLE" },
    ...(await badTrips(client, trips, "AGENCY_NOT_MOVED")),
  ];
}

/** @param changes the `set` clause that makes bids bad; their trips stay sound. */
function spoilBids(changes: string, reason: string): BadKind["spoil"] {
  return async (client, ids) => {
    const { rows } = await client.query<{ id: string; trip: string }>(
      `update "TransportBid" set ${changes} where id = any($1) returning id, "transportRequestId" as trip`,
      [ids],
    );
    return rows.map(({ id, trip }) => ({ table: "TransportBid", pk: id, reason, tripId: trip }));
  };
}
