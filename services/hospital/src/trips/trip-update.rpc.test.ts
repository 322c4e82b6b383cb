import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  AwardPolicy,
  Priority,
  ReleaseReason,
  SlaState,
  TransportLevel,
  TransportStatus,
  type Trip,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { aFacilityRequest } from "../facilities/facility.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

type UpdateRequest = Parameters<TripScene["mercy"]["trips"]["updateTrip"]>[0];

const minutesMs = 60_000;

describe("what is asked for", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const update = async (tripId: string, details: UpdateRequest["details"], ...paths: string[]): Promise<Trip> => {
    const { trip } = await scene.mercy.trips.updateTrip({ tripId, details, updateMask: { paths } });
    return present(trip);
  };
  const inMinutes = (minutes: number): ReturnType<typeof timestampFromDate> =>
    timestampFromDate(new Date(Date.now() + minutes * minutesMs));
  const minutesBetween = (from: Trip["createTime"], until: Trip["createTime"]): number =>
    (timestampDate(present(until)).getTime() - timestampDate(present(from)).getTime()) / minutesMs;

  describe("when a trip is created", () => {
    it("has its clocks and the end of bidding from what is configured then, and keeps them", async () => {
      const before = await scene.create({ priority: Priority.HIGH });
      await scene.configure("bidding.ttl_minutes.high", "3");
      await scene.configure("sla.assign_minutes.high", "7");
      const after = await scene.create({ priority: Priority.HIGH });
      await scene.configure("bidding.ttl_minutes.high", "10");
      await scene.configure("sla.assign_minutes.high", "20");
      const timesOf = ({ requestTime, biddingCloseTime, sla }: Trip): readonly number[] =>
        [biddingCloseTime, sla?.startTime, sla?.assignDueTime, sla?.pickupDueTime].map((time) =>
          minutesBetween(requestTime, time),
        );
      expect(timesOf(before)).toEqual([10, 0, 20, 120]);
      expect(timesOf(after)).toEqual([3, 0, 7, 120]);
      expect(timesOf(await scene.now(after.id))).toEqual([3, 0, 7, 120]);
      expect(after.sla).toMatchObject({ assignState: SlaState.RUNNING, pickupState: SlaState.RUNNING });
    });

    it("may be for a window, with which its clocks begin", async () => {
      const pickupWindow = { startTime: inMinutes(60), endTime: inMinutes(90) };
      const trip = await scene.create({ pickupWindow });
      expect(trip.pickupWindow).toMatchObject(pickupWindow);
      expect(trip.sla?.startTime).toEqual(pickupWindow.startTime);
      expect(minutesBetween(trip.sla?.startTime, trip.sla?.assignDueTime)).toBe(20);
      expect(minutesBetween(trip.pickupWindow?.endTime, trip.sla?.pickupDueTime)).toBe(15);
      expect(await scene.lastEventOf(trip.id)).toMatchObject({ TripCreated: { trip: { pickupWindow: {} } } });
    });

    it("is not for a window in the past, or one that ends before it starts", async () => {
      const past = scene.create({ pickupWindow: { startTime: inMinutes(-30), endTime: inMinutes(-1) } });
      expect(await refusalOf(past)).toBe("VALIDATION_FAILED");
      const reversed = scene.create({ pickupWindow: { startTime: inMinutes(90), endTime: inMinutes(60) } });
      expect(await refusalOf(reversed)).toBe("VALIDATION_FAILED");
    });

    it.each([AwardPolicy.BEST_ETA, AwardPolicy.LOWEST_COST, AwardPolicy.PREFERENCE_THEN_ETA])(
      "may be won by award policy %s",
      async (awardPolicy) => {
        const trip = await scene.create({ awardPolicy });
        expect(await scene.now(trip.id)).toMatchObject({ awardPolicy, version: 1n });
      },
    );

    it("is not by a hospital that is switched off", async () => {
      await scene.test.knowHospital("elsewhere", { active: false });
      const refused = scene.elsewhere.trips.createTrip(scene.request());
      expect(await refusalOf(refused)).toBe("FACILITY_NOT_ACTIVE");
      const forIt = scene.center.trips.createTrip(scene.request({ hospitalId: "elsewhere" }));
      expect(await refusalOf(forIt)).toBe("FACILITY_NOT_ACTIVE");
    });
  });

  describe("UpdateTrip", () => {
    it("changes what the mask names and nothing else, and tells what is different", async () => {
      const { id: tripId } = await scene.create();
      const details = {
        priority: Priority.URGENT,
        transportLevel: TransportLevel.CCT,
        specialRequirements: "secret: two oxygen",
        awardPolicy: AwardPolicy.LOWEST_COST,
      };
      const trip = await update(tripId, details, "priority", "special_requirements");
      expect(trip).toMatchObject({
        priority: Priority.URGENT,
        transportLevel: TransportLevel.ALS,
        specialRequirements: "secret: two oxygen",
        awardPolicy: AwardPolicy.FIRST_ACCEPT,
        materialVersion: 2n,
        version: 2n,
        etag: '"2"',
      });
      expect(await scene.now(tripId)).toMatchObject({ priority: Priority.URGENT, version: 2n });
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripUpdated: {
          trip: { priority: "PRIORITY_URGENT", materialVersion: "2" },
          changedFields: ["priority", "special_requirements"],
          material: true,
        },
      });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.at(-1)).toMatchObject({ change: "updated", changedFields: ["priority", "special_requirements"] });
    });

    it("moves the trip to other places, and into and out of a window", async () => {
      const { id: tripId } = await scene.create();
      const { facility } = await scene.mercy.facilities.createFacility(aFacilityRequest({ name: "Annex" }));
      const originFacilityId = present(facility).id;
      const pickupWindow = { startTime: inMinutes(60), endTime: inMinutes(90) };
      const moved = await update(tripId, { originFacilityId, pickupWindow }, "origin_facility_id", "pickup_window");
      expect(moved).toMatchObject({ origin: { name: "Annex" }, pickupWindow, version: 2n });
      expect(await scene.now(tripId)).toMatchObject({ origin: { name: "Annex" }, pickupWindow });
      const back = await update(tripId, { originFacilityId: scene.originId }, "origin_facility_id", "pickup_window");
      expect(back.pickupWindow).toBeUndefined();
      expect(await scene.now(tripId)).toMatchObject({ origin: { name: "Mercy General" }, version: 3n });
    });

    it("changes everything under the mask *, which takes away what is not said", async () => {
      const pickupWindow = { startTime: inMinutes(60), endTime: inMinutes(90) };
      const { id: tripId } = await scene.create({ pickupWindow });
      const places = { originFacilityId: scene.originId, destinationFacilityId: scene.destinationId };
      const details = { ...places, transportLevel: TransportLevel.BLS, priority: Priority.LOW };
      const trip = await update(tripId, details, "*");
      expect(trip).toMatchObject({ transportLevel: TransportLevel.BLS, priority: Priority.LOW, version: 2n });
      expect(trip).toMatchObject({ specialRequirements: "", awardPolicy: AwardPolicy.MANUAL });
      expect(trip.pickupWindow).toBeUndefined();
    });

    it("is not material for the award policy alone", async () => {
      const { id: tripId } = await scene.create();
      const trip = await update(tripId, { awardPolicy: AwardPolicy.BEST_ETA }, "award_policy");
      expect(trip).toMatchObject({ awardPolicy: AwardPolicy.BEST_ETA, materialVersion: 1n, version: 2n });
      const event = await scene.lastEventOf(tripId);
      expect(event).toMatchObject({ TripUpdated: { changedFields: ["award_policy"] } });
      expect(event).not.toHaveProperty("TripUpdated.material");
    });

    it("changes nothing and tells nothing where everything is as it is to be", async () => {
      const created = await scene.create();
      const details = { priority: created.priority, originFacilityId: scene.originId };
      const trip = await update(created.id, details, "priority", "origin_facility_id");
      expect(trip.version).toBe(1n);
      expect(await scene.eventsOf(created.id)).toEqual(["TripCreated 1"]);
    });

    it.each<[why: string, details: NonNullable<UpdateRequest["details"]>, paths: string[], reason: string]>([
      ["an empty mask", { priority: Priority.LOW }, [], "VALIDATION_FAILED"],
      ["a field that there is not", { priority: Priority.LOW }, ["patient_id"], "VALIDATION_FAILED"],
      ["a priority that is not said", {}, ["priority"], "VALIDATION_FAILED"],
      ["a level that is not said", {}, ["transport_level"], "VALIDATION_FAILED"],
      ["an origin that is not said", {}, ["origin_facility_id"], "VALIDATION_FAILED"],
      ["a place that there is not", { originFacilityId: "nowhere" }, ["origin_facility_id"], "RESOURCE_NOT_FOUND"],
    ])("refuses %s", async (_why, details, paths, reason) => {
      const { id: tripId } = await scene.create();
      const refused = scene.mercy.trips.updateTrip({ tripId, details, updateMask: { paths } });
      expect(await refusalOf(refused)).toBe(reason);
      expect((await scene.now(tripId)).version).toBe(1n);
    });

    it("refuses a destination that is the origin, and a window in the past", async () => {
      const { id: tripId } = await scene.create();
      const same = update(tripId, { destinationFacilityId: scene.originId }, "destination_facility_id");
      expect(await refusalOf(same)).toBe("VALIDATION_FAILED");
      const pickupWindow = { startTime: inMinutes(-30), endTime: inMinutes(-1) };
      expect(await refusalOf(update(tripId, { pickupWindow }, "pickup_window"))).toBe("VALIDATION_FAILED");
    });

    it("demands the newest etag, and happens once for one request", async () => {
      const { id: tripId } = await scene.create();
      const request = {
        ...{ requestId: `update-${tripId}`, tripId, etag: '"1"' },
        details: { priority: Priority.LOW },
        updateMask: { paths: ["priority"] },
      };
      const first = await scene.mercy.trips.updateTrip(request);
      expect(await scene.mercy.trips.updateTrip(request)).toEqual(first);
      const late = scene.mercy.trips.updateTrip({ ...request, requestId: "", details: { priority: Priority.HIGH } });
      expect(await refusalOf(late)).toBe("ETAG_MISMATCH");
      expect(await scene.eventsOf(tripId)).toEqual(["TripCreated 1", "TripUpdated 2"]);
    });

    it("asks the agency that has the trip to consent, for as long as is configured", async () => {
      const { id: tripId } = await scene.assigned();
      await scene.configure("consent.window_minutes", "9");
      const trip = await update(tripId, { priority: Priority.URGENT }, "priority");
      expect(trip).toMatchObject({ status: TransportStatus.ASSIGNED, assignedAgencyId: "blair" });
      expect(minutesBetween(trip.updateTime, trip.consentDueTime)).toBe(9);
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripUpdated: { material: true, trip: { consentDueTime: expect.any(String) } },
      });
    });

    it("releases the trip in one change when its level is raised above the unit", async () => {
      const { id: tripId, acceptedAttemptId: attemptId } = await scene.assigned();
      const trip = await update(tripId, { transportLevel: TransportLevel.CCT }, "transport_level");
      expect(trip).toMatchObject({
        status: TransportStatus.PENDING,
        transportLevel: TransportLevel.CCT,
        assignedAgencyId: "",
        assignedUnitId: "",
        materialVersion: 2n,
        version: 3n,
      });
      expect(await scene.eventsOf(tripId)).toEqual(["TripCreated 1", "TripAccepted 2", "TripReleased 3"]);
      expect(await scene.lastEventOf(tripId)).toMatchObject({
        TripReleased: {
          reason: "RELEASE_REASON_LEVEL_RAISED",
          ...{ attemptId, previousAgencyId: "blair", previousUnitId: "unit-7" },
          trip: { transportLevel: "TRANSPORT_LEVEL_CCT", releaseReason: "RELEASE_REASON_LEVEL_RAISED" },
        },
      });
      const { entries } = await scene.mercy.trips.listTripHistory({ tripId });
      expect(entries.at(-1)).toMatchObject({
        change: "released",
        releaseReason: ReleaseReason.LEVEL_RAISED,
        changedFields: ["transport_level"],
      });
    });

    it("makes one of an update and a claim of the same moment first", async () => {
      for (let round = 0; round < 10; round++) {
        const trip = await scene.create();
        const [claimed, updated] = await Promise.all([
          scene.claim(scene.claimOf(trip)),
          update(trip.id, { priority: Priority.LOW }, "priority"),
        ]);
        const now = await scene.now(trip.id);
        expect(updated.materialVersion).toBe(2n);
        if (now.status === TransportStatus.PENDING) expect(claimed.tripVersion).toBe(0n);
        else expect([claimed.tripVersion, now.consentDueTime]).toEqual([2n, expect.anything()]);
        const events = await scene.eventsOf(trip.id);
        const won = ["TripCreated 1", "TripAccepted 2", "TripUpdated 3"];
        expect(events).toEqual(now.status === TransportStatus.PENDING ? ["TripCreated 1", "TripUpdated 2"] : won);
      }
    });
  });

  describe("ReopenBidding", () => {
    it("sets the end of bidding anew by the priority that the trip has now", async () => {
      const { id: tripId } = await scene.create({ priority: Priority.LOW });
      await update(tripId, { priority: Priority.URGENT }, "priority");
      const { trip } = await scene.mercy.trips.reopenBidding({ tripId });
      expect(minutesBetween(trip?.updateTime, trip?.biddingCloseTime)).toBe(5);
      expect(await scene.eventsOf(tripId)).toEqual(["TripCreated 1", "TripUpdated 2", "TripBiddingReopened 3"]);
    });
  });
});
