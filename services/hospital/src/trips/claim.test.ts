import { describe, expect, it } from "@jest/globals";
import { claimTrip, isClaimable, isInReach, mayClaim, setTripUnit, type TripClaim } from "./claim.ts";
import {
  aCancelledTrip,
  anAssignedTrip,
  aPendingTrip,
  at,
  aTripInProgress,
  blair,
  overseer,
  owner,
  receiver,
  rival,
  stranger,
} from "./trip.builder.ts";
import type { TripActor } from "./trip-actor.ts";

function aClaim(over: Partial<TripClaim> = {}): TripClaim {
  return { attemptId: "attempt-9", agencyId: "blair", seenMaterialVersion: 1, actor: blair, now: at(5), ...over };
}

describe("claiming a trip", () => {
  it("wins one that waits and is as the agency saw it", () => {
    const unit = { id: "unit-7", type: "ALS" } as const;
    expect(claimTrip(aPendingTrip(), aClaim({ unit, bidId: "bid-1" }))).toMatchObject({
      outcome: "WON",
      change: {
        name: "accepted",
        bidId: "bid-1",
        after: {
          status: "ASSIGNED",
          version: 2,
          award: { agencyId: "blair", unitId: "unit-7", unitType: "ALS", attemptId: "attempt-9", acceptedAt: at(5) },
          turn: 1,
        },
      },
    });
  });

  it("is never accepted before it was asked for, whatever the clocks say", () => {
    const verdict = claimTrip(aPendingTrip({ requestedAt: at(7) }), aClaim({ now: at(5) }));
    expect(verdict).toMatchObject({ change: { after: { award: { acceptedAt: at(7) } } } });
  });

  it.each([
    { trip: aPendingTrip({ materialVersion: 2 }), reason: "CHANGED" },
    { trip: anAssignedTrip(), reason: "ALREADY_ASSIGNED" },
    { trip: aTripInProgress(), reason: "ALREADY_ASSIGNED" },
    { trip: aCancelledTrip(), reason: "CANCELLED" },
  ])("loses one that is $trip.status, with the reason $reason", ({ trip, reason }) => {
    expect(claimTrip(trip, aClaim())).toEqual({ outcome: "LOST", reason });
  });
});

describe("who may claim", () => {
  const trip = aPendingTrip();
  it.each<{ who: string; actor: TripActor; agencyId: string; ok: boolean }>([
    { who: "the owning hospital for any agency", actor: owner, agencyId: "rival", ok: true },
    { who: "Center for any agency", actor: overseer, agencyId: "rival", ok: true },
    { who: "an agency for itself", actor: blair, agencyId: "blair", ok: true },
    { who: "an agency for another", actor: rival, agencyId: "blair", ok: false },
    { who: "the hospital that the patient is brought to", actor: receiver, agencyId: "blair", ok: false },
  ])("$who: $ok", ({ actor, agencyId, ok }) => {
    expect(mayClaim(trip, aClaim({ agencyId, actor })).ok).toBe(ok);
  });

  it("is nobody, for a bid alone", () => {
    const { actor: _, ...claim } = aClaim({ bidId: "bid-1" });
    expect(mayClaim(trip, claim).ok).toBe(true);
    const { bidId: _bid, ...direct } = claim;
    expect(mayClaim(trip, direct)).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
  });
});

