/**
 * Moves an old database that people go on working with, switches, lets people work in the mesh, and takes it all back.
 * Prints a report; exits with 1 if a row is missing or different at any point.
 *
 *   node bench/migrate-live.ts [--trips 20000] [--writes-per-second 200] [--events 10000] [--seed 1]
 *
 * Everything runs on one machine: the old database, three silos, three services, the broker, those who write and the
 * migrator. After the switch it is the sample region's people who work, at leaping times, through the services' ports.
 */
import { parseArgs } from "node:util";
import { Client } from "pg";
import { ChangeApplier } from "../services/migrator/src/capture/apply-changes.ts";
import { moveSteps } from "../services/migrator/src/capture/move-steps.ts";
import { cutOver } from "../services/migrator/src/cutover/cut-over.ts";
import { ReverseApplier } from "../services/migrator/src/cutover/reverse-applier.ts";
import { rollBack } from "../services/migrator/src/cutover/roll-back.ts";
import { switchSteps } from "../services/migrator/src/cutover/switch-steps.ts";
import { noOverrides } from "../services/migrator/src/directory/overrides.ts";
import { generateLegacy } from "../services/migrator/src/legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../services/migrator/src/legacy/legacy-schema.ts";
import { runOldApplication } from "../services/migrator/src/legacy/old-application.ts";
import { applyMoved } from "../services/migrator/src/load/apply-moved.ts";
import { readMoveOptions, runMove } from "../services/migrator/src/load/run-move.ts";
import { verifyMove } from "../services/migrator/src/verify/verify-move.ts";
import { countQuarantinedOpenTrips } from "../services/migrator/src/report/findings.ts";
import { type ServiceName, serviceNames } from "../services/platform/service-name.ts";
import { createLog } from "../services/platform/telemetry/log.ts";
import { startTestPostgres } from "../services/platform/testing/test-postgres.ts";
import { LeapingClock } from "../tests/mesh/leaping-clock.ts";
import { liveRandomly } from "../tests/mesh/lifecycles.ts";
import { startTestMesh } from "../tests/mesh/mesh.builder.ts";

const { values } = parseArgs({
  options: {
    trips: { type: "string", default: "20000" },
    "writes-per-second": { type: "string", default: "200" },
    events: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
  },
});
const [trips, seed, wantedEvents] = [Number(values.trips), Number(values.seed), Number(values.events)];
/** So many events a random life has at least, on average. */
const eventsOfLife = 12;
const perSecond = Number(values["writes-per-second"]);

await using parts = new AsyncDisposableStack();
const clock = new LeapingClock();
// Nobody reads it, and memory would not hold it.
const log = createLog({ service: "mesh", level: "error", destination: { write: () => undefined } });
const mesh = parts.use(await startTestMesh({ clock: () => clock.now(), log }));
const postgres = parts.use(await startTestPostgres());
const old = await postgres.createDatabase("legacy");
const urls = {
  source: old.ownerUrl,
  hospital: mesh.databases.hospital.ownerUrl,
  ems: mesh.databases.ems.ownerUrl,
  center: mesh.databases.center.ownerUrl,
};
const databases = await connectAll();
const figures: (readonly [what: string, figure: string | number])[] = [];
const problems: string[] = [];

const move = {
  sourceUrl: urls.source,
  siloUrls: { hospital: urls.hospital, ems: urls.ems, center: urls.center },
  signal: new AbortController().signal,
  onProgress: () => undefined,
};

await measured("old database made", async () => {
  await createLegacySchema(databases.source);
  await generateLegacy(databases.source, { trips, seed, oddities: true });
  await databases.source.query("analyze");
});
const people = runOldApplication(() => connectAsPerson(), {
  ...{ writesPerSecond: perSecond, signal: move.signal, seed },
  // Of two hundred writes a second, two are about people and organizations: still many more than in life.
  directoryShare: 0.01,
});
await measured("copied, while people write", () =>
  runMove({ ...move, rolePolicy: "evidence", strict: false, overrides: noOverrides, dryRun: false, maxQuarantine: 1 }),
);
try {
  await switchOver();
  await workInMesh();
  await takeBack();
} catch (error) {
  problems.push(String(error));
}
for (const [what, figure] of figures) console.log(`| ${what} | ${figure} |`);
for (const problem of problems.slice(0, 20)) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

