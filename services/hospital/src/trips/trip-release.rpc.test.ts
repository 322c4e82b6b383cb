import { timestampDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ClaimLostReason, ClaimOutcome } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import {
  MilestoneType,
  Priority,
  ReleaseReason,
  SlaState,
  TransportStatus,
  type Trip,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

const never = 3_600_000;
const reason = "secret: broken down";

/** A trip that changed after the award. */
async function changed(scene: TripScene): Promise<Trip> {
  const { id: tripId } = await scene.assigned();
  const updateMask = { paths: ["priority"] };
  return present(
    (await scene.mercy.trips.updateTrip({ tripId, details: { priority: Priority.LOW }, updateMask })).trip,
  );
}

async function letLapse(scene: TripScene, tripId: string): Promise<void> {
  await scene.test.query("update trip set consent_due_time = now() - interval '1 second' where id = $1", [tripId]);
}

describe("a trip that an agency no longer has", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene({ parts: { sweepEveryMs: never } });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  describe("ReleaseTrip", () => {
    it("lets the trip wait again, with the award in its history alone", async () => {
      const { id: tripId, acceptedAttemptId: attemptId } = await scene.assigned();
      const { trip: answered } = await scene.blair.trips.releaseTrip({ tripId, reason });
      // The agency may see the trip as it is offered to any other.
      expect(answered).toMatchObject({ status: TransportStatus.PENDING, patientId: "", specialRequirements: "" });
      const trip = await scene.now(tripId);
      expect(trip).toMatchObject({
        ...{ status: TransportStatus.PENDING, assignedAgencyId: "", assignedUnitId: "", acceptedAttemptId: "" },
        ...{ assignedUnitType: UnitType.UNSPECIFIED, version: 3n, materialVersion: 1n },
        specialRequirements: "secret: oxygen",
      });
      expect(trip.acceptTime).toBeUndefined();
      const openMs = timestampDate(present(trip.biddingCloseTime)).getTime();
      expect(openMs - timestampDate(present(trip.updateTime)).getTime()).toBe(600_000);
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripReleased: {
          ...{ reason: "RELEASE_REASON_TURNED_BACK", attemptId },
          ...{ previousAgencyId: "blair", previousUnitId: "unit-7" },
          trip: { status: "TRANSPORT_STATUS_PENDING", releaseReason: "RELEASE_REASON_TURNED_BACK" },
        },
      });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.slice(-2)).toMatchObject([
        { change: "accepted", agencyId: "blair", unitId: "unit-7" },
        { change: "released", releaseReason: ReleaseReason.TURNED_BACK, comment: reason, userId: "user-of-blair" },
      ]);
    });

    it("says when it was Center that took it", async () => {
      const { id: tripId } = await scene.assigned();
      await scene.center.trips.releaseTrip({ tripId, reason });
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripReleased: { reason: "RELEASE_REASON_TAKEN_BY_CENTER" },
      });
    });

    it("takes the attempt's victory back for ever, and lets another win", async () => {
      const created = await scene.create();
      const first = scene.claimOf(created);
      await scene.claim(first);
      await scene.blair.trips.releaseTrip({ tripId: created.id, reason });
      expect((await scene.claim(first)).outcome).toBe(ClaimOutcome.ABANDONED);
      const system = scene.test.as(undefined, "ems").claims;
      const attempt = { attemptId: first.attemptId ?? "", tripId: created.id };
      expect((await system.resolveClaim(attempt)).outcome).toBe(ClaimOutcome.ABANDONED);
      const unit = { ...attempt, unitId: "unit-8", unitType: UnitType.ALS, previousUnitId: "unit-7" };
      expect(await refusalOf(system.setTripUnit(unit))).toBe("INVALID_STATE_TRANSITION");
      const second = await scene.claim(scene.claimOf(created, { agencyId: "rival", unitId: "unit-1" }), "rival");
      expect(second.outcome).toBe(ClaimOutcome.WON);
      const outcomes = await scene.test.query("select outcome from trip_claim where trip_id = $1 order by created_at", [
        created.id,
      ]);
      expect(outcomes).toEqual([{ outcome: "WITHDRAWN" }, { outcome: "WON" }]);
      expect(await scene.lastEventOf(created.id)).not.toHaveProperty("TripAccepted.trip.releaseReason");
    });

    it("shows those whom it is offered then nothing of who had it", async () => {
      const { id: tripId } = await scene.assigned();
      await scene.blair.trips.recordMilestone({ tripId, type: MilestoneType.EN_ROUTE });
      await scene.blair.trips.pauseSla({ tripId, reason: 2 });
      await scene.blair.trips.releaseTrip({ tripId, reason });
      const { trip } = await scene.rival.trips.getTrip({ tripId });
      const { entries } = await scene.rival.trips.listTripHistory({ tripId });
      const seen = JSON.stringify([trip, entries], (_key, value: unknown) =>
        typeof value === "bigint" ? value.toString() : value,
      );
      for (const hidden of ["blair", "unit-7", "secret"]) expect(seen).not.toContain(hidden);
      expect((await scene.now(tripId)).milestones).toHaveLength(1);
    });

    it("keeps the steps reported, and lets the same unit begin anew when it has the trip again", async () => {
      const created = await scene.assigned();
      const { id: tripId } = created;
      const enRoute = { tripId, type: MilestoneType.EN_ROUTE };
      await scene.blair.trips.recordMilestone(enRoute);
      expect(await refusalOf(scene.blair.trips.recordMilestone(enRoute))).toBe("INVALID_STATE_TRANSITION");
      await scene.blair.trips.releaseTrip({ tripId, reason });
      await scene.claim(scene.claimOf(created));
      const { trip } = await scene.blair.trips.recordMilestone(enRoute);
      expect(trip?.milestones.map(({ type, lateEntry }) => [type, lateEntry])).toEqual([
        [MilestoneType.EN_ROUTE, false],
        [MilestoneType.EN_ROUTE, false],
      ]);
      const started = await scene.blair.trips.startTransport({ tripId });
      expect(started.trip?.status).toBe(TransportStatus.IN_PROGRESS);
    });

    it("lets its clocks go on from the request", async () => {
      const created = await scene.create();
      await scene.claim(scene.claimOf(created));
      expect((await scene.now(created.id)).sla?.assignState).toBe(SlaState.MET);
      await scene.blair.trips.releaseTrip({ tripId: created.id, reason });
      const { sla } = await scene.now(created.id);
      expect(sla).toMatchObject({ assignDueTime: created.sla?.assignDueTime, assignState: SlaState.RUNNING });
      const late = "update trip set request_time = request_time - interval '21 minutes' where id = $1";
      await scene.test.query(late, [created.id]);
      await scene.claim(scene.claimOf(created));
      expect((await scene.now(created.id)).sla?.assignState).toBe(SlaState.MISSED);
    });

    it("makes one of a release and a start of the same moment first", async () => {
      for (let round = 0; round < 10; round++) {
        const { id: tripId } = await scene.assigned();
        const [started, released] = await Promise.allSettled([
          scene.blair.trips.startTransport({ tripId }),
          scene.center.trips.releaseTrip({ tripId, reason }),
        ]);
        expect([started.status, released.status].toSorted()).toEqual(["fulfilled", "rejected"]);
        const { status } = await scene.now(tripId);
        const { IN_PROGRESS, PENDING } = TransportStatus;
        expect(status).toBe(started.status === "fulfilled" ? IN_PROGRESS : PENDING);
      }
    });

    it("happens once, however often it is asked for at once", async () => {
      const { id: tripId } = await scene.assigned();
      const calls = Array.from({ length: 10 }, () => scene.blair.trips.releaseTrip({ tripId, reason }));
      const results = await Promise.allSettled(calls);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await scene.eventsOf(tripId)).toEqual(["TripCreated 1", "TripAccepted 2", "TripReleased 3"]);
    });

    it("lets one of many agencies win it again", async () => {
      const created = await scene.assigned();
      await scene.blair.trips.releaseTrip({ tripId: created.id, reason });
      const claims = Array.from({ length: 20 }, (_, index) => scene.claimOf(created, { unitId: `unit-${index}` }));
      const answers = await Promise.all(claims.map((claim) => scene.claim(claim)));
      expect(answers.filter(({ outcome }) => outcome === ClaimOutcome.WON)).toHaveLength(1);
      const lost = answers.filter(({ lostReason }) => lostReason === ClaimLostReason.ALREADY_ASSIGNED);
      expect(lost).toHaveLength(19);
    });
  });

  describe("ConsentToTrip", () => {
    it("keeps the trip with the agency", async () => {
      const { id: tripId, etag } = await changed(scene);
      const { trip } = await scene.blair.trips.consentToTrip({ tripId, etag });
      expect(trip).toMatchObject({ status: TransportStatus.ASSIGNED, version: 4n });
      expect(trip?.consentDueTime).toBeUndefined();
      expect((await scene.eventsOf(tripId)).at(-1)).toBe("TripConsented 4");
      expect(await refusalOf(scene.blair.trips.consentToTrip({ tripId }))).toBe("INVALID_STATE_TRANSITION");
    });

    it("is to the trip as the agency saw it", async () => {
      const { id: tripId, etag } = await changed(scene);
      const updateMask = { paths: ["special_requirements"] };
      await scene.mercy.trips.updateTrip({ tripId, details: { specialRequirements: "" }, updateMask });
      expect(await refusalOf(scene.blair.trips.consentToTrip({ tripId, etag }))).toBe("ETAG_MISMATCH");
    });

    it("demands a reason of Center, and keeps it", async () => {
      const { id: tripId } = await changed(scene);
      expect(await refusalOf(scene.center.trips.consentToTrip({ tripId }))).toBe("VALIDATION_FAILED");
      await scene.center.trips.consentToTrip({ tripId, overrideReason: "told by radio" });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.at(-1)).toMatchObject({ change: "consented", comment: "told by radio" });
    });

    it("is too late when the time is over, even if nobody has released the trip yet", async () => {
      const { id: tripId } = await changed(scene);
      await letLapse(scene, tripId);
      expect(await refusalOf(scene.blair.trips.consentToTrip({ tripId }))).toBe("INVALID_STATE_TRANSITION");
    });

    it("is not needed of an agency that has the patient on board", async () => {
      const { id: tripId } = await changed(scene);
      const { trip } = await scene.blair.trips.startTransport({ tripId });
      expect(trip).toMatchObject({ status: TransportStatus.IN_PROGRESS });
      expect(trip?.consentDueTime).toBeUndefined();
    });
  });

  it("is never two agencies' at once in the database", async () => {
    const { id: tripId } = await scene.assigned();
    const second = scene.test.query(
      `insert into trip_claim (attempt_id, trip_id, agency_id, outcome, trip_version, created_at)
       values ($1, $2, 'rival', 'WON', 9, now())`,
      [newId(), tripId],
    );
    await expect(second).rejects.toThrow("one_winner_per_trip");
  });
});

describe("a trip whose agency does not consent in time", () => {
  let aheadMs = 0;
  let scene: TripScene;
  beforeAll(async () => {
    const clock = (): Date => new Date(Date.now() + aheadMs);
    scene = await startTripScene({ parts: { clock, sweepEveryMs: 20 } });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  it("waits again without anybody's doing", async () => {
    const { id: tripId } = await changed(scene);
    aheadMs = 301_000;
    await eventually(async () => expect((await scene.now(tripId)).status).toBe(TransportStatus.PENDING));
    const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
    expect(entries.at(-1)).toMatchObject({
      ...{ change: "released", releaseReason: ReleaseReason.CONSENT_LAPSED, userId: "" },
    });
    expect((await scene.eventsOf(tripId)).slice(2)).toEqual(["TripUpdated 3", "TripReleased 4"]);
    const audited = await scene.test.query(
      "select user_id, entities from audit_entry where action = 'hospital.release-lapsed-trips'",
    );
    expect(audited).toEqual([{ user_id: null, entities: [{ type: "trip", id: tripId }] }]);
  });
});
