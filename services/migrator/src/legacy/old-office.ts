import type { ClientBase } from "pg";
import { createDice, type Dice } from "./generator/dice.ts";
import { createKeys } from "./generator/keys.ts";

/** A trip that is not over, as far as the people at their screens know. */
export interface OpenTrip {
  readonly id: string;
  status: "PENDING" | "SCHEDULED" | "IN_TRANSIT";
  agencyId: string | null;
  unitId: string | null;
  /** Open bids by id, with their agency. */
  readonly bids: Map<string, string>;
}

/** An agency, with somebody who bids for it, and its units that are free. */
export interface OfficeAgency {
  readonly id: string;
  readonly agencyUserId: string;
  readonly freeUnits: string[];
}

/** Somebody who asks for trips, and from where. */
export interface Requester {
  readonly userId: string;
  readonly facilityId: string;
}

/** What people see who work with the old application: some of what is in its database. */
export interface OldOffice {
  readonly dice: Dice;
  /** An id that no row has, if no other office had this seed. */
  readonly newId: (table: string) => string;
  readonly trips: OpenTrip[];
  readonly agencies: readonly OfficeAgency[];
  readonly requesters: readonly Requester[];
  readonly facilities: readonly string[];
}

/** Ids of new rows are numbered from here: behind those of generated databases. */
const firstNew = 2 ** 29;
/** How much of it an office looks at. */
const some = 400;

/** Looks at a database. @throws Error if there is nobody to work with: agencies with people, facilities and trips. */
export async function openOffice(client: ClientBase, seed: number): Promise<OldOffice> {
  const keys = createKeys(seed);
  let made = firstNew;
  const office: OldOffice = {
    dice: createDice(seed),
    newId: (table) => keys.of(`new ${table}`, made++),
    trips: await readTrips(client),
    agencies: await readAgencies(client),
    requesters: await read<Requester>(
      client,
      `select distinct on (u.id) u.id as "userId", t."originFacilityId" as "facilityId"
         from (select * from "TransportRequest" order by "createdAt" desc limit 5000) t
         join "User" u on u.id = t."createdById" where u."isActive" order by u.id limit ${some}`,
    ),
    facilities: (await read<{ id: string }>(client, `select id from "Facility" order by id limit ${some}`)).map(
      ({ id }) => id,
    ),
  };
  if (office.agencies.length < 2 || office.requesters.length === 0 || office.facilities.length < 2) {
    throw new Error("the old database has nobody to work with");
  }
  return office;
}

async function readTrips(client: ClientBase): Promise<OpenTrip[]> {
  const rows = await read<Omit<OpenTrip, "bids"> & { bids: readonly (readonly [string, string])[] }>(
    client,
    // The old database has no index by which a trip's bids could be found: all at once, then.
    `with trip as (
       select id, status, "assignedAgencyId" as "agencyId", "assignedUnitId" as "unitId"
         from (select * from "TransportRequest" where status in ('PENDING', 'SCHEDULED', 'IN_TRANSIT')
                order by id limit ${some}) t
        where status = 'PENDING' or "assignedAgencyId" is not null)
     select trip.*, coalesce(bids, '[]') as bids
       from trip left join (
         select "transportRequestId" as id, json_agg(json_build_array(id, "agencyId") order by id) as bids
           from "TransportBid" where status = 'PENDING' and "transportRequestId" in (select id from trip) group by 1) b using (id)
      order by id`,
  );
  return rows.map((row) => ({ ...row, bids: new Map(row.bids) }));
}

async function readAgencies(client: ClientBase): Promise<readonly OfficeAgency[]> {
  return read<OfficeAgency>(
    client,
    `with busy as (
       select distinct "assignedUnitId" as id from "TransportRequest"
        where status in ('PENDING', 'SCHEDULED', 'IN_TRANSIT') and "assignedUnitId" is not null)
     select a.id, min(p.id) as "agencyUserId",
            array(select u.id from "Unit" u left join busy on busy.id = u.id
                   where u."agencyId" = a.id and u."isActive" and u."currentStatus" = 'AVAILABLE' and busy.id is null
                   order by u.id) as "freeUnits"
       from "TransportAgency" a join "AgencyUser" p on p."agencyId" = a.id
      where a."isActive" group by a.id order by a.id limit ${some}`,
  );
}

async function read<Row>(client: ClientBase, sql: string): Promise<Row[]> {
  const { rows } = await client.query<Row & object>(sql);
  return rows;
}
