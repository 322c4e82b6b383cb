import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  Disposition,
  MilestoneType,
  Priority,
  SlaPauseReason,
  SlaState,
  TransportStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

describe("trips that nobody brings to their end, and what is said of closed ones", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  describe("AbortTrip", () => {
    it("ends a trip after the pickup, with what became of the patient", async () => {
      const { id: tripId, pickupTime } = await scene.inProgress();
      const request = { tripId, reason: "secret: turned back", disposition: Disposition.RETURNED_TO_ORIGIN };
      await scene.center.trips.abortTrip(request);
      const trip = await scene.now(tripId);
      expect(trip).toMatchObject({
        status: TransportStatus.CANCELLED,
        disposition: Disposition.RETURNED_TO_ORIGIN,
        cancellationReason: "secret: turned back",
        ...{ assignedAgencyId: "blair", assignedUnitId: "unit-7", pickupTime },
        sla: { pickupState: SlaState.MET },
      });
      expect(trip.cancelTime).toBeDefined();
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripCancelled: { trip: { disposition: "DISPOSITION_RETURNED_TO_ORIGIN", assignedAgencyId: "blair" } },
      });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.at(-1)).toMatchObject({ change: "cancelled", disposition: Disposition.RETURNED_TO_ORIGIN });
    });

    it("demands a reason and a disposition", async () => {
      const { id: tripId } = await scene.inProgress();
      const { trips } = scene.center;
      expect(await refusalOf(trips.abortTrip({ tripId, reason: "why" }))).toBe("VALIDATION_FAILED");
      const blank = trips.abortTrip({ tripId, reason: "  ", disposition: Disposition.OTHER });
      expect(await refusalOf(blank)).toBe("VALIDATION_FAILED");
    });
  });

  describe("AmendTrip", () => {
    it("adds to the history of a closed trip and leaves all else as it was recorded", async () => {
      for (const before of [await scene.completed(), await scene.cancelled()]) {
        const { id: tripId, etag } = before;
        const { trip } = await scene.center.trips.amendTrip({ tripId, amendment: "secret: it was snow", etag });
        const expected = { ...before, version: before.version + 1n, etag: trip?.etag, updateTime: trip?.updateTime };
        expect(trip).toEqual(expected);
        const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
        expect(entries.at(-1)).toMatchObject({
          ...{ change: "amended", comment: "secret: it was snow", userId: "center-1" },
          ...{ fromStatus: before.status, toStatus: before.status },
        });
        expect((await scene.eventsOf(tripId)).at(-1)).toBe(`TripAmended ${trip?.version}`);
      }
    });

    it("may be done again, each in a version of its own", async () => {
      const { id: tripId, version } = await scene.completed();
      for (const amendment of ["first", "second"]) await scene.center.trips.amendTrip({ tripId, amendment });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.slice(-2).map(({ comment }) => comment)).toEqual(["first", "second"]);
      expect((await scene.now(tripId)).version).toBe(version + 2n);
    });
  });

  describe("PauseSla and ResumeSla", () => {
    it("hold the clocks, and say why, when and by whom", async () => {
      const { id: tripId, sla: before } = await scene.assigned();
      const reason = SlaPauseReason.PATIENT_NOT_READY;
      const paused = await scene.mercy.trips.pauseSla({ tripId, reason });
      expect(paused.trip?.sla).toMatchObject({
        pauses: [{ reason, startedByUserId: "user-of-mercy", endedByUserId: "" }],
        ...{ assignState: SlaState.MET, pickupState: SlaState.PAUSED },
      });
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripSlaPaused: {
          reason: "SLA_PAUSE_REASON_PATIENT_NOT_READY",
          trip: { sla: { pickupState: "SLA_STATE_PAUSED", pauses: [{}] } },
        },
      });
      expect(await refusalOf(scene.blair.trips.pauseSla({ tripId, reason }))).toBe("INVALID_STATE_TRANSITION");
      const { trip } = await scene.blair.trips.resumeSla({ tripId });
      const [pause] = trip?.sla?.pauses ?? [];
      expect(trip?.sla?.pickupState).toBe(SlaState.RUNNING);
      expect(pause).toMatchObject({ startedByUserId: "user-of-mercy", endedByUserId: "user-of-blair" });
      const ms = (time: Timestamp | undefined): number => timestampDate(present(time)).getTime();
      const lengthMs = ms(pause?.endTime) - ms(pause?.startTime);
      expect(ms(trip?.sla?.pickupDueTime) - ms(before?.pickupDueTime)).toBe(lengthMs);
      expect((await scene.eventsOf(tripId)).slice(2)).toEqual(["TripSlaPaused 3", "TripSlaResumed 4"]);
      expect((await scene.now(tripId)).sla?.pauses).toEqual(trip?.sla?.pauses);
    });

    it("end with the pickup at the latest", async () => {
      const { id: tripId } = await scene.assigned();
      await scene.blair.trips.pauseSla({ tripId, reason: SlaPauseReason.WEATHER });
      const { trip } = await scene.blair.trips.startTransport({ tripId });
      expect(trip?.sla?.pauses).toMatchObject([{ endedByUserId: "user-of-blair", endTime: trip?.pickupTime }]);
    });

    it("demand a reason of Center, and keep it", async () => {
      const { id: tripId } = await scene.create();
      const reason = SlaPauseReason.DESTINATION_HOLD;
      expect(await refusalOf(scene.center.trips.pauseSla({ tripId, reason }))).toBe("VALIDATION_FAILED");
      await scene.center.trips.pauseSla({ tripId, reason, overrideReason: "no bed" });
      expect(await refusalOf(scene.center.trips.resumeSla({ tripId }))).toBe("VALIDATION_FAILED");
      await scene.center.trips.resumeSla({ tripId, overrideReason: "a bed" });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.slice(-2).map(({ change, comment }) => `${change} ${comment}`)).toEqual([
        "sla_paused no bed",
        "sla_resumed a bed",
      ]);
    });
  });

  it("lets no free text into events, the audit log or the log, whatever is done to a trip", async () => {
    const overrideReason = "secret: override";
    const { id: tripId } = await scene.assigned();
    const details = { specialRequirements: "secret: two oxygen", priority: Priority.LOW };
    const updateMask = { paths: ["special_requirements", "priority"] };
    await scene.mercy.trips.updateTrip({ tripId, details, updateMask });
    await scene.center.trips.consentToTrip({ tripId, overrideReason });
    await scene.center.trips.pauseSla({ tripId, overrideReason, reason: SlaPauseReason.WEATHER });
    await scene.center.trips.resumeSla({ tripId, overrideReason });
    await scene.center.trips.recordMilestone({ tripId, overrideReason, type: MilestoneType.EN_ROUTE });
    await scene.blair.trips.releaseTrip({ tripId, reason: "secret: broken down" });
    await scene.mercy.trips.reopenBidding({ tripId });
    await scene.claim(scene.claimOf(await scene.now(tripId)));
    await scene.blair.trips.startTransport({ tripId });
    await scene.center.trips.abortTrip({ tripId, reason: "secret: turned", disposition: Disposition.OTHER });
    await scene.center.trips.amendTrip({ tripId, amendment: "secret: snow" });
    await refusalOf(scene.general.trips.cancelTrip({ tripId, reason: "secret: no" }));
    const told = await scene.test.query<{ payload: Buffer; headers: unknown }>(
      "select payload, headers from outbox_event",
    );
    const audited = await scene.test.query("select * from audit_entry");
    const text = [
      ...told.map(({ payload, headers }) => `${payload.toString("latin1")}${JSON.stringify(headers)}`),
      JSON.stringify(audited),
      ...scene.test.logged,
    ].join("\n");
    expect(text).toContain(tripId);
    expect(text).not.toContain("secret");
    expect((await scene.eventsOf(tripId)).map((event) => event.split(" ")[1])).toEqual(
      Array.from({ length: 13 }, (_, index) => String(index + 1)),
    );
  });
});
