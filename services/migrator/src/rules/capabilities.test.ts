import { describe, expect, it } from "@jest/globals";
import type { Json } from "../target/target-tables.ts";
import { capabilitiesFrom } from "./capabilities.ts";

describe("R-CAPS", () => {
  it.each<[string, Json, readonly string[]]>([
    ["null", null, []],
    ["no text", "", []],
    ["blank text", "  ", []],
    ["one word", "ALS", ["ALS"]],
    ["words with commas", " BLS, ALS ,,CCT", ["BLS", "ALS", "CCT"]],
    ["no entries", [], []],
    ["entries", ["Oxygen", " Ventilator ", ""], ["Oxygen", "Ventilator"]],
    ["entries that hold commas", ["IV pump, double"], ["IV pump, double"]],
    ["entries of other kinds", [3, true, null], ["3", "true"]],
    ["named entries", [{ name: "Oxygen", code: "O2" }, { label: "Lift" }, { code: "B" }], ["Oxygen", "Lift", "B"]],
    ["entries whose name is blank", [{ name: " ", label: "Lift" }], ["Lift"]],
    ["entries without name", [{ size: 2, kind: ["a"] }, [1, 2]], ['{"size":2,"kind":["a"]}', "[1,2]"]],
    ["twins of another case", ["Oxygen", "OXYGEN", "oxygen ", "Lift"], ["Oxygen", "Lift"]],
    ["transport levels", { transportLevels: ["BLS", "ALS"] }, ["BLS", "ALS"]],
    [
      "all lists, out of order",
      {
        equipment: ["Stretcher"],
        specialEquipment: ["ECMO"],
        transportLevels: ["CCT"],
        specialCapabilities: "Neonatal, Bariatric",
        specialServices: ["Night"],
      },
      ["CCT", "Night", "Neonatal", "Bariatric", "ECMO", "Stretcher"],
    ],
    ["a list beside something else", { transportLevels: ["BLS"], crew: 2 }, ["BLS"]],
    ["a list that is an object", { transportLevels: { BLS: true, ALS: false } }, ["BLS"]],
    ["a list that is missing", { equipment: null }, []],
    ["flags", { oxygen: true, lift: false, ramp: true, fax: null }, ["oxygen", "ramp"]],
    ["flags that say more", { oxygen: 2, kind: "van", list: [1] }, ["oxygen:2", "kind:van", "list:[1]"]],
    ["a number", 5, ["5"]],
    ["true", true, ["true"]],
    ["false", false, ["false"]],
    ["an empty object", {}, []],
  ])("reads %s", (_what, value, expected) => {
    expect(capabilitiesFrom(value)).toEqual(expected);
  });
});