describe("what may be claimed", () => {
  it("is a trip that the first agency to accept may have", () => {
    expect(isClaimable(aPendingTrip(), aClaim(), true).ok).toBe(true);
  });

  it("is not, for an agency, a trip whose bids the hospital chooses from", () => {
    const decision = isClaimable(aPendingTrip({ awardPolicy: "MANUAL" }), aClaim(), true);
    expect(decision).toMatchObject({ refusal: { reason: "AWARD_POLICY_MISMATCH" } });
  });

  it.each(["MANUAL", "FIRST_ACCEPT", "BEST_ETA", "LOWEST_COST", "PREFERENCE_THEN_ETA"] as const)(
    "is, for the hospital, a trip with the policy %s at any time",
    (awardPolicy) => {
      expect(isClaimable(aPendingTrip({ awardPolicy }), aClaim({ actor: owner }), true).ok).toBe(true);
    },
  );

  describe("without a person", () => {
    const { actor: _, ...claim } = aClaim({ bidId: "bid-1", now: at(10) });

    it.each(["BEST_ETA", "LOWEST_COST", "PREFERENCE_THEN_ETA"] as const)(
      "is a trip with the policy %s once bidding has closed",
      (awardPolicy) => {
        const trip = aPendingTrip({ awardPolicy, biddingClosesAt: at(10) });
        expect(isClaimable(trip, claim, true).ok).toBe(true);
        const early = isClaimable(trip, { ...claim, now: at(9) }, true);
        expect(early).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
      },
    );

    it.each(["MANUAL", "FIRST_ACCEPT"] as const)("is none with the policy %s", (awardPolicy) => {
      const decision = isClaimable(aPendingTrip({ awardPolicy }), claim, true);
      expect(decision).toMatchObject({ refusal: { reason: "AWARD_POLICY_MISMATCH" } });
    });
  });

  it("is out of reach where an agency does not drive, and in reach even when it is gone where it does", () => {
    const elsewhere: TripActor = { ...rival, reach: { isActive: true, counties: ["centre"] } };
    expect(isInReach(aPendingTrip(), elsewhere)).toBe(false);
    expect(isInReach(anAssignedTrip(), rival)).toBe(true);
    expect(isInReach(anAssignedTrip(), stranger)).toBe(false);
  });

  it("is nothing for an agency that is switched off", () => {
    const decision = isClaimable(aPendingTrip(), aClaim({ actor: owner }), false);
    expect(decision).toMatchObject({ refusal: { reason: "AGENCY_NOT_ELIGIBLE" } });
  });

  it("is not a trip that needs more than the unit can do", () => {
    const decision = isClaimable(aPendingTrip(), aClaim({ unit: { id: "unit-1", type: "BLS" } }), true);
    expect(decision).toMatchObject({ refusal: { reason: "UNIT_NOT_CAPABLE" } });
  });
});

describe("naming the unit", () => {
  const naming = {
    attemptId: "attempt-1",
    unit: { id: "unit-8", type: "CCT" },
    previousUnitId: "unit-7",
    actor: blair,
    now: at(15),
  } as const;

  it("swaps the unit of an assigned trip", () => {
    expect(setTripUnit(anAssignedTrip(), naming)).toMatchObject({
      ok: true,
      value: {
        name: "unit_assigned",
        before: { award: { unitId: "unit-7" } },
        after: { award: { unitId: "unit-8", unitType: "CCT" }, turn: 2 },
      },
    });
  });

  it("changes nothing when the unit has the trip already", () => {
    const same = { ...naming, unit: { id: "unit-7", type: "ALS" } } as const;
    expect(setTripUnit(aTripInProgress(), same)).toEqual({ ok: true, value: undefined });
  });

  it.each([
    { why: "another attempt", trip: anAssignedTrip(), over: { attemptId: "x" }, reason: "INVALID_STATE_TRANSITION" },
    {
      why: "another unit to replace",
      trip: anAssignedTrip(),
      over: { previousUnitId: "x" },
      reason: "INVALID_STATE_TRANSITION",
    },
    {
      why: "no unit to replace",
      trip: anAssignedTrip(),
      over: { previousUnitId: "" },
      reason: "INVALID_STATE_TRANSITION",
    },
    { why: "a trip that waits", trip: aPendingTrip(), over: { actor: overseer }, reason: "INVALID_STATE_TRANSITION" },
    { why: "a trip on the road", trip: aTripInProgress(), over: {}, reason: "INVALID_STATE_TRANSITION" },
    { why: "a cancelled trip", trip: aCancelledTrip(), over: { actor: overseer }, reason: "TRIP_CANCELLED" },
    { why: "another agency", trip: anAssignedTrip(), over: { actor: rival }, reason: "ACTION_NOT_ALLOWED" },
    {
      why: "a unit that can do less",
      trip: anAssignedTrip(),
      over: { unit: { id: "unit-1", type: "WHEELCHAIR" } as const },
      reason: "UNIT_NOT_CAPABLE",
    },
  ])("is refused for $why", ({ trip, over, reason }) => {
    expect(setTripUnit(trip, { ...naming, ...over })).toMatchObject({ ok: false, refusal: { reason } });
  });
});
