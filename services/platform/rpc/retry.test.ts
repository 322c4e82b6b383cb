import { describe, expect, it } from "@jest/globals";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { fullJitterMs, isRepeatable, RetryBudget } from "./retry.ts";

describe("the pause before a retry", () => {
  it("is anything from nothing to a ceiling that doubles up to a second", () => {
    expect([1, 2, 3, 20].map((attempt) => fullJitterMs(attempt, () => 0.999_999))).toEqual([
      expect.closeTo(100, 1),
      expect.closeTo(200, 1),
      expect.closeTo(400, 1),
      expect.closeTo(1_000, 1),
    ]);
    expect(fullJitterMs(5, () => 0)).toBe(0);
  });
});

describe("a call", () => {
  const { getFacility, createFacility } = FacilityService.method;

  it("may be repeated if the method says so, or if the request carries an id", () => {
    expect(isRepeatable(getFacility, {})).toBe(true);
    expect(isRepeatable(createFacility, { requestId: "r1" })).toBe(true);
    expect(isRepeatable(createFacility, { requestId: "" })).toBe(false);
    expect(isRepeatable(createFacility, {})).toBe(false);
  });
});

describe("the retry budget", () => {
  it("is spent by retries and earned by successes, ten for one", () => {
    const budget = new RetryBudget(2);
    expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
    for (let i = 0; i < 10; i += 1) budget.earn();
    expect(budget.spend()).toBe(true);
    expect(budget.spend()).toBe(false);
  });
});
