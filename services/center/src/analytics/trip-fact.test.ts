import { describe, expect, it } from "@jest/globals";
import { aTripFact } from "./trip-fact.builder.ts";
import { tripMeasurements } from "./trip-fact.ts";

describe("measuring a trip", () => {
  it("counts that it was created", () => {
    expect(tripMeasurements("created", aTripFact())).toEqual([{ name: "trip.created", value: 1 }]);
  });

  it.each([
    ["accepted", { acceptTime: new Date("2026-03-01T12:10:00Z") }, 600],
    ["started", { pickupTime: new Date("2026-03-01T13:00:00Z") }, 3_600],
    ["completed", { completionTime: new Date("2026-03-01T14:00:00.500Z") }, 7_200.5],
  ])("tells how many seconds it took until it was %s", (change, times, seconds) => {
    const fact = aTripFact({ requestTime: new Date("2026-03-01T12:00:00Z"), ...times });
    expect(tripMeasurements(change, fact)).toEqual([
      { name: `trip.${change}`, value: 1 },
      { name: `trip.seconds_until_${change}`, value: seconds },
    ]);
  });

  it("does not count below zero when two machines' clocks disagree", () => {
    const fact = aTripFact({ requestTime: new Date(2_000), acceptTime: new Date(1_000) });
    expect(tripMeasurements("accepted", fact)).toContainEqual({ name: "trip.seconds_until_accepted", value: 0 });
  });
});
