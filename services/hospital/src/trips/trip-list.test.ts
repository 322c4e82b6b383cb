import { describe, expect, it } from "@jest/globals";
import { aCompletedTrip, anAssignedTrip, aPendingTrip, at } from "./trip.builder.ts";
import { matchesFilter, openStatuses, type TripFilter, tripListing, type TripListing } from "./trip-list.ts";

const all: TripFilter = { statuses: [], levels: [], priorities: [] };
const now = at(60);

const listing = (over: Partial<TripListing>): TripListing => ({ filter: all, order: "NEWEST_FIRST", ...over });
const reasonFor = (asked: TripListing): string => {
  const decision = tripListing(asked, now);
  return decision.ok ? "granted" : decision.refusal.reason;
};

describe("a list that is asked for", () => {
  it("is given as it was asked for", () => {
    for (const asked of [listing({}), listing({ order: "OLDEST_FIRST", asOf: at(30) })]) {
      expect(tripListing(asked, now)).toEqual({ ok: true, value: asked });
    }
  });

  it("in the order of urgency is one of open trips", () => {
    const order = "MOST_URGENT_FIRST";
    expect(tripListing(listing({ order }), now)).toMatchObject({ value: { filter: { statuses: openStatuses } } });
    const waiting = listing({ order, filter: { ...all, statuses: ["PENDING"] } });
    expect(tripListing(waiting, now)).toEqual({ ok: true, value: waiting });
    for (const closed of ["COMPLETED", "CANCELLED"] as const) {
      expect(reasonFor(listing({ order, filter: { ...all, statuses: ["PENDING", closed] } }))).toBe(
        "VALIDATION_FAILED",
      );
    }
  });

  it("is not one of the future", () => {
    expect(reasonFor(listing({ asOf: at(61) }))).toBe("VALIDATION_FAILED");
    expect(reasonFor(listing({ asOf: now }))).toBe("granted");
  });
});

describe("a filter", () => {
  const trip = anAssignedTrip();

  it.each<Partial<TripFilter>>([
    {},
    { statuses: ["PENDING", "ASSIGNED"] },
    { levels: ["ALS"], priorities: ["HIGH", "LOW"] },
    { hospitalId: "mercy", assignedAgencyId: "blair" },
    { originFacilityId: "facility-origin", destinationFacilityId: "facility-destination" },
    { tripNumber: "T-10001" },
    { requestedFrom: at(0), requestedUntil: at(1) },
  ])("lets a trip through that has all that it names: %j", (filter) => {
    expect(matchesFilter(trip, { ...all, ...filter })).toBe(true);
  });

  it.each<Partial<TripFilter>>([
    { statuses: ["PENDING"] },
    { levels: ["BLS", "CCT", "OTHER"] },
    { priorities: ["URGENT"] },
    { hospitalId: "general" },
    { assignedAgencyId: "rival" },
    { originFacilityId: "facility-destination" },
    { destinationFacilityId: "facility-origin" },
    { tripNumber: "T-1000" },
    { requestedFrom: at(1) },
    { requestedUntil: at(0) },
    { statuses: ["ASSIGNED"], levels: ["BLS"] },
  ])("holds a trip back that has not: %j", (filter) => {
    expect(matchesFilter(trip, { ...all, ...filter })).toBe(false);
  });

  it("finds no agency on a trip that waits", () => {
    expect(matchesFilter(aPendingTrip(), { ...all, assignedAgencyId: "blair" })).toBe(false);
    expect(matchesFilter(aCompletedTrip(), { ...all, assignedAgencyId: "blair" })).toBe(true);
  });
});
