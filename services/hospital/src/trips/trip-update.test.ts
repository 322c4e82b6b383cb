import { describe, expect, it } from "@jest/globals";
import {
  aCompletedTrip,
  anAssignedTrip,
  aPendingTrip,
  aPlace,
  at,
  aTripInProgress,
  overseer,
  owner,
  receiver,
  terms,
} from "./trip.builder.ts";
import type { Award, Trip } from "./trip.ts";
import { isMaterial, type TripRevision, updateTrip } from "./trip-update.ts";

const elsewhere = { place: aPlace({ facilityId: "facility-new", name: "New" }), isActive: true };
const window = { start: at(60), end: at(90) };

function update(trip: Trip, revision: TripRevision): ReturnType<typeof updateTrip> {
  return updateTrip(trip, { actor: owner, revision, terms, now: at(15) });
}

describe("changing what is asked for", () => {
  it.each<{ field: string; revision: TripRevision; after: object }>([
    { field: "origin_facility_id", revision: { origin: elsewhere }, after: { origin: { facilityId: "facility-new" } } },
    {
      field: "destination_facility_id",
      revision: { destination: elsewhere },
      after: { destination: { facilityId: "facility-new" } },
    },
    { field: "transport_level", revision: { level: "CCT" }, after: { level: "CCT" } },
    { field: "priority", revision: { priority: "LOW" }, after: { priority: "LOW" } },
    { field: "special_requirements", revision: { specialRequirements: "" }, after: { specialRequirements: "" } },
    { field: "pickup_window", revision: { window: { to: window } }, after: { window } },
  ])("is material for $field", ({ field, revision, after }) => {
    expect(update(aPendingTrip(), revision)).toMatchObject({
      ok: true,
      value: {
        name: "updated",
        changedFields: [field],
        after: { ...after, status: "PENDING", version: 2, materialVersion: 2, updatedAt: at(15) },
      },
    });
  });

  it("is not material for how the winner is chosen", () => {
    expect(update(aPendingTrip(), { awardPolicy: "LOWEST_COST" })).toMatchObject({
      value: { changedFields: ["award_policy"], after: { awardPolicy: "LOWEST_COST", materialVersion: 1, version: 2 } },
    });
    expect(isMaterial(["award_policy"])).toBe(false);
    expect(isMaterial(["award_policy", "priority"])).toBe(true);
  });

  it("names all that changed and only that, in one version", () => {
    const revision: TripRevision = { priority: "LOW", level: "ALS", specialRequirements: "", awardPolicy: "MANUAL" };
    expect(update(aPendingTrip(), revision)).toMatchObject({
      value: { changedFields: ["priority", "special_requirements", "award_policy"], after: { version: 2 } },
    });
  });

  it("takes a window away", () => {
    const decision = update(aPendingTrip({ window }), { window: {} });
    expect(decision).toMatchObject({ value: { changedFields: ["pickup_window"] } });
    expect(decision).not.toHaveProperty("value.after.window");
  });

  it("changes nothing where everything is as it is to be", () => {
    const same: TripRevision = {
      origin: { place: aPlace(), isActive: true },
      level: "ALS",
      priority: "HIGH",
      awardPolicy: "FIRST_ACCEPT",
      specialRequirements: "oxygen",
      window: { to: { start: at(60), end: at(90) } },
    };
    expect(update(aPendingTrip({ window }), same)).toEqual({ ok: true, value: undefined });
    expect(update(aPendingTrip(), {})).toEqual({ ok: true, value: undefined });
  });

  it("moves neither the end of bidding nor what was promised", () => {
    const trip = aPendingTrip();
    expect(update(trip, { priority: "URGENT" })).toMatchObject({
      value: { after: { biddingClosesAt: at(10), slaTerms: trip.slaTerms } },
    });
  });

  it("gives bidding an end where bids are to be compared at it, and there was none", () => {
    const { biddingClosesAt: _, ...trip } = aPendingTrip();
    const compared = update(trip, { awardPolicy: "BEST_ETA" });
    expect(compared).toMatchObject({ value: { after: { biddingClosesAt: at(25) } } });
    expect(update(trip, { awardPolicy: "MANUAL" })).not.toHaveProperty("value.after.biddingClosesAt");
  });

  it.each<{ why: string; revision: TripRevision; reason: string }>([
    {
      why: "a destination that is the origin",
      revision: { destination: { place: aPlace(), isActive: true } },
      reason: "VALIDATION_FAILED",
    },
    {
      why: "a place that does not take part",
      revision: { origin: { ...elsewhere, isActive: false } },
      reason: "FACILITY_NOT_ACTIVE",
    },
    {
      why: "a window in the past",
      revision: { window: { to: { start: at(0), end: at(15) } } },
      reason: "VALIDATION_FAILED",
    },
  ])("is refused for $why", ({ revision, reason }) => {
    expect(update(aPendingTrip(), revision)).toMatchObject({ ok: false, refusal: { reason } });
  });

  it("leaves a window that has passed meanwhile alone", () => {
    const trip = aPendingTrip({ window: { start: at(0), end: at(10) } });
    expect(update(trip, { priority: "LOW", window: { to: { start: at(0), end: at(10) } } }).ok).toBe(true);
  });

  it("is for the owner and Center, before the pickup", () => {
    const about = { revision: { priority: "LOW" }, terms, now: at(15) } as const;
    expect(updateTrip(aPendingTrip(), { ...about, actor: overseer }).ok).toBe(true);
    const inbound = updateTrip(aPendingTrip(), { ...about, actor: receiver });
    expect(inbound).toMatchObject({ refusal: { reason: "ACTION_NOT_ALLOWED" } });
    for (const trip of [aTripInProgress(), aCompletedTrip()]) {
      const late = updateTrip(trip, { ...about, actor: overseer });
      expect(late).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
    }
  });
});

