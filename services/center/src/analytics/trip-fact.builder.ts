import type { TripFact } from "./trip-fact.ts";

/** A pending trip as it is counted, fit for tests; name only what the test is about. */
export function aTripFact(over: Partial<TripFact> = {}): TripFact {
  return {
    tripId: "trip-1",
    hospitalId: "hospital-1",
    status: "PENDING",
    transportLevel: "ALS",
    priority: "HIGH",
    originCounty: "Blair",
    requestTime: new Date("2026-03-01T12:00:00Z"),
    version: 1,
    ...over,
  };
}
