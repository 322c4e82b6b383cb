import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { sql } from "kysely";
import { Client } from "pg";
import { type Database, openDatabase } from "#platform/database/database.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { hospitalEntities } from "../src/entities.ts";
import { findTrip } from "../src/trips/trip.store.ts";
import { selectTripVersions } from "../src/trips/trip-version.store.ts";
import { migrations } from "./migrations.ts";

const attempt = "019ab0c8-0000-7000-8000-000000000001";

/** Trips as they were written before: one that is over, whose unit was swapped, one given up, one that waits. */
const earlier = `
  insert into facility (id, hospital_id, name, type, address, city, state, zip_code, county, capabilities, active,
      version, created_at, updated_at)
    select id, 'mercy', id, 'HOSPITAL', '', '', '', '', 'Blair', '{}', true, 1, now(), now()
      from (values ('origin'), ('destination')) as f (id);
  insert into trip (id, trip_number, hospital_id, patient_id, origin_facility_id, destination_facility_id,
      transport_level, priority, status, award_policy, special_requirements, cancellation_reason, request_time,
      accept_time, pickup_time, completion_time, cancel_time, assigned_agency_id, assigned_unit_id,
      accepted_attempt_id, created_by_user_id, version, material_version, created_at, updated_at)
    values
      ('over', 'T-1', 'mercy', 'P-1', 'origin', 'destination', 'ALS', 'HIGH', 'COMPLETED', 'MANUAL', 'oxygen', null,
       '2026-01-05 08:00Z', '2026-01-05 08:10Z', '2026-01-05 08:30Z', '2026-01-05 08:55Z', null, 'blair', 'unit-2',
       '${attempt}', 'u1', 6, 1, '2026-01-05 08:00Z', '2026-01-05 09:30Z'),
      ('given-up', 'T-2', 'mercy', 'P-2', 'origin', 'destination', 'BLS', 'LOW', 'CANCELLED', 'FIRST_ACCEPT', '',
       'better', '2026-01-05 08:00Z', null, null, null, '2026-01-05 08:20Z', null, null, null, 'u1', 2, 1,
       '2026-01-05 08:00Z', '2026-01-05 08:21Z'),
      ('waiting', 'T-3', 'mercy', 'P-3', 'origin', 'destination', 'BLS', 'URGENT', 'PENDING', 'FIRST_ACCEPT', '', null,
       '2026-01-05 08:00Z', null, null, null, null, null, null, null, 'u1', 1, 1,
       '2026-01-05 08:00Z', '2026-01-05 08:00Z');
  insert into trip_history (trip_id, version, occur_time, change, from_status, to_status, user_id, agency_id, unit_id,
      milestone)
    values
      ('over', 1, '2026-01-05 08:00Z', 'created', null, 'PENDING', 'u1', null, null, null),
      ('over', 2, '2026-01-05 08:10Z', 'accepted', 'PENDING', 'ASSIGNED', 'u2', 'blair', 'unit-1', null),
      ('over', 3, '2026-01-05 08:15Z', 'milestone_recorded', 'ASSIGNED', 'ASSIGNED', 'u2', 'blair', 'unit-1', 'EN_ROUTE'),
      ('over', 4, '2026-01-05 08:20Z', 'unit_assigned', 'ASSIGNED', 'ASSIGNED', 'u2', 'blair', 'unit-2', null),
      ('over', 5, '2026-01-05 08:31Z', 'started', 'ASSIGNED', 'IN_PROGRESS', 'u2', 'blair', 'unit-2', 'LEFT_ORIGIN'),
      ('over', 6, '2026-01-05 09:30Z', 'completed', 'IN_PROGRESS', 'COMPLETED', 'u2', 'blair', 'unit-2',
       'TRANSFER_OF_CARE'),
      ('given-up', 1, '2026-01-05 08:00Z', 'created', null, 'PENDING', 'u1', null, null, null),
      ('given-up', 2, '2026-01-05 08:21Z', 'cancelled', 'PENDING', 'CANCELLED', 'u1', null, null, null),
      ('waiting', 1, '2026-01-05 08:00Z', 'created', null, 'PENDING', 'u1', null, null, null);
  insert into trip_milestone (trip_id, version, type, occur_time, record_time, recorded_by_user_id, reporter, unit_id,
      late_entry)
    values
      ('over', 3, 'EN_ROUTE', '2026-01-05 08:15Z', '2026-01-05 08:15Z', 'u2', 'EMS', 'unit-1', false),
      ('over', 5, 'LEFT_ORIGIN', '2026-01-05 08:30Z', '2026-01-05 08:31Z', 'u2', 'EMS', 'unit-2', false),
      ('over', 6, 'TRANSFER_OF_CARE', '2026-01-05 08:55Z', '2026-01-05 09:30Z', 'u2', 'EMS', 'unit-2', false);`;

const at = (time: string): Date => new Date(`2026-01-05T${time}:00Z`);

