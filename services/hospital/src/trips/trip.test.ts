import { describe, expect, it } from "@jest/globals";
import {
  aCancelledTrip,
  aCompletedTrip,
  anAssignedTrip,
  aPendingTrip,
  aPlace,
  at,
  aTripInProgress,
  blair,
  overseer,
  owner,
  receiver,
} from "./trip.builder.ts";
import { cancelTrip, createTrip, type TripId, type TripOrder } from "./trip.ts";

function anOrder(over: Partial<TripOrder> = {}): TripOrder {
  const destination = aPlace({ facilityId: "facility-destination", hospitalId: "general" });
  return {
    id: "trip-1" as TripId,
    number: "T-10001",
    hospitalId: "mercy",
    patientId: "P-0",
    level: "BLS",
    priority: "LOW",
    awardPolicy: "MANUAL",
    specialRequirements: "",
    origin: { place: aPlace(), isActive: true },
    destination: { place: destination, isActive: true },
    userId: "user-1",
    now: at(0),
    ...over,
  };
}

describe("asking for a trip", () => {
  it("begins its first version, waiting", () => {
    const decision = createTrip(anOrder());
    expect(decision).toMatchObject({
      ok: true,
      value: { name: "created", after: { status: "PENDING", version: 1, materialVersion: 1, requestedAt: at(0) } },
    });
  });

  it("is refused from a place to the same place", () => {
    const place = { place: aPlace(), isActive: true };
    const decision = createTrip(anOrder({ origin: place, destination: place }));
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "VALIDATION_FAILED" } });
  });

  it("is refused where a facility does not take part", () => {
    const decision = createTrip(anOrder({ origin: { place: aPlace(), isActive: false } }));
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "FACILITY_NOT_ACTIVE" } });
  });
});

describe("cancelling a trip", () => {
  const cancellation = { actor: owner, reason: "patient better", now: at(25) };

  it("demands a reason that says something", () => {
    const decision = cancelTrip(aPendingTrip(), { ...cancellation, reason: "  " });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "VALIDATION_FAILED" } });
  });

  it("ends one that waits", () => {
    expect(cancelTrip(aPendingTrip(), cancellation)).toMatchObject({
      ok: true,
      value: {
        name: "cancelled",
        after: { status: "CANCELLED", version: 2, reason: "patient better", cancelledAt: at(25) },
      },
    });
  });

  it("ends one that an agency has, and remembers which", () => {
    expect(cancelTrip(anAssignedTrip(), cancellation)).toMatchObject({
      ok: true,
      value: { after: { status: "CANCELLED", version: 3, award: { agencyId: "blair", attemptId: "attempt-1" } } },
    });
  });

  it.each([aTripInProgress(), aCompletedTrip(), aCancelledTrip()])("is too late for one that is $status", (trip) => {
    const decision = cancelTrip(trip, { ...cancellation, actor: overseer });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it.each([
    { who: "the agency that has it", actor: blair },
    { who: "the hospital that it goes to", actor: receiver },
  ])("is not for $who", ({ actor }) => {
    const decision = cancelTrip(anAssignedTrip(), { ...cancellation, actor });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "ACTION_NOT_ALLOWED" } });
  });
});
