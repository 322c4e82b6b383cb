/**
 * How fast an old database is moved and verified, beside a plain COPY of the same rows in the same run, and whether memory
 * stays flat as it grows tenfold. Prints a report; exits with 1 if a row is lost or differs.
 *
 *   node bench/migrate.ts [--trips 1000000]
 *
 * All databases are on one server that does not wait for its disk, in the same way for all that is compared.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus, totalmem } from "node:os";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { createTestDatabases, type TestDatabases } from "../services/migrator/src/cutover/silos.builder.ts";
import { generateLegacy } from "../services/migrator/src/legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../services/migrator/src/legacy/legacy-schema.ts";
import { plan } from "../services/migrator/src/plan/plan.ts";
import { expectBalance, readBalanceOf } from "../services/migrator/src/work/balance.ts";
import type { MoveOrder, MoveResult } from "./migrate-part.ts";

const { values } = parseArgs({ options: { trips: { type: "string", default: "1000000" } } });
const trips = Number(values.trips);

const results = [await measure(Math.round(trips / 10)), await measure(trips)];
console.log(report(results));
process.exitCode = results.every(({ differences }) => differences === 0) ? 0 : 1;

interface Result extends MoveResult {
  readonly trips: number;
  readonly rows: number;
  readonly plainSeconds: number;
}

async function measure(count: number): Promise<Result> {
  await using all = await createTestDatabases();
  await createLegacySchema(all.source, { foreignKeys: false });
  const { rows } = await generateLegacy(all.source, { trips: count, seed: 7, oddities: true });
  await all.source.query("analyze");
  console.error(`${rows} rows of ${count} trips generated`);
  const plainSeconds = await plainCopy(all);
  console.error(`copied plainly in ${plainSeconds.toFixed(1)} s`);
  const moved = await inProcessOfItsOwn(all);
  expectBalance(await readBalanceOf(all.source, all.silos));
  console.error(`moved in ${moved.moveSeconds.toFixed(1)} s, verified in ${moved.verifySeconds.toFixed(1)} s`);
  return { trips: count, rows, plainSeconds, ...moved };
}

/** Every row of every table once through COPY, into tables with the same primary keys. */
async function plainCopy({ databases, source }: TestDatabases): Promise<number> {
  const target = new Client({ connectionString: databases.source.ownerUrl });
  await target.connect();
  try {
    await target.query("create schema plain; set synchronous_commit to off");
    const startedAt = performance.now();
    for (const { name } of plan) {
      await target.query(`create table plain."${name}" (like public."${name}" including indexes)`);
      await pipeline(
        source.query(copyTo(`copy public."${name}" to stdout`)),
        target.query(copyFrom(`copy plain."${name}" from stdin`)),
      );
    }
    return (performance.now() - startedAt) / 1_000;
  } finally {
    await target.query("drop schema if exists plain cascade");
    await target.end();
  }
}

/** So that what it weighs is its own. */
async function inProcessOfItsOwn({ databases }: TestDatabases): Promise<MoveResult> {
  const child = fork(fileURLToPath(new URL("migrate-part.ts", import.meta.url)));
  const order: MoveOrder = {
    sourceUrl: databases.source.ownerUrl,
    siloUrls: {
      hospital: databases.hospital.ownerUrl,
      ems: databases.ems.ownerUrl,
      center: databases.center.ownerUrl,
    },
  };
  child.send(order);
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [MoveResult | number];
  if (typeof message === "number" || message === null) throw new Error("the move failed");
  return message;
}

function report(all: readonly Result[]): string {
  const rate = (rows: number, seconds: number): string => Math.round(rows / seconds).toLocaleString("en");
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    "",
    "| trips | rows | plain COPY, rows a second | moved, rows a second | share of COPY's rate | verified, rows a second | differences | peak memory, MiB |",
    "|---|---|---|---|---|---|---|---|",
    ...all.map(
      ({ trips: count, rows, plainSeconds, moveSeconds, verifySeconds, differences, peakMib }) =>
        `| ${count.toLocaleString("en")} | ${rows.toLocaleString("en")} | ${rate(rows, plainSeconds)} | ${rate(rows, moveSeconds)} | ${(plainSeconds / moveSeconds).toFixed(2)} | ${rate(rows, verifySeconds)} | ${differences} | ${peakMib} |`,
    ),
  ].join("\n");
}
