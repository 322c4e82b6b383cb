import { describe, expect, it } from "@jest/globals";
import { transportLevels } from "../trip-copies/transport.ts";
import { canServe, levelsServedBy, unitTypes } from "./unit-type.ts";

describe("the ladder of capabilities", () => {
  it("has BLS within ALS and ALS within CCT, and any unit for a trip without medical care", () => {
    const served = Object.fromEntries(
      unitTypes.map((type) => [type, transportLevels.filter((level) => canServe(type, level))]),
    );
    expect(served).toEqual({
      BLS: ["BLS", "OTHER"],
      ALS: ["BLS", "ALS", "OTHER"],
      CCT: ["BLS", "ALS", "CCT", "OTHER"],
      WHEELCHAIR: ["OTHER"],
      MEDICAL_TAXI: ["OTHER"],
    });
  });

  it("adds up over an agency's units", () => {
    expect(levelsServedBy(["WHEELCHAIR", "ALS"]).toSorted()).toEqual(["ALS", "BLS", "OTHER"]);
    expect(levelsServedBy([])).toEqual([]);
  });
});