describe("changing what is asked for when an agency has the trip", () => {
  it("asks the agency to consent within the time that is configured", () => {
    expect(update(anAssignedTrip(), { priority: "URGENT" })).toMatchObject({
      value: {
        name: "updated",
        after: { status: "ASSIGNED", award: { agencyId: "blair" }, materialVersion: 2, consentDueAt: at(20) },
      },
    });
  });

  it("gives the agency the whole time again for another change", () => {
    const decision = update(anAssignedTrip({ consentDueAt: at(16) }), { specialRequirements: "two oxygen" });
    expect(decision).toMatchObject({ value: { after: { consentDueAt: at(20) } } });
  });

  it("releases it at once, in the same change, where the unit can do less than what is needed now", () => {
    const decision = update(anAssignedTrip(), { level: "CCT", priority: "URGENT" });
    expect(decision).toMatchObject({
      ok: true,
      value: {
        name: "released",
        changedFields: ["transport_level", "priority"],
        before: { award: { unitId: "unit-7" } },
        after: {
          status: "PENDING",
          releaseReason: "LEVEL_RAISED",
          level: "CCT",
          version: 3,
          materialVersion: 2,
          biddingClosesAt: at(20),
        },
      },
    });
    expect(decision).not.toHaveProperty("value.after.consentDueAt");
  });

  it.each<{ why: string; award: Partial<Award>; level: "BLS" | "CCT"; status: string }>([
    { why: "a unit that can do more", award: { unitType: "CCT" }, level: "CCT", status: "ASSIGNED" },
    { why: "less to do", award: { unitType: "ALS" }, level: "BLS", status: "ASSIGNED" },
    {
      why: "no unit yet",
      award: { unitId: undefined, unitType: undefined } as object,
      level: "CCT",
      status: "ASSIGNED",
    },
    {
      why: "a unit of which nobody knows the type",
      award: { unitType: undefined } as object,
      level: "CCT",
      status: "PENDING",
    },
  ])("with $why it is $status then", ({ award, level, status }) => {
    const trip = anAssignedTrip();
    const decision = update({ ...trip, award: { ...trip.award, ...award } }, { level });
    expect(decision).toMatchObject({ value: { after: { status } } });
  });

  it("leaves how the winner is chosen as it is", () => {
    const decision = update(anAssignedTrip(), { awardPolicy: "MANUAL" });
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
    expect(update(anAssignedTrip(), { awardPolicy: "FIRST_ACCEPT" })).toEqual({ ok: true, value: undefined });
  });
});
