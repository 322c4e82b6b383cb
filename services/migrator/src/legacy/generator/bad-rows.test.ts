import { describe, expect, it } from "@jest/globals";
import { plantBadRows } from "./bad-rows.ts";
import { generateLegacy } from "./generate-legacy.ts";
import { askRules, quarantineLine } from "./moved-legacy.builder.ts";
import { anOldDatabase } from "./old-database.builder.ts";

describe("planting bad rows", () => {
  it("makes rows bad in twelve kinds, and tells exactly which the rules quarantine, and why", async () => {
    await using old = await anOldDatabase();
    const generated = await generateLegacy(old.client, { trips: 4_000, seed: 1, oddities: true });
    const planted = await plantBadRows(old.client, { count: 240, seed: 2 });
    expect(planted.filter(({ isPlanted }) => isPlanted)).toHaveLength(240);
    expect(new Set(planted.map(({ kind }) => kind)).size).toBe(12);
    const expected = [...generated.quarantined, ...planted].map(quarantineLine).toSorted();
    expect((await askRules(old.client)).quarantined).toEqual(expected);
  });

  it("chooses the same rows for the same seed", async () => {
    const chosen: string[] = [];
    for (const seed of [3, 3, 4]) {
      await using old = await anOldDatabase();
      await generateLegacy(old.client, { trips: 1_000, seed: 1, oddities: false });
      chosen.push(JSON.stringify(await plantBadRows(old.client, { count: 60, seed })));
    }
    expect(chosen[1]).toBe(chosen[0]);
    expect(chosen[2]).not.toBe(chosen[0]);
  });

  it("refuses to plant more than there is", async () => {
    await using old = await anOldDatabase();
    await generateLegacy(old.client, { trips: 30, seed: 1, oddities: false });
    await expect(plantBadRows(old.client, { count: 500, seed: 1 })).rejects.toThrow("too few rows");
  });
});
