import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { sql } from "kysely";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { type Database, openDatabase, type Tx } from "#platform/database/database.ts";
import { migrate } from "#platform/database/migrate.ts";
import type { Entities } from "#platform/database/database.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import type { MigrationObject } from "@mikro-orm/postgresql";
import { migrations as emsMigrations } from "../../../ems/migrations/migrations.ts";
import { listBids } from "../../../ems/src/bids/bid.store.ts";
import { listAssignments } from "../../../ems/src/dispatch/assignment.store.ts";
import { emsEntities } from "../../../ems/src/entities.ts";
import { migrations as hospitalMigrations } from "../../../hospital/migrations/migrations.ts";
import { hospitalEntities } from "../../../hospital/src/entities.ts";
import { messageFromCourse } from "../../../hospital/src/trips/trip.message.ts";
import { selectTrips } from "../../../hospital/src/trips/trip.store.ts";
import type { Moved } from "../moved.ts";
import type { TargetRow } from "../target/target-tables.ts";
import {
  aBid,
  aDirectory,
  aDossier,
  agencies,
  aQueueEntry,
  at,
  aTrip,
  aUnitAssignment,
  places,
  units,
} from "./dossier.builder.ts";
import type { Dossier } from "./dossier.ts";
import { moveDossier } from "./move-dossier.ts";
import { claimUnits } from "./unit-claims.ts";
import { isUsableTime } from "./usable.ts";

const directory = aDirectory();
const options = { importedAt: at("13:00") };