describe("trips that were written before their versions were", () => {
  const parts = new AsyncDisposableStack();
  let database: Database;

  beforeAll(async () => {
    const postgres = parts.use(await startTestPostgres());
    const { ownerUrl, adminUrl, appUrl, appRole } = await postgres.createDatabase("earlier trips");
    const { log } = createMemoryLog("hospital");
    await migrate({ ownerUrl, appRole, migrations: migrations.slice(0, 1), log });
    const admin = new Client({ connectionString: adminUrl });
    await admin.connect();
    await admin.query(earlier);
    await admin.end();
    await migrate({ ownerUrl, appRole, migrations, log });
    const opened = await openDatabase({ url: appUrl, service: "hospital", entities: hospitalEntities, log });
    database = parts.adopt(opened, (it) => it.close());
  });
  afterAll(() => parts.disposeAsync());

  it("are what they were, with clocks by their priority", async () => {
    expect(await findTrip(database.fork(), "over")).toMatchObject({
      ...{ status: "COMPLETED", version: 6, turn: 2, slaPauses: [] },
      award: { agencyId: "blair", unitId: "unit-2", attemptId: attempt, acceptedAt: at("08:10") },
      slaTerms: { assignMinutes: 20, pickupMinutes: 120, toleranceMinutes: 15 },
      milestones: [{ turn: 1 }, { turn: 2 }, { turn: 2 }],
    });
    const waiting = await findTrip(database.fork(), "waiting");
    expect(waiting).toMatchObject({ status: "PENDING", slaTerms: { assignMinutes: 10, pickupMinutes: 60 } });
    expect(waiting).not.toHaveProperty("biddingClosesAt");
  });

  it("have every version, with the times that were known then", async () => {
    const versions = await selectTripVersions(database.fork(), sql`where h.trip_id = 'over' order by h.version`);
    const seen = versions.map(({ trip, recordedAt }) => ({
      status: trip.status,
      unit: "award" in trip ? trip.award?.unitId : undefined,
      acceptedAt: "award" in trip ? trip.award?.acceptedAt : undefined,
      pickedUpAt: "pickedUpAt" in trip ? trip.pickedUpAt : undefined,
      completedAt: "completedAt" in trip ? trip.completedAt : undefined,
      turn: trip.turn,
      steps: trip.milestones.length,
      recordedAt,
    }));
    const none = { unit: undefined, acceptedAt: undefined, pickedUpAt: undefined, completedAt: undefined };
    const won = { ...none, status: "ASSIGNED", acceptedAt: at("08:10") };
    const left = { ...won, unit: "unit-2", turn: 2, pickedUpAt: at("08:30") };
    expect(seen).toEqual([
      { ...none, status: "PENDING", turn: 0, steps: 0, recordedAt: at("08:00") },
      { ...won, unit: "unit-1", turn: 1, steps: 0, recordedAt: at("08:10") },
      { ...won, unit: "unit-1", turn: 1, steps: 1, recordedAt: at("08:15") },
      { ...won, unit: "unit-2", turn: 2, steps: 1, recordedAt: at("08:20") },
      { ...left, status: "IN_PROGRESS", steps: 2, recordedAt: at("08:31") },
      { ...left, status: "COMPLETED", completedAt: at("08:55"), steps: 3, recordedAt: at("09:30") },
    ]);
    const [, cancelled] = await selectTripVersions(
      database.fork(),
      sql`where h.trip_id = 'given-up' order by h.version`,
    );
    expect(cancelled?.trip).toMatchObject({ status: "CANCELLED", reason: "better", cancelledAt: at("08:20") });
  });

  it("know when they were closed, by the time at which it was recorded", async () => {
    const rows = await database
      .fork()
      .execute("select id, (closed_at at time zone 'UTC')::text as closed_at from trip order by id");
    expect(rows).toEqual([
      { id: "given-up", closed_at: "2026-01-05 08:21:00" },
      { id: "over", closed_at: "2026-01-05 09:30:00" },
      { id: "waiting", closed_at: null },
    ]);
  });

  it("are numbered in the order in which they were written", async () => {
    const rows = await database
      .fork()
      .execute<{ line: string }[]>("select trip_id || ' ' || version as line from trip_history order by seq");
    expect(rows.map(({ line }) => line)).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((version) => `over ${version}`),
      ...["given-up 1", "given-up 2", "waiting 1"],
    ]);
  });

  it("are held to the rules from then on", async () => {
    const forbidden = [
      "update trip set consent_due_time = now() where id = 'waiting'",
      "update trip set release_reason = 'TURNED_BACK' where id = 'over'",
      "update trip set disposition = 'OTHER' where id = 'given-up'",
      "update trip set disposition = 'OTHER' where id = 'waiting'",
      "update trip set closed_at = null where id = 'over'",
      "update trip set assigned_unit_type = 'ALS' where id = 'waiting'",
      "update trip set assigned_unit_id = null where id = 'over'",
      "update trip set accept_time = now() where id = 'waiting'",
      "update trip set cancel_time = request_time - interval '1 minute' where id = 'given-up'",
      "update trip set pickup_window_start = now() where id = 'waiting'",
      "update trip set pickup_window_start = now(), pickup_window_end = now() where id = 'waiting'",
      "update trip set award_policy = 'WHOEVER' where id = 'waiting'",
    ];
    for (const statement of forbidden) {
      await expect(database.fork().execute(statement)).rejects.toThrow("check");
    }
  });
});
