import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serviceNames } from "#platform/service-name.ts";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { type PlantedRow, plantBadRows } from "../legacy/generator/bad-rows.ts";
import { type GeneratedLegacy, generateLegacy } from "../legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import { expectBalance, readBalanceOf } from "../work/balance.ts";
import { targetHashes } from "./target-hashes.builder.ts";

const trips = 4_000;
// As many as keep the suite short; MIGRATE_KILLS has more of them.
const kills = Number(process.env["MIGRATE_KILLS"] ?? 5);
const mover = fileURLToPath(new URL("mover.builder.ts", import.meta.url));

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
    await ended(moving(calm));
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
    for (let kill = 0; kill < kills; kill += 1) {
      const process = moving(disturbed);
      // At any point of the copy, which takes about two seconds.
      await Promise.race([sleep(300 + Math.random() * 1_500), once(process, "exit")]);
      process.kill("SIGKILL");
      if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
    }
    await ended(moving(disturbed));
    expect(await targetHashes(disturbed.silos)).toEqual(await targetHashes(calm.silos));
  }, 180_000);
});

function moving({ databases }: TestDatabases): ChildProcess {
  const urls = ["source", ...serviceNames].map((name) => databases[name as keyof typeof databases].ownerUrl);
  return spawn(process.execPath, [mover, ...urls], { stdio: ["ignore", "ignore", "inherit"] });
}

async function ended(child: ChildProcess): Promise<void> {
  await once(child, "exit");
  if (child.exitCode !== 0) throw new Error(`the move ended with ${child.exitCode ?? child.signalCode}`);
}

async function quarantined({ silos }: TestDatabases): Promise<readonly string[]> {
  const all: string[] = [];
  for (const service of serviceNames) {
    const { rows } = await silos[service].query<{ row: string }>(
      "select source_table || ' ' || pk || ' ' || reason as row from migration.quarantine",
    );
    all.push(...rows.map(({ row }) => row));
  }
  return all.toSorted();
}
