import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { type PlantedRow, plantBadRows } from "../legacy/generator/bad-rows.ts";
import { type GeneratedLegacy, generateLegacy } from "../legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import { expectBalance, readBalanceOf } from "../work/balance.ts";
import { moveAndKill, moveWhole, quarantined } from "./moving.builder.ts";
import { targetHashes } from "./target-hashes.builder.ts";

const trips = 4_000;

describe("a move with bad rows", () => {
  let calm: TestDatabases;
  let disturbed: TestDatabases;
  let made: GeneratedLegacy;
  let planted: readonly PlantedRow[];

  beforeAll(async () => {
    calm = await createTestDatabases();
    disturbed = await createTestDatabases();
    for (const { source } of [calm, disturbed]) {
      await createLegacySchema(source);
      made = await generateLegacy(source, { trips, seed: 11, oddities: true });
      planted = await plantBadRows(source, { count: 120, seed: 3 });
    }
    await moveWhole(calm);
  }, 120_000);
  afterAll(async () => {
    await calm[Symbol.asyncDispose]();
    await disturbed[Symbol.asyncDispose]();
  });

  it("quarantines exactly these, for the right reasons", async () => {
    const expected = [...made.quarantined, ...planted].map(({ table, pk, reason }) => `${table} ${pk} ${reason}`);
    expect(new Set(planted.map(({ kind }) => kind)).size).toBe(12);
    expect(await quarantined(calm)).toEqual(expected.toSorted());
    expectBalance(await readBalanceOf(calm.source, calm.silos));
  });

  it("comes to the same however often it is killed", async () => {
    // At any point of the copy, which takes about two seconds.
    await moveAndKill(disturbed, { times: 5, withinMs: 1_500 });
    await moveWhole(disturbed);
    expect(await targetHashes(disturbed.silos)).toEqual(await targetHashes(calm.silos));
  }, 180_000);
});