async function connectAsPerson(): Promise<Client> {
  const client = new Client({ connectionString: urls.source, application_name: "old application" });
  await client.connect();
  return client;
}

async function connect(name: ServiceName | "source"): Promise<Client> {
  const client = new Client({
    connectionString: urls[name],
    application_name: "medport-migrate",
    options: "-c TimeZone=UTC",
  });
  client.on("error", () => undefined);
  await client.connect();
  parts.defer(() => client.end().catch(() => undefined));
  return client;
}

async function connectAll() {
  const silos = { hospital: await connect("hospital"), ems: await connect("ems"), center: await connect("center") };
  return { source: await connect("source"), silos };
}

async function measured<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const result = await work();
  const seconds = (performance.now() - startMs) / 1_000;
  figures.push([`${what}, seconds`, seconds.toFixed(2)]);
  console.error(`${what}: ${seconds.toFixed(1)} s`);
  return result;
}

async function switchOver(): Promise<void> {
  const reader = await connectAll();
  const options = await readMoveOptions(databases.silos);
  const applier = new ChangeApplier({ ...reader, options, steps: moveSteps(options, applyMoved) });
  const result = await cutOver({
    ...databases,
    // Some of the oddities are open trips that wait for a decision.
    ...{ countLeftBehind: () => countQuarantinedOpenTrips(databases.silos), mayLeaveBehind: true },
    ...switchSteps({
      ...{ applier, snapshotSource: await connect("source") },
      compare: async (compared) => {
        const { verified, differences, found, checks } = await verifyMove({ ...move, ...compared });
        problems.push(...found.map((difference) => JSON.stringify(difference)));
        problems.push(...checks.flatMap(({ name, ok }) => (ok ? [] : [name])));
        return verified ? 0 : Math.max(1, differences);
      },
    }),
    onPhase: (phase) => console.error(phase),
  });
  const { writes, isRefused } = await people;
  if (!isRefused) problems.push("people could write after the switch");
  figures.push(["writes to the old database in all", writes], ["changes applied at the switch", result.applied]);
  figures.push(["nobody could write at the switch, seconds", result.secondsWithoutWrites.toFixed(2)]);
  for (const { phase, seconds } of result.phases) figures.push([`${phase}, seconds`, seconds.toFixed(2)]);
}

async function workInMesh(): Promise<void> {
  const before = await countEvents();
  const stop = new AbortController();
  const own = await connectAll();
  const applier = await ReverseApplier.open(own);
  const applying = applier
    .follow(stop.signal)
    .catch((error: unknown) => void problems.push(`the way back: ${String(error)}`));
  const lives = Math.ceil(wantedEvents / eventsOfLife);
  await measured("worked in the mesh, the old database following", () =>
    liveRandomly({
      ...{ mesh, clock, seed, count: lives, atOnce: 12 },
      onProgress: (lived) => lived % 100 === 0 && console.error(`${lived} of ${lives} lives`),
    }),
  );
  figures.push(["events of the mesh", (await countEvents()) - before]);
  stop.abort();
  await applying;
  await applier.close();
}

async function countEvents(): Promise<number> {
  let count = 0;
  for (const service of serviceNames) {
    const { rows } = await databases.silos[service].query<{ count: number }>(
      "select count(*)::int as count from outbox_event",
    );
    count += rows[0]?.count ?? 0;
  }
  return count;
}

async function takeBack(): Promise<void> {
  const result = await rollBack({ ...databases, allowProblems: true, onPhase: (phase) => console.error(phase) });
  problems.push(...result.differences);
  figures.push(["events applied when nobody could write", result.events]);
  figures.push(["rows compared, all that the mesh changed", result.compared]);
  figures.push(["differences when it was taken back", result.differences.length]);
  figures.push(["nobody could write when it was taken back, seconds", result.secondsWithoutWrites.toFixed(2)]);
}
