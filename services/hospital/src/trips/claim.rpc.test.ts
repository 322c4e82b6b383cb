import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ResourceInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { ClaimLostReason, ClaimOutcome } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { AwardPolicy, Priority, type Trip, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { aDispatcher, anAgencyDispatcher, anOverseer, type HospitalClients } from "../hospital.builder.ts";
import { errorOf, refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

const { WON, LOST, ABANDONED } = ClaimOutcome;

describe("TripClaimService", () => {
  let scene: TripScene;
  let system: HospitalClients["claims"];
  beforeAll(async () => {
    scene = await startTripScene();
    system = scene.test.as(undefined, "ems").claims;
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const viaEms = (user: Parameters<TripScene["test"]["as"]>[0]): HospitalClients["claims"] =>
    scene.test.as(user, "ems").claims;

  describe("ClaimTrip", () => {
    it("gives a trip to the agency, with the bid and the attempt in the one event", async () => {
      const trip = await scene.create();
      const request = scene.claimOf(trip, { bidId: "bid-1" });
      expect(await scene.claim(request)).toMatchObject({ outcome: WON, tripVersion: 2n });
      const assigned = present((await scene.mercy.trips.getTrip({ tripId: trip.id })).trip);
      expect(assigned).toMatchObject({
        status: TransportStatus.ASSIGNED,
        assignedAgencyId: "blair",
        assignedUnitId: "unit-7",
        acceptedAttemptId: request.attemptId,
        etag: '"2"',
      });
      expect(await scene.eventsOf(trip.id)).toEqual(["TripCreated 1", "TripAccepted 2"]);
    });

    it("gives the same attempt the same answer for ever, and tells of it once", async () => {
      const trip = await scene.create();
      const request = scene.claimOf(trip);
      const first = await scene.claim(request);
      await scene.mercy.trips.cancelTrip({ tripId: trip.id, reason: "why" });
      expect(await scene.claim(request)).toEqual(first);
      const other = scene.claim({ ...request, unitId: "unit-8" });
      expect(await refusalOf(other)).toBe("REQUEST_ID_REUSED");
      expect(await scene.eventsOf(trip.id)).toEqual(["TripCreated 1", "TripAccepted 2", "TripCancelled 3"]);
    });

    it("lets exactly one of fifty parallel claims win", async () => {
      const trip = await scene.create();
      const requests = Array.from({ length: 50 }, (_, index) => scene.claimOf(trip, { unitId: `unit-${index}` }));
      const answers = await Promise.all(requests.map((request) => scene.claim(request)));
      expect(answers.filter(({ outcome }) => outcome === WON)).toHaveLength(1);
      const lost = answers.filter(({ outcome }) => outcome !== WON);
      expect(
        lost.every(({ outcome, lostReason }) => outcome === LOST && lostReason === ClaimLostReason.ALREADY_ASSIGNED),
      ).toBe(true);
      const winner = requests[answers.findIndex(({ outcome }) => outcome === WON)];
      const assigned = present((await scene.mercy.trips.getTrip({ tripId: trip.id })).trip);
      expect(assigned.acceptedAttemptId).toBe(winner?.attemptId);
      expect(await scene.eventsOf(trip.id)).toEqual(["TripCreated 1", "TripAccepted 2"]);
    });

    it("decides once about one attempt that arrives twenty times at once", async () => {
      const trip = await scene.create();
      const request = scene.claimOf(trip);
      const answers = await Promise.all(Array.from({ length: 20 }, () => scene.claim(request)));
      expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set([WON]));
      expect(await scene.eventsOf(trip.id)).toEqual(["TripCreated 1", "TripAccepted 2"]);
    });

    it("makes one of a claim and a cancellation of the same moment first", async () => {
      for (let round = 0; round < 15; round++) {
        const trip = await scene.create();
        const [claimed] = await Promise.all([
          scene.claim(scene.claimOf(trip)),
          scene.mercy.trips.cancelTrip({ tripId: trip.id, reason: "why" }),
        ]);
        const now = present((await scene.mercy.trips.getTrip({ tripId: trip.id })).trip);
        expect(now.status).toBe(TransportStatus.CANCELLED);
        const expected =
          claimed.outcome === WON
            ? ["TripCreated 1", "TripAccepted 2", "TripCancelled 3"]
            : ["TripCreated 1", "TripCancelled 2"];
        expect(await scene.eventsOf(trip.id)).toEqual(expected);
        if (claimed.outcome === LOST) expect(claimed.lostReason).toBe(ClaimLostReason.CANCELLED);
        expect(now.assignedAgencyId).toBe(claimed.outcome === WON ? "blair" : "");
      }
    });

    it("loses a trip that is not the one that the agency saw", async () => {
      const trip = await scene.create();
      const answer = await scene.claim(scene.claimOf(trip, { seenMaterialVersion: 7n }));
      expect(answer).toMatchObject({ outcome: LOST, lostReason: ClaimLostReason.CHANGED });
    });

    it("lets the owning hospital and Center award a trip whose bids they choose from", async () => {
      for (const user of [aDispatcher("mercy"), anOverseer()]) {
        const trip = await scene.create({ awardPolicy: AwardPolicy.MANUAL });
        const answer = await viaEms(user).claimTrip(scene.claimOf(trip, { bidId: "bid-1", unitId: "" }));
        expect(answer.outcome).toBe(WON);
      }
    });

    it("authorises the person behind the call", async () => {
      const manual = await scene.create({ awardPolicy: AwardPolicy.MANUAL });
      expect(await refusalOf(scene.claim(scene.claimOf(manual)))).toBe("AWARD_POLICY_MISMATCH");
      const trip = await scene.create();
      expect(await refusalOf(scene.claim(scene.claimOf(trip), "rival"))).toBe("ACTION_NOT_ALLOWED");
      expect(await refusalOf(scene.claim(scene.claimOf(trip, { agencyId: "distant" }), "distant"))).toBe(
        "RESOURCE_NOT_FOUND",
      );
      const general = viaEms(aDispatcher("general")).claimTrip(scene.claimOf(trip));
      expect(await refusalOf(general)).toBe("ACTION_NOT_ALLOWED");
      const elsewhere = viaEms(aDispatcher("elsewhere")).claimTrip(scene.claimOf(trip));
      expect(await refusalOf(elsewhere)).toBe("RESOURCE_NOT_FOUND");
      const viewer = viaEms({ ...anAgencyDispatcher("blair"), roles: ["viewer"] }).claimTrip(scene.claimOf(trip));
      expect(await refusalOf(viewer)).toBe("METHOD_NOT_ALLOWED");
      expect((await scene.mercy.trips.getTrip({ tripId: trip.id })).trip?.status).toBe(TransportStatus.PENDING);
    });

    it("hides a trip out of reach behind the very words for one that does not exist, however often it is asked", async () => {
      const trip = await scene.create();
      const claims = viaEms(anAgencyDispatcher("distant"));
      const wordsFor = async (tripId: string): Promise<readonly string[]> => {
        const request = scene.claimOf(trip, { tripId, agencyId: "distant" });
        const refusals = [await errorOf(claims.claimTrip(request)), await errorOf(claims.claimTrip(request))];
        return refusals.map((error) =>
          JSON.stringify([error.message, error.findDetails(ResourceInfoSchema)]).replaceAll(tripId, "it"),
        );
      };
      expect(await wordsFor(trip.id)).toEqual(await wordsFor(newId()));
    });

    it("is for EMS alone", async () => {
      const trip = await scene.create();
      const direct = scene.test.as(anAgencyDispatcher("blair")).claims.claimTrip(scene.claimOf(trip));
      expect(await refusalOf(direct)).toBe("METHOD_NOT_ALLOWED");
      const center = scene.test.as(undefined, "center").claims.claimTrip(scene.claimOf(trip, { bidId: "bid-1" }));
      expect(await refusalOf(center)).toBe("METHOD_NOT_ALLOWED");
    });

    describe("without a person", () => {
      const closed = async (awardPolicy: AwardPolicy): Promise<Trip> => {
        const trip = await scene.create({ awardPolicy });
        await scene.test.query("update trip set bidding_close_time = now() - interval '1 second' where id = $1", [
          trip.id,
        ]);
        return trip;
      };

      it.each([AwardPolicy.BEST_ETA, AwardPolicy.LOWEST_COST, AwardPolicy.PREFERENCE_THEN_ETA])(
        "awards a trip with policy %s to the bid that it chose, once bidding has closed",
        async (awardPolicy) => {
          const trip = await closed(awardPolicy);
          const request = scene.claimOf(trip, { bidId: "bid-1" });
          expect(await system.claimTrip(request)).toMatchObject({ outcome: WON, tripVersion: 2n });
          expect(await system.claimTrip(request)).toMatchObject({ outcome: WON, tripVersion: 2n });
          const { entries } = await scene.mercy.trips.listTripHistory({ tripId: trip.id });
          expect(entries.at(-1)).toMatchObject({ change: "accepted", userId: "", agencyId: "blair" });
          expect(await scene.eventsOf(trip.id)).toEqual(["TripCreated 1", "TripAccepted 2"]);
        },
      );

      it("awards nothing before bidding has closed, and not with that attempt afterwards", async () => {
        const trip = await scene.create({ awardPolicy: AwardPolicy.BEST_ETA });
        const request = scene.claimOf(trip, { bidId: "bid-1" });
        expect(await refusalOf(system.claimTrip(request))).toBe("INVALID_STATE_TRANSITION");
        await scene.test.query("update trip set bidding_close_time = now() where id = $1", [trip.id]);
        expect(await refusalOf(system.claimTrip(request))).toBe("INVALID_STATE_TRANSITION");
        expect((await system.claimTrip({ ...request, attemptId: newId() })).outcome).toBe(WON);
      });

      it("awards nothing without a bid, nor against the trip's policy", async () => {
        const direct = await closed(AwardPolicy.BEST_ETA);
        expect(await refusalOf(system.claimTrip(scene.claimOf(direct)))).toBe("VALIDATION_FAILED");
        for (const policy of [AwardPolicy.MANUAL, AwardPolicy.FIRST_ACCEPT]) {
          const trip = await closed(policy);
          const claimed = system.claimTrip(scene.claimOf(trip, { bidId: "bid-1" }));
          expect(await refusalOf(claimed)).toBe("AWARD_POLICY_MISMATCH");
        }
      });

      it("loses what the hospital has cancelled or changed meanwhile", async () => {
        const cancelled = await closed(AwardPolicy.LOWEST_COST);
        await scene.mercy.trips.cancelTrip({ tripId: cancelled.id, reason: "why" });
        const lost = await system.claimTrip(scene.claimOf(cancelled, { bidId: "bid-1" }));
        expect(lost).toMatchObject({ outcome: LOST, lostReason: ClaimLostReason.CANCELLED });
        const changed = await closed(AwardPolicy.LOWEST_COST);
        const details = { priority: Priority.LOW };
        await scene.mercy.trips.updateTrip({ tripId: changed.id, details, updateMask: { paths: ["priority"] } });
        const outdated = await system.claimTrip(scene.claimOf(changed, { bidId: "bid-1" }));
        expect(outdated).toMatchObject({ outcome: LOST, lostReason: ClaimLostReason.CHANGED });
      });

      it("leaves agencies' people no way around the policy", async () => {
        const trip = await closed(AwardPolicy.BEST_ETA);
        expect(await refusalOf(scene.claim(scene.claimOf(trip, { bidId: "bid-1" })))).toBe("AWARD_POLICY_MISMATCH");
      });
    });

    it("refuses a unit that cannot serve the level, and an agency that does not take part", async () => {
      const trip = await scene.create();
      const weak = scene.claim(scene.claimOf(trip, { unitType: UnitType.BLS }));
      expect(await refusalOf(weak)).toBe("UNIT_NOT_CAPABLE");
      await scene.test.knowAgency({ id: "closed", active: false });
      const closed = viaEms(anOverseer()).claimTrip(scene.claimOf(trip, { agencyId: "closed" }));
      expect(await refusalOf(closed)).toBe("AGENCY_NOT_ELIGIBLE");
    });

    it("ends a refused attempt for good: a late copy of it never wins", async () => {
      const trip = await scene.create();
      const request = scene.claimOf(trip, { agencyId: "opening" });
      const opening = anAgencyDispatcher("opening");
      expect(await refusalOf(viaEms(opening).claimTrip(request))).toBe("RESOURCE_NOT_FOUND");
      // Meanwhile Hospital hears of the agency, and would now say yes.
      await scene.test.knowAgency({ id: "opening" });
      expect(await refusalOf(viaEms(opening).claimTrip(request))).toBe("RESOURCE_NOT_FOUND");
      expect((await system.resolveClaim({ attemptId: request.attemptId ?? "", tripId: trip.id })).outcome).toBe(
        ABANDONED,
      );
      expect((await viaEms(opening).claimTrip({ ...request, attemptId: newId() })).outcome).toBe(WON);
    });
  });

  describe("ResolveClaim", () => {
    it("tells how an attempt ended", async () => {
      const trip = await scene.create();
      const [winner, loser] = [scene.claimOf(trip), scene.claimOf(trip)];
      await scene.claim(winner);
      await scene.claim(loser);
      const resolve = (attemptId = "") => system.resolveClaim({ attemptId, tripId: trip.id });
      expect(await resolve(winner.attemptId)).toMatchObject({ outcome: WON, tripVersion: 2n });
      expect(await resolve(loser.attemptId)).toMatchObject({
        outcome: LOST,
        lostReason: ClaimLostReason.ALREADY_ASSIGNED,
      });
    });

    it("sees to it that an attempt which never arrived never wins", async () => {
      const trip = await scene.create();
      const request = scene.claimOf(trip);
      const attempt = { attemptId: request.attemptId ?? "", tripId: trip.id };
      expect((await system.resolveClaim(attempt)).outcome).toBe(ABANDONED);
      expect((await scene.claim(request)).outcome).toBe(ABANDONED);
      expect((await system.resolveClaim(attempt)).outcome).toBe(ABANDONED);
      expect((await scene.mercy.trips.getTrip({ tripId: trip.id })).trip?.status).toBe(TransportStatus.PENDING);
      expect((await scene.claim(scene.claimOf(trip))).outcome).toBe(WON);
    });

    it("agrees with a claim of the same moment about who was first", async () => {
      for (let round = 0; round < 15; round++) {
        const trip = await scene.create();
        const request = scene.claimOf(trip);
        const attempt = { attemptId: request.attemptId ?? "", tripId: trip.id };
        const [claimed, resolved] = await Promise.all([scene.claim(request), system.resolveClaim(attempt)]);
        expect(claimed.outcome).toBe(resolved.outcome);
        const { trip: now } = await scene.mercy.trips.getTrip({ tripId: trip.id });
        const expected = claimed.outcome === WON ? TransportStatus.ASSIGNED : TransportStatus.PENDING;
        expect(now?.status).toBe(expected);
      }
    });

    it("is for EMS alone", async () => {
      const direct = scene.center.claims.resolveClaim({ attemptId: newId(), tripId: "trip" });
      expect(await refusalOf(direct)).toBe("METHOD_NOT_ALLOWED");
      const center = scene.test.as(undefined, "center").claims.resolveClaim({ attemptId: newId(), tripId: "trip" });
      expect(await refusalOf(center)).toBe("METHOD_NOT_ALLOWED");
    });
  });

  describe("SetTripUnit", () => {
    it("names the unit later and swaps it, each told once, however often it is asked", async () => {
      const trip = await scene.create();
      const request = scene.claimOf(trip, { unitId: "" });
      await scene.claim(request);
      const claims = viaEms(anAgencyDispatcher("blair"));
      const attempt = { attemptId: request.attemptId ?? "", tripId: trip.id, unitType: UnitType.ALS };
      expect((await claims.setTripUnit({ ...attempt, unitId: "unit-1" })).tripVersion).toBe(3n);
      expect((await claims.setTripUnit({ ...attempt, unitId: "unit-1" })).tripVersion).toBe(3n);
      const swap = { ...attempt, unitId: "unit-2", previousUnitId: "unit-1" };
      expect((await claims.setTripUnit(swap)).tripVersion).toBe(4n);
      expect((await claims.setTripUnit(swap)).tripVersion).toBe(4n);
      const late = claims.setTripUnit({ ...attempt, unitId: "unit-1" });
      expect(await refusalOf(late)).toBe("INVALID_STATE_TRANSITION");
      expect((await scene.eventsOf(trip.id)).slice(2)).toEqual(["TripUnitAssigned 3", "TripUnitAssigned 4"]);
    });

    it("lets EMS repeat on its own what a dispatcher began, for the attempt that has the trip alone", async () => {
      const trip = await scene.assigned();
      const attempt = {
        attemptId: trip.acceptedAttemptId,
        tripId: trip.id,
        unitId: "unit-9",
        unitType: UnitType.CCT,
        previousUnitId: "unit-7",
      };
      expect((await system.setTripUnit(attempt)).tripVersion).toBe(3n);
      expect((await system.setTripUnit(attempt)).tripVersion).toBe(3n);
      const wrongAttempt = system.setTripUnit({ ...attempt, attemptId: newId(), unitId: "unit-8" });
      expect(await refusalOf(wrongAttempt)).toBe("INVALID_STATE_TRANSITION");
      const center = scene.test.as(undefined, "center").claims.setTripUnit(attempt);
      expect(await refusalOf(center)).toBe("METHOD_NOT_ALLOWED");
    });

    it("is refused for another attempt, another agency, a weaker unit and a cancelled trip", async () => {
      const trip = await scene.assigned();
      const attempt = {
        attemptId: trip.acceptedAttemptId,
        tripId: trip.id,
        unitId: "unit-9",
        unitType: UnitType.CCT,
        previousUnitId: "unit-7",
      };
      const claims = viaEms(anAgencyDispatcher("blair"));
      const wrongAttempt = claims.setTripUnit({ ...attempt, attemptId: newId() });
      expect(await refusalOf(wrongAttempt)).toBe("INVALID_STATE_TRANSITION");
      const rival = viaEms(anAgencyDispatcher("rival")).setTripUnit(attempt);
      expect(await refusalOf(rival)).toBe("RESOURCE_NOT_FOUND");
      const weak = claims.setTripUnit({ ...attempt, unitType: UnitType.BLS });
      expect(await refusalOf(weak)).toBe("UNIT_NOT_CAPABLE");
      await scene.mercy.trips.cancelTrip({ tripId: trip.id, reason: "why" });
      expect(await refusalOf(claims.setTripUnit(attempt))).toBe("TRIP_CANCELLED");
    });
  });
});