const time = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 7, max: 11 }).map((hour) => at(`${String(hour).padStart(2, "0")}:00`)) },
  { weight: 1, arbitrary: fc.constantFrom(new Date(Number.NaN), new Date("+020000-01-01"), new Date("0001-01-01")) },
);
const soundTime = fc.integer({ min: 7, max: 11 }).map((hour) => at(`${String(hour).padStart(2, "0")}:30`));
const text = fc.constantFrom(null, "", "Zoë’s 🚑 \t\n", "x".repeat(5_000));
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 3 });
/** Mostly the first: so that trips have something to quarrel about. */
const mostly = <T>(first: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const agencyId = mostly("swift", "calm", "phantom", "gone");
const unitId = mostly("swift-1", "swift-2", "calm-1", "gone");
const amount = fc.oneof(fc.double(), fc.constantFrom(-0, 0.005, 99_999_999.99, 99_999_999.995, 1e300));

const tripFields = fc.record({
  patientId: fc.constantFrom("P0A1B2C3D", "MRN-4711", ""),
  originFacilityId: mostly("mercy", "general", "nursing-home", "gone"),
  destinationFacilityId: mostly("general", "mercy", "nursing-home", "gone"),
  transportLevel: fc.constantFrom("BLS", "ALS", "CCT", "OTHER"),
  priority: fc.constantFrom("LOW", "MEDIUM", "HIGH", "URGENT"),
  status: fc.constantFrom("PENDING", "SCHEDULED", "IN_TRANSIT", "COMPLETED", "CANCELLED"),
  specialRequirements: text,
  requestTimestamp: soundTime,
  pickupTimestamp: orNull(time),
  completionTimestamp: orNull(time),
  acceptedTimestamp: orNull(time),
  assignedAgencyId: orNull(agencyId),
  assignedUnitId: orNull(unitId),
  createdById: fc.constantFrom("nurse", "operator", "twin", "nobody"),
  createdAt: soundTime,
  updatedAt: soundTime,
  cancellationReason: text,
  estimatedArrivalTime: orNull(time),
  estimatedPickupTime: orNull(time),
});

const bidFields = fc.record({
  agencyId,
  agencyUserId: fc.constantFrom("dispatcher", "somebody"),
  bidAmount: orNull(amount),
  estimatedArrival: orNull(time),
  notes: text,
  status: fc.constantFrom("PENDING", "PENDING", "ACCEPTED", "ACCEPTED", "REJECTED", "EXPIRED", "WITHDRAWN"),
  submittedAt: fc.oneof({ weight: 9, arbitrary: soundTime }, time),
  reviewedAt: orNull(time),
  reviewNotes: fc.constantFrom(null, "Bid withdrawn by agency", "no"),
  updatedAt: soundTime,
});

const parts = fc.record({
  trip: tripFields,
  bids: fc.array(bidFields, { maxLength: 6 }),
  unitAssignments: fc.array(fc.record({ unitId, createdAt: time }), { maxLength: 2 }),
  queueEntries: fc.array(fc.record({ assignedProviderId: orNull(agencyId), queueTimestamp: time }), { maxLength: 2 }),
});

/** Dossiers full of contradictions, which want the same few units. */
const dossiers: fc.Arbitrary<readonly Dossier[]> = fc.array(parts, { minLength: 1, maxLength: 12 }).map((all) =>
  all.map((it, n) =>
    aDossier(aTrip({ ...it.trip, id: `trip-${n}` }), {
      bids: it.bids.map((bid, m) => aBid({ ...bid, id: `bid-${n}-${m}`, transportRequestId: `trip-${n}` })),
      unitAssignments: it.unitAssignments.map((each, m) => aUnitAssignment({ ...each, id: `assignment-${m}` })),
      queueEntries: it.queueEntries.map((each, m) => aQueueEntry({ ...each, id: `queue-${m}` })),
    }),
  ),
);

async function moveAll(all: readonly Dossier[]): Promise<Moved> {
  const unitClaims = await claimUnits(all, directory);
  const moved = all.map((dossier) => moveDossier(dossier, directory, { unitClaims, options }));
  return {
    rows: moved.flatMap(({ rows }) => rows),
    verdicts: moved.flatMap(({ verdicts }) => verdicts),
    issues: moved.flatMap(({ issues }) => issues),
  };
}

/** Inserts the rows of one silo, in their order. */
async function insertRows(tx: Tx, rows: readonly TargetRow[], silo: "hospital" | "ems"): Promise<void> {
  for (const { table, row } of rows) {
    const [schema, name] = table.split(".");
    if (schema !== silo) continue;
    const columns = Object.keys(row).join(", ");
    await tx.execute(`insert into ${name} (${columns}) select ${columns} from json_populate_record(null::${name}, ?)`, [
      JSON.stringify(row),
    ]);
  }
}

class RolledBack extends Error {}

/** Does something in a transaction that leaves nothing behind. */
async function andRollBack(database: Database, work: (tx: Tx) => Promise<void>): Promise<void> {
  const done = database.transaction(async (tx) => {
    await work(tx);
    throw new RolledBack();
  });
  await expect(done).rejects.toThrow(RolledBack);
}

let opened: AsyncDisposableStack;
let hospital: Database;
let ems: Database;

async function openSilo(
  postgres: TestPostgres,
  { service, migrations, entities }: { service: ServiceName; migrations: MigrationObject[]; entities: Entities },
): Promise<Database> {
  const { log } = createMemoryLog(service);
  const { ownerUrl, appRole } = await postgres.createDatabase(`dossier_${service}`);
  await migrate({ ownerUrl, appRole, migrations, log });
  return opened.adopt(await openDatabase({ url: ownerUrl, service, entities, log }), (it) => it.close());
}

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const postgres = opened.use(await startTestPostgres());
  hospital = await openSilo(postgres, {
    ...{ service: "hospital", migrations: [...hospitalMigrations], entities: hospitalEntities },
  });
  ems = await openSilo(postgres, { service: "ems", migrations: [...emsMigrations], entities: emsEntities });
  for (const { id, hospitalId } of places) {
    await hospital.fork().execute(
      `insert into facility (id, hospital_id, name, type, address, city, state, zip_code, county, capabilities, active,
         version, created_at, updated_at) values (?, ?, ?, 'HOSPITAL', '', '', '', '', '', '{}', true, 1, now(), now())`,
      [id, hospitalId, id],
    );
  }
  for (const { id } of agencies.filter(({ isReal }) => isReal)) {
    await ems.fork().execute(
      `insert into agency (id, name, added_at, address, capabilities, city, contact_name, created_at, email, is_active,
         operating_hours, phone, service_area, state, status, updated_at, version, zip_code)
       values (?, ?, now(), '', '{}', '', '', now(), '', true, '', '', '{}', '', 'ACTIVE', now(), 1, '')`,
      [id, id],
    );
  }
  for (const { id, agencyId: owner, type } of units) {
    await ems.fork().execute(
      `insert into unit (id, agency_id, capabilities, created_at, is_active, status, type, unit_number, updated_at, version)
       values (?, ?, '{}', now(), true, 'AVAILABLE', ?, ?, now(), 1)`,
      [id, owner, type, id],
    );
  }
}, 60_000);

