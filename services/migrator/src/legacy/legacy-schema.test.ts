import { describe, expect, it } from "@jest/globals";
import type { Client } from "pg";
import { anOldDatabase } from "./generator/old-database.builder.ts";
import { joinTables, legacyTables } from "./legacy-tables.ts";
import { legacyEnums } from "./legacy-enums.ts";

describe("the tables of the old database", () => {
  it("are 38 of 520 columns, besides three that join others", async () => {
    await using old = await anOldDatabase();
    const joins = joinTables.map(({ name }) => name);
    const columns = await columnsOf(old.client);
    const own = columns.filter(({ table }) => !joins.includes(table) && table !== "_prisma_migrations");
    expect(new Set(own.map(({ table }) => table)).size).toBe(38);
    expect(own).toHaveLength(520);
    expect(columns.filter(({ table }) => joins.includes(table)).map(({ name }) => name)).toEqual(
      joins.flatMap(() => ["A", "B"]),
    );
  });

  it("have the core columns as a real one shows them", async () => {
    await using old = await anOldDatabase();
    const lines = (await columnsOf(old.client)).map(({ table, name, type, nullable, fallback }) =>
      `${table} | ${name} | ${type} | ${nullable} | ${fallback}`.trim(),
    );
    const known = core
      .trim()
      .split("\n")
      .map((line) => line.trim());
    expect(known).toHaveLength(148);
    expect(known.filter((line) => !lines.includes(line))).toEqual([]);
  });

  it("keep times in milliseconds without zone, and enums by their names", async () => {
    await using old = await anOldDatabase();
    const { rows } = await old.client.query<{ type: string }>(
      `select distinct format_type(atttypid, atttypmod) as type from pg_attribute a join pg_class c on c.oid = attrelid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and attnum > 0 and relname <> '_prisma_migrations'`,
    );
    const types = rows.map(({ type }) => type.replaceAll('"', "")).filter((type) => !(type in legacyEnums));
    const plain = ["boolean", "double precision", "integer", "jsonb", "text", "timestamp(3) without time zone"];
    expect(types.toSorted()).toEqual(plain);
    const labels = await old.client.query<{ name: string; labels: readonly string[] }>(
      "select typname as name, array_agg(enumlabel::text order by enumsortorder) as labels from pg_enum join pg_type t on t.oid = enumtypid group by 1",
    );
    expect(Object.fromEntries(labels.rows.map((row) => [row.name, row.labels]))).toEqual(legacyEnums);
  });

  it("have keys, indexes and foreign keys as they are written down", async () => {
    await using old = await anOldDatabase();
    const { rows } = await old.client.query<Record<"primary" | "unique" | "plain" | "foreign", number>>(
      `select count(*) filter (where indisprimary)::int as primary,
              count(*) filter (where indisunique and not indisprimary)::int as unique,
              count(*) filter (where not indisunique)::int as plain,
              (select count(*)::int from pg_constraint where contype = 'f'
                  and connamespace = 'public'::regnamespace) as foreign
         from pg_index join pg_class c on c.oid = indrelid
        where relnamespace = 'public'::regnamespace and relname <> '_prisma_migrations'`,
    );
    // 11 unique keys and 16 indexes of tables, one index of each join table; two foreign keys of each of those.
    expect(rows).toEqual([{ primary: 41, unique: 11, plain: 19, foreign: 66 + 6 }]);
    expect(legacyTables.every(({ primaryKey }) => primaryKey.join() === "id")).toBe(true);
  });

  it("refuse to delete what is referred to, and forget optional references", async () => {
    await using old = await anOldDatabase();
    const { rows } = await old.client.query<{ rule: string; deleting: string }>(
      `select conrelid::regclass::text || ' ' || conname as rule, confdeltype::text as deleting from pg_constraint
        where conname in ('TransportRequest_createdById_fkey', 'TransportRequest_assignedUnitId_fkey') order by 1`,
    );
    expect(rows.map(({ deleting }) => deleting)).toEqual(["n", "r"]);
  });
});

interface ShownColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: string;
  readonly fallback: string;
}

async function columnsOf(client: Client): Promise<readonly ShownColumn[]> {
  const { rows } = await client.query<ShownColumn>(
    `select table_name as table, column_name as name, udt_name as type, is_nullable as nullable,
            coalesce(column_default, '') as fallback
       from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`,
  );
  return rows;
}

