import { describe, expect, it } from "@jest/globals";
import { aDirectory } from "./dossier.builder.ts";
import { tripUnit } from "./trip-unit.ts";

const directory = aDirectory();

describe("the unit of a trip", () => {
  it.each([
    ["is the one that its row names", "swift", "swift-1", "swift-1", []],
    ["is none if its row names none", "swift", null, null, []],
    ["is none if it belongs to another agency", "swift", "calm-1", null, ["UNIT_FOREIGN"]],
    ["is none if the trip has no agency", null, "swift-1", null, ["UNIT_FOREIGN"]],
    ["is none if it was not moved", "swift", "gone", null, ["UNIT_NOT_MOVED"]],
  ])("%s", (_, agencyId, unitId, expected, kinds) => {
    const { value, findings } = tripUnit({ agencyId, unitId }, directory);
    expect(value?.id ?? null).toBe(expected);
    expect(findings.map(({ kind }) => kind)).toEqual(kinds);
  });
});