afterAll(() => opened.disposeAsync());

describe("dossiers of any kind", () => {
  it("give rows that the silos' tables take and their services can read", async () => {
    await fc.assert(
      fc.asyncProperty(dossiers, async (all) => {
        const { rows } = await moveAll(all);
        const [tripCount = 0, bidCount = 0, awardCount = 0] = (
          ["hospital.trip", "ems.bid", "ems.assignment"] as const
        ).map((name) => rows.filter(({ table }) => table === name).length);
        await andRollBack(hospital, async (tx) => {
          await insertRows(tx, rows, "hospital");
          const trips = await selectTrips(tx, sql`where t.imported_at is not null`);
          expect(trips).toHaveLength(tripCount);
          for (const trip of trips) messageFromCourse(trip);
        });
        await andRollBack(ems, async (tx) => {
          await insertRows(tx, rows, "ems");
          const any = { tripId: undefined, agencyId: undefined, after: undefined, limit: 1_000 };
          expect(await listBids(tx, { ...any, reach: "all", statuses: [] })).toHaveLength(bidCount);
          expect(await listAssignments(tx, { ...any, states: ["CONFIRMED"] })).toHaveLength(awardCount);
        });
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it("have a verdict for the trip and every bid, and a row for each that is migrated", async () => {
    await fc.assert(
      fc.asyncProperty(dossiers, async (all) => {
        const { rows, verdicts } = await moveAll(all);
        const sources = all.flatMap(({ trip, bids }) => [
          `TransportRequest ${trip.id}`,
          ...bids.map(({ id }) => `TransportBid ${id}`),
        ]);
        expect(verdicts.map(({ table, pk }) => `${table} ${pk}`).toSorted()).toEqual(sources.toSorted());
        const migrated = verdicts.filter(({ fate }) => fate === "MIGRATED").map(({ pk }) => pk);
        const ids = rows.flatMap((it) => (it.table === "hospital.trip" || it.table === "ems.bid" ? [it.row.id] : []));
        expect(ids.toSorted()).toEqual(migrated.toSorted());
        expect(verdicts.every(({ fate, reason }) => (fate === "QUARANTINED") === (reason !== undefined))).toBe(true);
      }),
    );
  });

  it("hold no time that a message cannot carry", async () => {
    await fc.assert(
      fc.asyncProperty(dossiers, async (all) => {
        const { rows } = await moveAll(all);
        const times = rows.flatMap(({ row }) => Object.values(row).filter((value) => value instanceof Date));
        expect(times.filter((value) => !isUsableTime(value))).toEqual([]);
      }),
    );
  });

  it("agree about who has a trip that is underway, in both silos", async () => {
    await fc.assert(
      fc.asyncProperty(dossiers, async (all) => {
        const { rows } = await moveAll(all);
        const trips = rows.flatMap((it) => (it.table === "hospital.trip" ? [it.row] : []));
        const awards = rows.flatMap((it) => (it.table === "ems.assignment" ? [it.row] : []));
        const claims = rows.flatMap((it) => (it.table === "hospital.trip_claim" ? [it.row] : []));
        const underway = trips.filter(({ status }) => status === "ASSIGNED" || status === "IN_PROGRESS");
        const said = underway.map((it) => [it.id, it.assigned_agency_id, it.assigned_unit_id, it.accepted_attempt_id]);
        expect(awards.map((it) => [it.trip_id, it.agency_id, it.unit_id, it.attempt_id])).toEqual(said);
        expect(claims.map((it) => [it.trip_id, it.agency_id, it.attempt_id])).toEqual(
          said.map(([a, b, , d]) => [a, b, d]),
        );
      }),
    );
  });

  it("tell nothing about patients, and no free text", async () => {
    await fc.assert(
      fc.asyncProperty(dossiers, async (all) => {
        const { issues, verdicts } = await moveAll(all);
        expect(JSON.stringify({ issues, verdicts })).not.toMatch(/MRN|4711|Zo|xxx/);
      }),
    );
  });
});
