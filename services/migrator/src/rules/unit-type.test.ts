import { describe, expect, it } from "@jest/globals";
import { unitTypeFrom } from "./unit-type.ts";

describe("R-UNITTYPE", () => {
  it.each(["BLS", "ALS", "CCT"])("keeps %s, whatever is said of it", (type) => {
    expect(unitTypeFrom(type, ["wheelchair taxi"])).toEqual({ value: type });
  });

  it.each(["Wheelchair", "WC-3", "wc", "Stretcher LIFT", "ramp"])("makes OTHER with %s a WHEELCHAIR", (hint) => {
    expect(unitTypeFrom("OTHER", ["12", hint])).toEqual({ value: "WHEELCHAIR" });
  });

  it.each(["Taxi 4", "SEDAN", "car"])("makes OTHER with %s a MEDICAL_TAXI", (hint) => {
    expect(unitTypeFrom("OTHER", [hint, "12"])).toEqual({ value: "MEDICAL_TAXI" });
  });

  it("makes OTHER with both a WHEELCHAIR", () => {
    expect(unitTypeFrom("OTHER", ["taxi", "lift"])).toEqual({ value: "WHEELCHAIR" });
  });

  it.each([[[]], [["12", "oxygen"]]])("takes OTHER for what can do least if nothing tells: %j", (hints) => {
    expect(unitTypeFrom("OTHER", hints)).toEqual({ value: "MEDICAL_TAXI", issue: "UNIT_TYPE_GUESSED" });
  });
});
