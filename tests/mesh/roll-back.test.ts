import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import bcrypt from "bcrypt";
import { Client } from "pg";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { AwardPolicy } from "#gen/medport/transport/v1/trip_pb.ts";
import { AvailabilityStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { RouteType } from "#gen/medport/ems/v1/route_service_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { startTestPostgres, type TestDatabase, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { assembleCast, type Cast } from "../../services/cli/src/demo/cast.ts";
import { Recorder } from "../../services/cli/src/demo/step.ts";
import { createTrip, playing, playTripToCompletion, seeInEms } from "../../services/cli/src/demo/trip-to-completion.ts";
import { installCapture } from "../../services/migrator/src/capture/install-capture.ts";
import { createWorkTables } from "../../services/migrator/src/capture/old-database.builder.ts";
import { createLegacySchema } from "../../services/migrator/src/legacy/legacy-schema.ts";
import { freezeSource, isSourceFrozen } from "../../services/migrator/src/cutover/freeze-source.ts";
import { markCutOver, ReverseApplier } from "../../services/migrator/src/cutover/reverse-applier.ts";
import { rollBack, type RollBackResult } from "../../services/migrator/src/cutover/roll-back.ts";
import { saveRunPhase } from "../../services/migrator/src/cutover/run-phase.ts";
import { takeBaseline } from "../../services/migrator/src/cutover/take-baseline.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

/** What people do in the silos after a cut-over, and how the old database has it when the move is taken back. */
describe("taking the move back from a mesh that people work with", () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let mesh: TestMesh;
  let cast: Cast;
  let source: Client;
  let silos: Record<ServiceName, Client>;
  let result: RollBackResult;
  const recorder = new Recorder(() => undefined);
  const made = { trips: [] as string[], unitId: "", userId: "", newPassword: "a quite long new password 1" };

  beforeAll(async () => {
    mesh = await startTestMesh();
    postgres = await startTestPostgres();
    database = await postgres.createDatabase("legacy");
    source = await connect(database.ownerUrl);
    silos = {
      hospital: await connect(mesh.databases.hospital.ownerUrl),
      ems: await connect(mesh.databases.ems.ownerUrl),
      center: await connect(mesh.databases.center.ownerUrl),
    };
    await createLegacySchema(source);
    await createWorkTables(silos);
    cast = await assembleCast(mesh.mesh, mesh.accounts, recorder);
    await cutOverNow();
    const stop = new AbortController();
    const applier = await ReverseApplier.open({ source, silos });
    const applying = applier.follow(stop.signal, { everyMs: 50 });
    await live();
    stop.abort();
    await applying;
    await applier.close();
    result = await rollBack({ source, silos, allowProblems: true });
  }, 90_000);
  afterAll(async () => {
    for (const client of [source, ...Object.values(silos)]) await client.end();
    await mesh[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  async function connect(url: string): Promise<Client> {
    const client = new Client({ connectionString: url, application_name: "medport-migrate" });
    await client.connect();
    return client;
  }

  /** As if an old database without any rows had been moved. */
  async function cutOverNow(): Promise<void> {
    await installCapture(source);
    await freezeSource(source);
    await takeBaseline(silos);
    await markCutOver({ source, silos });
    await saveRunPhase(silos.center, "CUT_OVER");
  }

  async function live(): Promise<void> {
    const play = playing(recorder, "after the cut-over");
    for (const index of [0, 1]) made.trips.push((await playTripToCompletion(cast, recorder, index)).trip.id);
    const { coordinator, overseer, agencies } = cast;
    const cancelled = await createTrip(cast, play, AwardPolicy.MANUAL);
    await coordinator.hospital.trips.cancelTrip({ tripId: cancelled.id, reason: "no longer needed" });
    const open = await createTrip(cast, play, AwardPolicy.FIRST_ACCEPT);
    made.trips.push(cancelled.id, open.id);
    const [agency] = agencies;
    await seeInEms(play, open, agency);
    await agency.mesh.ems.bids.acceptTrip({ tripId: open.id });
    const declined = await createTrip(cast, play, AwardPolicy.MANUAL);
    made.trips.push(declined.id);
    await seeInEms(play, declined, agency);
    await agency.mesh.ems.bids.declineTrip({ tripId: declined.id });
    const { unit } = await agency.mesh.ems.units.createUnit({ unitNumber: "WC-9", type: UnitType.WHEELCHAIR });
    made.unitId = unit?.id ?? "";
    await agency.mesh.ems.units.recordAvailability({ unitId: made.unitId, status: AvailabilityStatus.ON_BREAK });
    const waypoints = [
      { latitude: 40.5, longitude: -78.4 },
      { latitude: 40.4, longitude: -78.3 },
    ];
    await agency.mesh.ems.routes.createRoute({ name: "north loop", type: RouteType.OPTIMIZED, waypoints });
    await coordinator.hospital.preferences.setPreferences({
      agencies: agencies.map(({ agencyId }) => ({ agencyId, notes: "prompt" })),
    });
    const { user } = await overseer.center.users.createUser({
      ...{ email: "new.person@example.org", password: made.newPassword, name: "New Person" },
      ...{ userType: UserType.EMS, organizationId: agency.agencyId, roles: [Role.BILLING] },
    });
    made.userId = user?.id ?? "";
    await overseer.center.users.disableUser({ userId: made.userId });
    await changePassword();
  }

  async function changePassword(): Promise<void> {
    const account = mesh.accounts.find(({ email }) => email === cast.coordinator.user.email);
    await cast.coordinator.center.auth.changePassword({
      ...{ currentPassword: account?.password ?? "", newPassword: made.newPassword },
    });
  }

  async function rows(sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await source.query<Record<string, unknown>>(sql, [...values])).rows;
  }

  it("finds no difference, and nothing that the old database did not take", async () => {
    expect(await rows("select * from medport_migration.reverse_problem")).toEqual([]);
    expect(result.differences).toEqual([]);
    expect(result.compared).toBeGreaterThan(10);
  });

  it("has every trip in the old words", async () => {
    const statuses = await Promise.all(
      made.trips.map(async (id) => (await rows(`select * from "TransportRequest" where id = $1`, [id]))[0]?.["status"]),
    );
    expect(statuses).toEqual(["COMPLETED", "COMPLETED", "CANCELLED", "SCHEDULED", "PENDING"]);
    const [completed] = await rows(`select * from "TransportRequest" where id = $1`, [made.trips[0]]);
    expect(completed).toMatchObject({
      ...{ assignedAgencyId: cast.agencies[0].agencyId, originFacilityId: cast.origin.id, transportLevel: "BLS" },
      ...{ createdById: cast.coordinator.user.id, priority: "MEDIUM", specialRequirements: null },
      ...{
        acceptedTimestamp: expect.any(Date),
        pickupTimestamp: expect.any(Date),
        completionTimestamp: expect.any(Date),
      },
      ...{ estimatedPickupTime: expect.any(Date) },
    });
    const [cancelled] = await rows(`select * from "TransportRequest" where id = $1`, [made.trips[2]]);
    expect(cancelled?.["cancellationReason"]).toBe("no longer needed");
  });

  it("has the bids, those that were declined, too, and none for a trip that was taken directly", async () => {
    const bids = await rows(
      `select "transportRequestId" as trip, status, "bidAmount" as amount from "TransportBid" where "transportRequestId" = any($1) order by 1, 2`,
      [made.trips],
    );
    const of = (index: number) => bids.filter(({ trip }) => trip === made.trips[index]);
    expect(of(0).map(({ status }) => status)).toEqual(["ACCEPTED", "REJECTED"]);
    expect(of(0).map(({ amount }) => amount)).toEqual([412.5, 398]);
    expect(of(3)).toEqual([]);
    expect(of(4).map(({ status }) => status)).toEqual(["WITHDRAWN"]);
  });

  it("has those that new rows refer to, though nothing was changed about them", async () => {
    const facilities = await rows(`select id from "Facility" where id = any($1)`, [
      [cast.origin.id, cast.destination.id],
    ]);
    expect(facilities).toHaveLength(2);
    expect(await rows(`select id from "TransportAgency"`)).toHaveLength(2);
  });

  it("has units in the types that it knows, with what was recorded of their crews", async () => {
    expect(await rows(`select type, "currentStatus" from "Unit" where id = $1`, [made.unitId])).toEqual([
      { type: "OTHER", currentStatus: "AVAILABLE" },
    ]);
    const availability = await rows(`select status from "UnitAvailability" where "unitId" = $1`, [made.unitId]);
    expect(availability).toEqual([{ status: "OUT_OF_SERVICE" }]);
  });

  it("has people where it looks for them, and lets them in by their new passwords", async () => {
    const [person] = await rows(`select * from "AgencyUser" where id = $1`, [made.userId]);
    expect(person).toMatchObject({ role: "BILLING_STAFF", isActive: false, agencyId: cast.agencies[0].agencyId });
    const [coordinator] = await rows(`select * from "User" where id = $1`, [cast.coordinator.user.id]);
    expect(coordinator).toMatchObject({ role: "ADMIN", isActive: true });
    expect(await bcrypt.compare(made.newPassword, String(coordinator?.["password"]))).toBe(true);
  });

  it("has preferences by a user of the hospital, and routes", async () => {
    const preferences = await rows(`select "hospitalId", "isActive", notes from "HospitalAgencyPreference"`);
    expect(preferences).toHaveLength(2);
    expect(preferences[0]).toMatchObject({ isActive: true, notes: "prompt" });
    expect(await rows(`select "routeNumber", status, "optimizationType" from "Route"`)).toEqual([
      { routeNumber: "north loop", status: "PLANNED", optimizationType: "MULTI_STOP" },
    ]);
  });

  it("leaves the silos closed but for reading, and the old database open", async () => {
    expect(await isSourceFrozen(source)).toBe(false);
    await source.query(`update "Facility" set name = name`);
    const [tripId = ""] = made.trips;
    expect((await cast.overseer.hospital.trips.getTrip({ tripId })).trip?.id).toBe(tripId);
    const play = playing(recorder, "too late");
    await expect(createTrip(cast, play, AwardPolicy.MANUAL)).rejects.toThrow("no changes are taken");
  });
});