/** Table, column, type, whether null is allowed, default: read from a database that the old application made. */
const core = `
AgencyUser | id | text | NO | 
AgencyUser | agencyId | text | NO | 
AgencyUser | email | text | NO | 
AgencyUser | password | text | NO | 
AgencyUser | name | text | NO | 
AgencyUser | role | AgencyUserRole | NO | 'STAFF'::"AgencyUserRole"
AgencyUser | phone | text | YES | 
AgencyUser | isActive | bool | NO | true
AgencyUser | lastLogin | timestamp | YES | 
AgencyUser | createdAt | timestamp | NO | CURRENT_TIMESTAMP
AgencyUser | updatedAt | timestamp | NO | 
Facility | id | text | NO | 
Facility | name | text | NO | 
Facility | type | FacilityType | NO | 
Facility | address | text | NO | 
Facility | city | text | NO | 
Facility | state | text | NO | 
Facility | zipCode | text | NO | 
Facility | coordinates | jsonb | YES | 
Facility | phone | text | YES | 
Facility | email | text | YES | 
Facility | operatingHours | jsonb | YES | 
Facility | capabilities | jsonb | YES | 
Facility | isActive | bool | NO | true
Facility | createdAt | timestamp | NO | CURRENT_TIMESTAMP
Facility | updatedAt | timestamp | NO | 
HospitalAgencyPreference | id | text | NO | 
HospitalAgencyPreference | hospitalId | text | NO | 
HospitalAgencyPreference | agencyId | text | NO | 
HospitalAgencyPreference | isActive | bool | NO | true
HospitalAgencyPreference | preferenceOrder | int4 | NO | 0
HospitalAgencyPreference | notes | text | YES | 
HospitalAgencyPreference | createdAt | timestamp | NO | CURRENT_TIMESTAMP
HospitalAgencyPreference | updatedAt | timestamp | NO | 
Route | id | text | NO | 
Route | routeNumber | text | NO | 
Route | agencyId | text | NO | 
Route | assignedUnitId | text | YES | 
Route | status | RouteStatus | NO | 'PLANNED'::"RouteStatus"
Route | totalDistanceMiles | float8 | NO | 
Route | estimatedTimeMinutes | int4 | NO | 
Route | emptyMilesReduction | float8 | YES | 
Route | revenueOptimizationScore | float8 | YES | 
Route | chainedTripCount | int4 | NO | 0
Route | estimatedRevenue | float8 | YES | 
Route | plannedStartTime | timestamp | YES | 
Route | actualStartTime | timestamp | YES | 
Route | completionTime | timestamp | YES | 
Route | timeWindowStart | timestamp | YES | 
Route | timeWindowEnd | timestamp | YES | 
Route | optimizationType | RouteOptimizationType | YES | 
Route | milesSaved | float8 | YES | 
Route | unitsSaved | int4 | YES | 
Route | createdById | text | NO | 
Route | createdAt | timestamp | NO | CURRENT_TIMESTAMP
Route | updatedAt | timestamp | NO | 
TransportAgency | id | text | NO | 
TransportAgency | name | text | NO | 
TransportAgency | contactName | text | YES | 
TransportAgency | phone | text | NO | 
TransportAgency | email | text | NO | 
TransportAgency | address | text | NO | 
TransportAgency | city | text | NO | 
TransportAgency | state | text | NO | 
TransportAgency | zipCode | text | NO | 
TransportAgency | serviceArea | jsonb | YES | 
TransportAgency | operatingHours | jsonb | YES | 
TransportAgency | capabilities | jsonb | YES | 
TransportAgency | pricingStructure | jsonb | YES | 
TransportAgency | isActive | bool | NO | true
TransportAgency | createdAt | timestamp | NO | CURRENT_TIMESTAMP
TransportAgency | updatedAt | timestamp | NO | 
TransportAgency | addedBy | text | YES | 
TransportAgency | status | ServiceStatus | NO | 'ACTIVE'::"ServiceStatus"
TransportAgency | addedAt | timestamp | YES | CURRENT_TIMESTAMP
TransportBid | id | text | NO | 
TransportBid | transportRequestId | text | NO | 
TransportBid | agencyId | text | NO | 
TransportBid | agencyUserId | text | NO | 
TransportBid | bidAmount | float8 | YES | 
TransportBid | estimatedArrival | timestamp | YES | 
TransportBid | unitType | TransportLevel | NO | 
TransportBid | specialCapabilities | jsonb | YES | 
TransportBid | notes | text | YES | 
TransportBid | status | BidStatus | NO | 'PENDING'::"BidStatus"
TransportBid | submittedAt | timestamp | NO | CURRENT_TIMESTAMP
TransportBid | reviewedAt | timestamp | YES | 
TransportBid | reviewedBy | text | YES | 
TransportBid | reviewNotes | text | YES | 
TransportBid | createdAt | timestamp | NO | CURRENT_TIMESTAMP
TransportBid | updatedAt | timestamp | NO | 
TransportRequest | id | text | NO | 
TransportRequest | patientId | text | NO | 
TransportRequest | originFacilityId | text | NO | 
TransportRequest | destinationFacilityId | text | NO | 
TransportRequest | transportLevel | TransportLevel | NO | 
TransportRequest | priority | Priority | NO | 'MEDIUM'::"Priority"
TransportRequest | status | RequestStatus | NO | 'PENDING'::"RequestStatus"
TransportRequest | specialRequirements | text | YES | 
TransportRequest | requestTimestamp | timestamp | NO | CURRENT_TIMESTAMP
TransportRequest | pickupTimestamp | timestamp | YES | 
TransportRequest | completionTimestamp | timestamp | YES | 
TransportRequest | assignedAgencyId | text | YES | 
TransportRequest | assignedUnitId | text | YES | 
TransportRequest | createdById | text | NO | 
TransportRequest | createdAt | timestamp | NO | CURRENT_TIMESTAMP
TransportRequest | updatedAt | timestamp | NO | 
TransportRequest | routeOptimizationScore | float8 | YES | 
TransportRequest | chainingOpportunities | jsonb | YES | 
TransportRequest | timeFlexibility | int4 | YES | 
TransportRequest | revenuePotential | float8 | YES | 
TransportRequest | acceptedTimestamp | timestamp | YES | 
TransportRequest | cancellationReason | text | YES | 
TransportRequest | estimatedArrivalTime | timestamp | YES | 
TransportRequest | estimatedPickupTime | timestamp | YES | 
TransportRequest | etaUpdates | jsonb | YES | 
Unit | id | text | NO | 
Unit | agencyId | text | NO | 
Unit | unitNumber | text | NO | 
Unit | type | TransportLevel | NO | 
Unit | capabilities | jsonb | YES | 
Unit | currentStatus | UnitStatus | NO | 'AVAILABLE'::"UnitStatus"
Unit | currentLocation | jsonb | YES | 
Unit | shiftStart | timestamp | YES | 
Unit | shiftEnd | timestamp | YES | 
Unit | isActive | bool | NO | true
Unit | createdAt | timestamp | NO | CURRENT_TIMESTAMP
Unit | updatedAt | timestamp | NO | 
UnitAvailability | id | text | NO | 
UnitAvailability | unitId | text | NO | 
UnitAvailability | status | UnitStatus | NO | 'AVAILABLE'::"UnitStatus"
UnitAvailability | location | jsonb | YES | 
UnitAvailability | shiftStart | timestamp | YES | 
UnitAvailability | shiftEnd | timestamp | YES | 
UnitAvailability | crewMembers | jsonb | YES | 
UnitAvailability | currentAssignment | text | YES | 
UnitAvailability | notes | text | YES | 
UnitAvailability | lastUpdated | timestamp | NO | CURRENT_TIMESTAMP
UnitAvailability | createdAt | timestamp | NO | CURRENT_TIMESTAMP
UnitAvailability | updatedAt | timestamp | NO | 
User | id | text | NO | 
User | email | text | NO | 
User | password | text | NO | 
User | name | text | YES | 
User | role | UserRole | NO | 'COORDINATOR'::"UserRole"
User | isActive | bool | NO | true
User | createdAt | timestamp | NO | CURRENT_TIMESTAMP
User | updatedAt | timestamp | NO | 
`;
