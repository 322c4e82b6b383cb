import { expect, it } from "@jest/globals";
import { Client } from "pg";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { migrations } from "./migrations.ts";

const { log } = createMemoryLog("center");

/** Asked for at 12:00 with priority HIGH: to be assigned by 12:20 and picked up by 14:00. */
const formerTrips = {
  waits: { status: "PENDING" },
  assignedInTime: { status: "ASSIGNED", agency: "agency-1", accepted: "12:20" },
  assignedLate: { status: "ASSIGNED", agency: "agency-1", accepted: "12:20:01" },
  assignedSometime: { status: "ASSIGNED", agency: "agency-1" },
  pickedUpInTime: { status: "IN_PROGRESS", agency: "agency-1", accepted: "12:05", pickedUp: "14:00" },
  pickedUpLate: { status: "COMPLETED", agency: "agency-1", accepted: "12:05", pickedUp: "14:01", completed: "15:00" },
  pickedUpSometime: { status: "COMPLETED", agency: "agency-1", accepted: "12:05", completed: "15:00" },
  cancelledInTime: { status: "CANCELLED", cancelled: "12:10" },
  cancelledLate: { status: "CANCELLED", cancelled: "13:00" },
  cancelledAfterAward: { status: "CANCELLED", agency: "agency-1", accepted: "12:10", cancelled: "15:00" },
} as const;

it("trips that were counted before there were clocks are given those that Hospital gives them", async () => {
  await using postgres = await startTestPostgres();
  const { ownerUrl, appRole } = await postgres.createDatabase("former facts");
  const before = migrations.slice(
    0,
    migrations.findIndex(({ name }) => name.endsWith("-analytics")),
  );
  await migrate({ ownerUrl, appRole, migrations: before, log });
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    for (const [name, trip] of Object.entries(formerTrips)) {
      const { status, agency, accepted, pickedUp, completed, cancelled }: FormerTrip = trip;
      await client.query(
        `insert into trip_fact (trip_id, hospital_id, status, transport_level, priority, origin_county, requested_at,
                                agency_id, accepted_at, picked_up_at, completed_at, cancelled_at, version, heard_at)
         values ($1, 'hospital-1', $2, 'ALS', 'HIGH', 'Blair', $3, $4, $5, $6, $7, $8, 1, now())`,
        [name, status, ...[at("12:00"), agency, at(accepted), at(pickedUp), at(completed), at(cancelled)]],
      );
    }
    await migrate({ ownerUrl, appRole, migrations, log });
    const { rows } = await client.query<{ trip: string; clocks: string }>(
      `select trip_id as trip, concat_ws(' ', to_char(sla_start at time zone 'UTC', 'HH24:MI'),
              coalesce(assign_state, '-'), to_char(assign_due_at at time zone 'UTC', 'HH24:MI'),
              coalesce(pickup_state, '-'), to_char(pickup_due_at at time zone 'UTC', 'HH24:MI')) as clocks
         from trip_fact`,
    );
    expect(Object.fromEntries(rows.map(({ trip, clocks }) => [trip, clocks]))).toEqual({
      waits: "12:00 RUNNING 12:20 RUNNING 14:00",
      assignedInTime: "12:00 MET 12:20 RUNNING 14:00",
      assignedLate: "12:00 MISSED 12:20 RUNNING 14:00",
      assignedSometime: "12:00 - 12:20 RUNNING 14:00",
      pickedUpInTime: "12:00 MET 12:20 MET 14:00",
      pickedUpLate: "12:00 MET 12:20 MISSED 14:00",
      pickedUpSometime: "12:00 MET 12:20 - 14:00",
      cancelledInTime: "12:00 VOID 12:20 VOID 14:00",
      cancelledLate: "12:00 MISSED 12:20 VOID 14:00",
      cancelledAfterAward: "12:00 MET 12:20 MISSED 14:00",
    });
  } finally {
    await client.end();
  }
});

interface FormerTrip {
  readonly status: string;
  readonly agency?: string;
  readonly accepted?: string;
  readonly pickedUp?: string;
  readonly completed?: string;
  readonly cancelled?: string;
}

function at(time: string | undefined): string | undefined {
  return time && `2026-03-01T${time}Z`;
}
