import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { AnswerSource } from "#gen/medport/transport/v1/answer_source_pb.ts";
import { type Cast, assembleCast } from "../../services/cli/src/demo/cast.ts";
import { createTrip, playing, seeInEms } from "../../services/cli/src/demo/trip-to-completion.ts";
import { Recorder } from "../../services/cli/src/demo/step.ts";
import { AwardPolicy, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { Silo } from "#gen/medport/policy/v1/principal_pb.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

describe("between the silos", () => {
  let test: TestMesh;
  let cast: Cast;
  const recorder = new Recorder(() => undefined);
  const play = playing(recorder, "between the silos");

  beforeAll(async () => {
    test = await startTestMesh();
    cast = await assembleCast(test.mesh, test.accounts, recorder);
  }, 60_000);
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it.each(pairs())("%s's credentials do not open %s's database", async (own, other) => {
    const stolen = new URL(test.databases[own].appUrl);
    stolen.pathname = new URL(test.databases[other].appUrl).pathname;
    const client = new Client({ connectionString: stolen.href });
    await expect(client.connect()).rejects.toMatchObject({ code: "42501" });
  });

  it("an account made in Center appears as a record of the person's own silo, and of no other", async () => {
    await eventually(async () => {
      expect(await count("hospital", "select count(*)::int as count from hospital_user")).toBe(13);
      expect(await count("ems", "select count(*)::int as count from agency_user")).toBe(6);
    });
  });

  it("a read through another service leaves an entry where it happened, with the person and the service", async () => {
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    await cast.overseer.center.oversight.getTrip({ tripId: trip.id });
    const rows = await query(
      "hospital",
      "select user_id, via_service, decision from audit_entry where action = $1 and entities @> $2",
      ["medport.hospital.v1.TripService/GetTrip", JSON.stringify([{ type: "trip", id: trip.id }])],
    );
    expect(rows).toEqual([{ user_id: cast.overseer.user.id, via_service: "center", decision: "ALLOWED" }]);
  });

  it("a refusal leaves an entry, however early the handler refused", async () => {
    const { ems, user } = cast.agencies[0].mesh;
    await expect(ems.bids.listBids({ pageToken: "AAAA".repeat(20) })).rejects.toThrow("page token");
    const rows = await query("ems", "select decision, reason from audit_entry where action = $1 and user_id = $2", [
      "medport.ems.v1.BidService/ListBids",
      user.id,
    ]);
    expect(rows).toContainEqual({ decision: "REFUSED", reason: "PAGE_TOKEN_MISMATCH" });
  });

  it("Center tells who saw a trip, over all silos", async () => {
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    await seeInEms(play, trip, cast.agencies[0]);
    const { entries, missingSilos } = await cast.overseer.center.audit.listAuditEntries({
      filter: { entityType: "trip", entityId: trip.id },
    });
    expect(missingSilos).toEqual([]);
    const actions = entries.map(({ action }) => action);
    expect(actions).toContain("medport.hospital.v1.TripService/CreateTrip");
    expect(actions).toContain("medport.ems.v1.BidService/GetAvailableTrip");
  });

  it("an organization's admin is told what its own people did, in whichever silo, and nothing of others", async () => {
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    await seeInEms(play, trip, cast.agencies[0]);
    await cast.coordinator.ems.bids.listBids({ tripId: trip.id });
    await cast.overseer.center.oversight.getTrip({ tripId: trip.id });
    const seenBy = async ({ center, user }: MeshOfUser) => {
      // That somebody looks is recorded, too, in Center.
      await center.audit.listAuditEntries({});
      const { entries, missingSilos } = await center.audit.listAuditEntries({ pageSize: 500 });
      expect(missingSilos).toEqual([]);
      expect(new Set(entries.map(({ organizationId }) => organizationId))).toEqual(new Set([user.organizationId]));
      return { actions: entries.map(({ action }) => action), silos: new Set(entries.map(({ silo }) => silo)) };
    };
    const ofHospital = await seenBy(cast.coordinator);
    expect(ofHospital.actions).toContain("medport.hospital.v1.TripService/CreateTrip");
    expect(ofHospital.silos).toEqual(new Set([Silo.HOSPITAL, Silo.EMS, Silo.CENTER]));
    const ofAgency = await seenBy(cast.agencies[0].mesh);
    expect(ofAgency.actions).toContain("medport.ems.v1.BidService/GetAvailableTrip");
    expect(ofAgency.actions).not.toContain("medport.hospital.v1.TripService/CreateTrip");
  });

  it("Center sees a trip as it was, with its history until then", async () => {
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    const asOfTime = trip.updateTime;
    await cast.coordinator.hospital.trips.cancelTrip({ tripId: trip.id, reason: "no longer needed" });
    const { oversight } = cast.overseer.center;
    const now = await oversight.getTrip({ tripId: trip.id });
    expect([now.trip?.status, now.history.map(({ change }) => change)]).toEqual([
      TransportStatus.CANCELLED,
      ["created", "cancelled"],
    ]);
    const then = await oversight.getTrip({ tripId: trip.id, ...(asOfTime && { asOfTime }) });
    expect([then.trip?.status, then.history.map(({ change }) => change)]).toEqual([
      TransportStatus.PENDING,
      ["created"],
    ]);
    const filter = { tripNumber: trip.tripNumber, statuses: [TransportStatus.PENDING] };
    expect((await oversight.listTrips(filter)).trips).toEqual([]);
    const listed = await oversight.listTrips({ ...filter, ...(asOfTime && { asOfTime }) });
    expect(listed.trips.map(({ id }) => id)).toEqual([trip.id]);
  });

  it("EMS lists available trips from Hospital itself when asked to", async () => {
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    const agency = cast.agencies[0].mesh;
    const { trips, source } = await agency.ems.bids.listAvailableTrips({ source: AnswerSource.OWNER, pageSize: 500 });
    expect(source).toBe(AnswerSource.OWNER);
    expect(trips.map(({ tripId }) => tripId)).toContain(trip.id);
  });

  it("while Center is down those who are logged in go on, and Hospital lists agencies from its copy", async () => {
    const { preferences } = cast.coordinator.hospital;
    const before = await preferences.listAvailableAgencies({});
    expect(before.source).toBe(AnswerSource.OWNER);
    await test.stop("center");
    try {
      const during = await preferences.listAvailableAgencies({});
      expect(during.source).toBe(AnswerSource.COPY);
      expect(during.asOfTime).toBeDefined();
      expect(during.agencies.map(({ id }) => id).toSorted()).toEqual(before.agencies.map(({ id }) => id).toSorted());
      await createTrip(cast, play, AwardPolicy.MANUAL);
    } finally {
      await test.start("center");
    }
  });

  it("what Hospital tells while the broker is down reaches EMS when it is back", async () => {
    await test.broker.kill();
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    await test.broker.restart();
    expect(await seeInEms(play, trip, cast.agencies[0])).toBeGreaterThan(0);
  });

  it("free text stays in the silo: no event and no log carries it", async () => {
    const planted = "Zanzibar-heparin-drip";
    const { trips } = cast.coordinator.hospital;
    const { trip } = await trips.createTrip({
      originFacilityId: cast.origin.id,
      destinationFacilityId: cast.destination.id,
      transportLevel: 1,
      priority: 2,
      specialRequirements: planted,
    });
    await trips.cancelTrip({ tripId: trip?.id ?? "", reason: planted });
    const told = await count(
      "hospital",
      "select count(*)::int as count from outbox_event where position($1::bytea in payload) > 0 or headers::text like '%' || $2 || '%'",
      [Buffer.from(planted), planted],
    );
    expect(told).toBe(0);
    expect(test.logged.filter((line) => line.includes(planted))).toEqual([]);
  });

  async function query(
    silo: ServiceName,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: test.databases[silo].adminUrl });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(sql, [...values]);
      return rows;
    } finally {
      await client.end();
    }
  }

  async function count(silo: ServiceName, sql: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await query(silo, sql, values);
    return Number(row?.["count"]);
  }
});

function pairs(): readonly [ServiceName, ServiceName][] {
  return serviceNames.flatMap((own) =>
    serviceNames.filter((other) => other !== own).map((other): [ServiceName, ServiceName] => [own, other]),
  );
}
