import { describe, expect, it } from "@jest/globals";
import { aPlace, at, terms } from "./trip.builder.ts";
import { createTrip, type TripOrder } from "./trip-order.ts";
import type { TripId } from "./trip.ts";

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
    terms,
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

  it.each([
    { priority: "URGENT", closes: 5, assignMinutes: 10, pickupMinutes: 60 },
    { priority: "HIGH", closes: 10, assignMinutes: 20, pickupMinutes: 120 },
    { priority: "MEDIUM", closes: 15, assignMinutes: 30, pickupMinutes: 240 },
    { priority: "LOW", closes: 30, assignMinutes: 60, pickupMinutes: 480 },
  ] as const)(
    "opens bidding for $closes minutes and promises $assignMinutes and $pickupMinutes for $priority",
    (row) => {
      const { priority, closes, assignMinutes, pickupMinutes } = row;
      expect(createTrip(anOrder({ priority }))).toMatchObject({
        value: {
          after: { biddingClosesAt: at(closes), slaTerms: { assignMinutes, pickupMinutes, toleranceMinutes: 15 } },
        },
      });
    },
  );

  it("takes the limits that are configured at that moment", () => {
    const biddingTtlMinutes = { ...terms.biddingTtlMinutes, LOW: 7 };
    const decision = createTrip(anOrder({ terms: { ...terms, biddingTtlMinutes } }));
    expect(decision).toMatchObject({ value: { after: { biddingClosesAt: at(7) } } });
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

  it.each([
    { why: "ends before now", start: at(-30), end: at(-5) },
    { why: "ends now", start: at(-30), end: at(0) },
    { why: "is empty", start: at(30), end: at(30) },
  ])("is refused for a window that $why", ({ start, end }) => {
    const decision = createTrip(anOrder({ window: { start, end } }));
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "VALIDATION_FAILED" } });
  });

  it("may be for a window that has begun", () => {
    const window = { start: at(-30), end: at(30) };
    expect(createTrip(anOrder({ window }))).toMatchObject({ ok: true, value: { after: { window } } });
  });
});
