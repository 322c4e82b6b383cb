/**
 * Plants bad rows into an old database, kills its move again and again at random points, and spoils rows of the silos
 * afterwards: exactly the bad rows must be in quarantine, for the right reasons; what was killed must come to the same as what
 * was not; and exactly the spoiled rows must be found. Prints a report; exits with 1 if one of these is not so.
 *
 *   node bench/migrate-faults.ts [--trips 20000] [--bad 1000] [--kills 50]
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { createTestDatabases, type TestDatabases } from "../services/migrator/src/cutover/silos.builder.ts";
import { type PlantedRow, plantBadRows } from "../services/migrator/src/legacy/generator/bad-rows.ts";
import { generateLegacy } from "../services/migrator/src/legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../services/migrator/src/legacy/legacy-schema.ts";
import { moveAndKill, moveWhole, quarantined } from "../services/migrator/src/load/moving.builder.ts";
import { targetHashes } from "../services/migrator/src/load/target-hashes.builder.ts";
import { plantCorruption } from "../services/migrator/src/verify/planted-corruption.builder.ts";
import { verifyMove } from "../services/migrator/src/verify/verify-move.ts";

const { values } = parseArgs({
  options: {
    trips: { type: "string", default: "20000" },
    bad: { type: "string", default: "1000" },
    kills: { type: "string", default: "50" },
  },
});
const [trips, bad, kills] = [Number(values.trips), Number(values.bad), Number(values.kills)];
const spoiled = { changed: 100, deleted: 50, added: 50 };

await using calm = await createTestDatabases();
await using disturbed = await createTestDatabases();
const { expected, planted } = await makeSource(calm);
await makeSource(disturbed);
await moveWhole(calm);
// Each process comes a little further, so that all are killed before the end.
const { killed } = await moveAndKill(disturbed, { times: kills, withinMs: 1_500 });
await moveWhole(disturbed);

const found = await quarantined(calm);
const [calmHashes, disturbedHashes] = [await targetHashes(calm.silos), await targetHashes(disturbed.silos)];
const before = await verify(disturbed);
await plantCorruption(
  {
    hospital: await disturbed.connect("hospital", "admin"),
    ems: await disturbed.connect("ems", "admin"),
    center: await disturbed.connect("center", "admin"),
  },
  spoiled,
);
const after = await verify(disturbed);

const kinds = Map.groupBy(
  planted.filter(({ isPlanted }) => isPlanted),
  ({ kind }) => kind,
);
console.log(`${trips} trips, ${bad} bad rows of ${kinds.size} kinds, ${killed} of ${kills} kills before the end\n`);
const isSameQuarantine = isDeepStrictEqual(found, expected);
const isSameHashes = isDeepStrictEqual(disturbedHashes, calmHashes);
console.log("| | expected | found |\n|---|---|---|");
console.log(
  `| rows in quarantine | ${expected.length} | ${found.length}, ${isSameQuarantine ? "the same, for the same reasons" : "NOT THE SAME"} |`,
);
console.log(
  `| tables with the same hashes as undisturbed | ${calmHashes.size} | ${isSameHashes ? calmHashes.size : "NOT ALL"} |`,
);
console.log(`| differences before rows are spoiled | 0 | ${before} |`);
console.log(
  `| differences after ${spoiled.changed} values were changed, ${spoiled.deleted} rows deleted, ${spoiled.added} added | 200 | ${after} |`,
);
console.log("\n| bad rows | planted |\n|---|---|");
for (const [kind, rows] of kinds) console.log(`| ${kind} | ${rows.length} |`);
process.exitCode = isSameQuarantine && isSameHashes && before === 0 && after === 200 ? 0 : 1;

async function makeSource({
  source,
}: TestDatabases): Promise<{ readonly expected: readonly string[]; readonly planted: readonly PlantedRow[] }> {
  await createLegacySchema(source);
  const made = await generateLegacy(source, { trips, seed: 11, oddities: true });
  const rows = await plantBadRows(source, { count: bad, seed: 3 });
  const names = [...made.quarantined, ...rows].map(({ table, pk, reason }) => `${table} ${pk} ${reason}`);
  return { expected: names.toSorted(), planted: rows };
}

async function verify({ databases }: TestDatabases): Promise<number> {
  const { differences } = await verifyMove({
    sourceUrl: databases.source.ownerUrl,
    siloUrls: {
      hospital: databases.hospital.ownerUrl,
      ems: databases.ems.ownerUrl,
      center: databases.center.ownerUrl,
    },
    signal: new AbortController().signal,
  });
  return differences;
}
