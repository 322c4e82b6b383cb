import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AwardPolicy, MilestoneType, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aFacilityRequest } from "../facilities/facility.builder.ts";
import { aDispatcher } from "../hospital.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

describe("TripService", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  describe("CreateTrip", () => {
    it("asks for a trip of the caller's hospital, with a number and a pseudonym of ours", async () => {
      const { trip } = await scene.mercy.trips.createTrip(scene.request({ awardPolicy: AwardPolicy.UNSPECIFIED }));
      expect(trip).toMatchObject({
        hospitalId: "mercy",
        status: TransportStatus.PENDING,
        awardPolicy: AwardPolicy.MANUAL,
        origin: { name: "Mercy General", county: "Blair" },
        destination: { name: "General" },
        specialRequirements: "secret: oxygen",
        createdByUserId: "user-of-mercy",
        materialVersion: 1n,
        etag: '"1"',
      });
      expect(trip?.tripNumber).toMatch(/^T-\d{5,}$/);
      expect(trip?.patientId).toMatch(/^P-[0-9A-Z]{24}$/);
      expect(await scene.eventsOf(present(trip).id)).toEqual(["TripCreated 1"]);
    });

    it("gives the first answer again to the same request, and refuses another one under its id", async () => {
      const request = scene.request({ requestId: "trip-once" });
      const first = await scene.mercy.trips.createTrip(request);
      expect(await scene.mercy.trips.createTrip(request)).toEqual(first);
      const other = scene.mercy.trips.createTrip({ ...request, specialRequirements: "" });
      expect(await refusalOf(other)).toBe("REQUEST_ID_REUSED");
      expect(await scene.eventsOf(present(first.trip).id)).toEqual(["TripCreated 1"]);
    });

    it("makes one trip of twenty parallel requests with one id", async () => {
      const request = scene.request({ requestId: "trip-in-parallel" });
      const answers = await Promise.all(Array.from({ length: 20 }, () => scene.mercy.trips.createTrip(request)));
      expect(new Set(answers.map(({ trip }) => trip?.id)).size).toBe(1);
    });

    it("gives every trip a number and a pseudonym of its own, however many are asked for at once", async () => {
      const trips = await Promise.all(Array.from({ length: 40 }, () => scene.create()));
      expect(new Set(trips.map(({ tripNumber }) => tripNumber)).size).toBe(40);
      expect(new Set(trips.map(({ patientId }) => patientId)).size).toBe(40);
    });

    it("lets Center ask for a hospital that it names, and nobody else for another's", async () => {
      const unknown = scene.center.trips.createTrip(scene.request({ hospitalId: "nobody" }));
      expect(await refusalOf(unknown)).toBe("RESOURCE_NOT_FOUND");
      await scene.test.knowHospital("mercy");
      const { trip } = await scene.center.trips.createTrip(scene.request({ hospitalId: "mercy" }));
      expect(trip).toMatchObject({ hospitalId: "mercy", createdByUserId: "center-1" });
      expect(await refusalOf(scene.center.trips.createTrip(scene.request()))).toBe("VALIDATION_FAILED");
      const foreign = scene.mercy.trips.createTrip(scene.request({ hospitalId: "general" }));
      expect(await refusalOf(foreign)).toBe("ACTION_NOT_ALLOWED");
    });

    it("refuses unknown, equal and inactive facilities", async () => {
      const { trips } = scene.mercy;
      const unknown = scene.request({ destinationFacilityId: "nowhere" });
      expect(await refusalOf(trips.createTrip(unknown))).toBe("RESOURCE_NOT_FOUND");
      const equal = scene.request({ destinationFacilityId: scene.originId });
      expect(await refusalOf(trips.createTrip(equal))).toBe("VALIDATION_FAILED");
      const closing = scene.test.as(aDispatcher("closing")).facilities;
      const { facility } = await closing.createFacility(aFacilityRequest({ name: "Closing" }));
      await scene.test.knowHospital("closing", { active: false });
      const inactive = scene.request({ destinationFacilityId: present(facility).id });
      expect(await refusalOf(trips.createTrip(inactive))).toBe("FACILITY_NOT_ACTIVE");
    });
  });

  describe("GetTrip", () => {
    it("shows a trip to those whom it concerns, and to nobody else that it exists", async () => {
      const { id: tripId } = await scene.create();
      for (const clients of [scene.mercy, scene.general, scene.center]) {
        const { trip } = await clients.trips.getTrip({ tripId });
        expect(trip).toMatchObject({ id: tripId, specialRequirements: "secret: oxygen" });
        expect(trip?.patientId).not.toBe("");
      }
      for (const clients of [scene.elsewhere, scene.distant]) {
        expect(await refusalOf(clients.trips.getTrip({ tripId }))).toBe("RESOURCE_NOT_FOUND");
        expect(await refusalOf(clients.trips.listTripHistory({ tripId }))).toBe("RESOURCE_NOT_FOUND");
      }
    });

    it("shows an agency neither free text nor the patient before the trip is its own", async () => {
      const created = await scene.create();
      const { id: tripId } = created;
      const offered = (await scene.blair.trips.getTrip({ tripId })).trip;
      expect(offered).toMatchObject({ id: tripId, specialRequirements: "", patientId: "" });
      await scene.claim(scene.claimOf(created));
      const own = (await scene.blair.trips.getTrip({ tripId })).trip;
      expect(own).toMatchObject({ specialRequirements: "secret: oxygen", patientId: created.patientId });
      expect(await refusalOf(scene.rival.trips.getTrip({ tripId }))).toBe("RESOURCE_NOT_FOUND");
    });
  });

  describe("CancelTrip", () => {
    it("gives up a trip that waits, and one that an agency has", async () => {
      for (const trip of [await scene.create(), await scene.assigned()]) {
        const answer = await scene.mercy.trips.cancelTrip({
          tripId: trip.id,
          reason: "secret: better",
          etag: trip.etag,
        });
        expect(answer.trip).toMatchObject({ status: TransportStatus.CANCELLED, cancellationReason: "secret: better" });
      }
    });

    it("never overwrites a reason, and gives the first answer to the first request", async () => {
      const { id: tripId } = await scene.create();
      const request = { tripId, reason: "first", requestId: `cancel-${tripId}` };
      const first = await scene.mercy.trips.cancelTrip(request);
      expect(await scene.mercy.trips.cancelTrip(request)).toEqual(first);
      const again = scene.center.trips.cancelTrip({ tripId, reason: "second" });
      expect(await refusalOf(again)).toBe("INVALID_STATE_TRANSITION");
      expect((await scene.mercy.trips.getTrip({ tripId })).trip?.cancellationReason).toBe("first");
      expect(await scene.eventsOf(tripId)).toEqual(["TripCreated 1", "TripCancelled 2"]);
    });

    it("tells a wrong actor from a stranger, and demands the newest etag", async () => {
      const trip = await scene.assigned();
      const request = { tripId: trip.id, reason: "why" };
      expect(await refusalOf(scene.general.trips.cancelTrip(request))).toBe("ACTION_NOT_ALLOWED");
      expect(await refusalOf(scene.elsewhere.trips.cancelTrip(request))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(scene.blair.trips.cancelTrip(request))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(scene.mercy.trips.cancelTrip({ ...request, etag: '"1"' }))).toBe("ETAG_MISMATCH");
    });
  });

  describe("StartTransport and CompleteTrip", () => {
    it("take an assigned trip to its end, each step told once", async () => {
      const { id: tripId } = await scene.assigned();
      const started = await scene.blair.trips.startTransport({ tripId });
      expect(started.trip).toMatchObject({ status: TransportStatus.IN_PROGRESS, assignedUnitId: "unit-7" });
      const completed = await scene.blair.trips.completeTrip({ tripId });
      expect(completed.trip?.status).toBe(TransportStatus.COMPLETED);
      expect(completed.trip?.milestones.map(({ type }) => type)).toEqual([
        MilestoneType.LEFT_ORIGIN,
        MilestoneType.TRANSFER_OF_CARE,
      ]);
      const events = ["TripCreated 1", "TripAccepted 2", "TripStarted 3", "TripCompleted 4"];
      expect(await scene.eventsOf(tripId)).toEqual(events);
    });

    it("are refused to all but the assigned agency and Center with a reason", async () => {
      const { id: tripId } = await scene.assigned();
      expect(await refusalOf(scene.mercy.trips.startTransport({ tripId }))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(scene.rival.trips.startTransport({ tripId }))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(scene.center.trips.startTransport({ tripId }))).toBe("VALIDATION_FAILED");
      const { trip } = await scene.center.trips.startTransport({ tripId, overrideReason: "radio down" });
      expect(trip?.status).toBe(TransportStatus.IN_PROGRESS);
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.at(-1)).toMatchObject({ change: "started", comment: "radio down", userId: "center-1" });
    });

    it("are refused on a trip that is offered, and on one that is elsewhere on its way", async () => {
      const { id: tripId } = await scene.create();
      expect(await refusalOf(scene.blair.trips.startTransport({ tripId }))).toBe("ACTION_NOT_ALLOWED");
      const assigned = await scene.assigned();
      expect(await refusalOf(scene.blair.trips.completeTrip({ tripId: assigned.id }))).toBe("INVALID_STATE_TRANSITION");
    });

    it("lets only one of many parallel starts happen", async () => {
      const { id: tripId } = await scene.assigned();
      const starts = Array.from({ length: 12 }, () => scene.blair.trips.startTransport({ tripId }));
      const results = await Promise.allSettled(starts);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await scene.eventsOf(tripId)).toEqual(["TripCreated 1", "TripAccepted 2", "TripStarted 3"]);
    });
  });

  describe("RecordMilestone", () => {
    it("keeps the reporter's time and ours, and starts the trip with LEFT_ORIGIN", async () => {
      const { id: tripId, acceptTime } = await scene.assigned();
      const occurTime = present(acceptTime);
      const type = MilestoneType.EN_ROUTE;
      const first = await scene.blair.trips.recordMilestone({ tripId, type, occurTime });
      expect(first.trip?.status).toBe(TransportStatus.ASSIGNED);
      expect(first.trip?.milestones[0]).toMatchObject({ type, occurTime, recordedByUserId: "user-of-blair" });
      const left = await scene.blair.trips.recordMilestone({ tripId, type: MilestoneType.LEFT_ORIGIN });
      expect(left.trip?.status).toBe(TransportStatus.IN_PROGRESS);
      expect((await scene.eventsOf(tripId)).slice(2)).toEqual(["TripMilestoneRecorded 3", "TripStarted 4"]);
    });

    it("lets hospitals confirm departure and arrival at their own place alone", async () => {
      const { id: tripId } = await scene.assigned();
      const left = await scene.mercy.trips.recordMilestone({ tripId, type: MilestoneType.LEFT_ORIGIN });
      expect(left.trip?.status).toBe(TransportStatus.ASSIGNED);
      const arrived = await scene.general.trips.recordMilestone({ tripId, type: MilestoneType.AT_DESTINATION });
      expect(arrived.trip?.milestones).toHaveLength(2);
      const foreign = scene.mercy.trips.recordMilestone({ tripId, type: MilestoneType.AT_DESTINATION });
      expect(await refusalOf(foreign)).toBe("ACTION_NOT_ALLOWED");
    });

    it("flags a late entry, and refuses one out of order", async () => {
      const { id: tripId, acceptTime } = await scene.assigned();
      const { trips } = scene.blair;
      const acceptedAt = timestampDate(present(acceptTime));
      await trips.recordMilestone({ tripId, type: MilestoneType.AT_PATIENT });
      const early = timestampFromDate(new Date(acceptedAt.getTime() - 1_000));
      const refused = trips.recordMilestone({ tripId, type: MilestoneType.EN_ROUTE, occurTime: early });
      expect(await refusalOf(refused)).toBe("TIME_OUT_OF_ORDER");
      const occurTime = timestampFromDate(acceptedAt);
      const late = await trips.recordMilestone({ tripId, type: MilestoneType.EN_ROUTE, occurTime });
      expect(late.trip?.milestones.at(-1)).toMatchObject({ type: MilestoneType.EN_ROUTE, lateEntry: true });
    });
  });

  describe("ListTripHistory", () => {
    it("has a line for every version, oldest first, with free text only for those who may read it", async () => {
      const { id: tripId } = await scene.assigned();
      await scene.blair.trips.recordMilestone({ tripId, type: MilestoneType.EN_ROUTE });
      await scene.mercy.trips.cancelTrip({ tripId, reason: "secret: better" });
      const { entries } = await scene.blair.trips.listTripHistory({ tripId });
      expect(entries.map(({ version, change }) => `${version} ${change}`)).toEqual([
        "1 created",
        "2 accepted",
        "3 milestone_recorded",
        "4 cancelled",
      ]);
      expect(entries.at(-1)).toMatchObject({
        fromStatus: TransportStatus.ASSIGNED,
        toStatus: TransportStatus.CANCELLED,
        comment: "secret: better",
        agencyId: "blair",
      });
    });
  });

  it("lets no free text and nothing about a patient into events, the audit log or the log", async () => {
    const { id: tripId, patientId } = await scene.assigned();
    await scene.blair.trips.startTransport({ tripId });
    await scene.center.trips.completeTrip({ tripId, overrideReason: "secret: override" });
    const told = await scene.test.query<{ payload: Buffer; headers: unknown }>(
      "select payload, headers from outbox_event",
    );
    const audited = await scene.test.query<{ entities: unknown }>("select * from audit_entry");
    const text = [
      ...told.map(({ payload, headers }) => `${payload.toString("latin1")}${JSON.stringify(headers)}`),
      JSON.stringify(audited),
      ...scene.test.logged,
    ].join("\n");
    expect(text).toContain(tripId);
    expect(text).not.toContain("secret");
    expect(text).not.toContain(patientId);
  });

  it("records who was denied what, and why", async () => {
    const { id: tripId } = await scene.create();
    await refusalOf(scene.elsewhere.trips.getTrip({ tripId }));
    await refusalOf(scene.general.trips.cancelTrip({ tripId, reason: "why" }));
    await refusalOf(scene.elsewhere.trips.createTrip(scene.request({ hospitalId: "mercy" })));
    const entries = await scene.test.query(
      `select user_id, decision, reason, entities from audit_entry where decision <> 'ALLOWED'
        order by occurred_at desc, id desc limit 3`,
    );
    const entities = [{ type: "trip", id: tripId }];
    expect(entries.toReversed()).toEqual([
      { user_id: "user-of-elsewhere", decision: "DENIED", reason: "RESOURCE_NOT_FOUND", entities },
      { user_id: "user-of-general", decision: "DENIED", reason: "ACTION_NOT_ALLOWED", entities },
      { user_id: "user-of-elsewhere", decision: "DENIED", reason: "ACTION_NOT_ALLOWED", entities: [] },
    ]);
  });

  it("keeps free text out of the statements that PostgreSQL shows while they run", async () => {
    for (const table of ["trip", "trip_history"]) {
      const trip = await scene.create();
      await using held = await scene.test.hold(`lock table ${table} in share mode`);
      const calls = [
        scene.mercy.trips.createTrip(scene.request()),
        scene.mercy.trips.cancelTrip({ tripId: trip.id, reason: "secret: better" }),
      ];
      const shown = await eventually(async () => {
        const rows = await scene.test.query<{ query: string }>(
          "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        expect(rows).toHaveLength(2);
        return rows;
      });
      expect(JSON.stringify(shown)).not.toContain("secret");
      await held[Symbol.asyncDispose]();
      await Promise.allSettled(calls);
    }
  });

  it("writes one event and one line of history for every version, without a gap", async () => {
    const gaps = await scene.test.query(`
      select t.id from trip t
       where t.version <> (select count(*) from trip_history h where h.trip_id = t.id and h.version <= t.version)
          or t.version <> (select count(*) from outbox_event e
                            where e.aggregate_type = 'trip' and e.aggregate_id = t.id and e.aggregate_ver <= t.version)`);
    expect(gaps).toEqual([]);
  });
});
