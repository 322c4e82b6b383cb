/**
 * Moves an old database that people go on working with, switches, lets people work in the mesh, and takes it all back.
 * Prints a report; exits with 1 if a row is missing or different at any point.
 *
 *   node bench/migrate-live.ts [--trips 20000] [--writes-per-second 200] [--follow-seconds 20] [--events 10000] [--seed 1]
 *
 * Everything runs on one machine: the old database, three silos, three services, the broker, those who write and the
 * migrator. After the switch it is the sample region's people who work, at leaping times, through the services' ports.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { ChangeApplier, followChanges } from "../services/migrator/src/capture/apply-changes.ts";
import {
  copyAll,
  differencesFromCopy,
  options,
  prepareMove,
} from "../services/migrator/src/capture/first-copy.builder.ts";
import { moveSteps } from "../services/migrator/src/capture/move-steps.ts";
import { OldLife } from "../services/migrator/src/capture/old-life.builder.ts";
import { applyMoved } from "../services/migrator/src/load/apply-moved.ts";
import { closeSilos } from "../services/migrator/src/cutover/close-silos.ts";
import { cutOver } from "../services/migrator/src/cutover/cut-over.ts";
import { ReverseApplier } from "../services/migrator/src/cutover/reverse-applier.ts";
import { rollBack } from "../services/migrator/src/cutover/roll-back.ts";
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
    "follow-seconds": { type: "string", default: "20" },
    events: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
  },
});
const [trips, seed, wantedEvents] = [Number(values.trips), Number(values.seed), Number(values.events)];
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

await measured("old database made", async () => {
  await prepareMove(databases);
  await new OldLife(await connect("source"), seed, 0.01).begin(trips);
  await databases.source.query("delete from medport_migration.change");
});
await closeSilos(databases.silos);
const people = startPeople(await connect("source"));
await measured("copied, while people write", () => copyAll(databases));
await follow(Number(values["follow-seconds"]) * 1_000);
await switchOver();
await workInMesh();
await takeBack();
for (const [what, figure] of figures) console.log(`| ${what} | ${figure} |`);
for (const problem of problems.slice(0, 20)) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

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

/** People who write to the old database until it takes nothing any more. */
function startPeople(client: Client): { readonly ended: Promise<number> } {
  const life = new OldLife(client, seed + 1, 0.01);
  const write = async (): Promise<number> => {
    const startMs = performance.now();
    for (let written = 0; ; written++) {
      try {
        await life.act();
      } catch {
        // The old database is read-only: this is how they notice.
        return written;
      }
      const aheadMs = ((written + 1) * 1_000) / perSecond - (performance.now() - startMs);
      if (aheadMs > 0) await sleep(aheadMs);
    }
  };
  return { ended: write() };
}

async function follow(forMs: number): Promise<void> {
  const applier = createApplier(await connect("source"), (await connectAll()).silos);
  const stop = AbortSignal.timeout(forMs);
  let [applied, backlog] = [0, 0];
  await measured("followed, while people write", () =>
    followChanges(applier, {
      signal: stop,
      onBatch: (batch) => {
        applied += batch.applied;
        backlog = batch.backlogSeconds;
      },
    }),
  );
  figures.push(["changes applied meanwhile", applied], ["seconds behind at the end", backlog.toFixed(2)]);
}

function createApplier(source: Client, silos: Readonly<Record<ServiceName, Client>>): ChangeApplier {
  return new ChangeApplier({ source, silos, options, steps: moveSteps(options, applyMoved) });
}

async function switchOver(): Promise<void> {
  const reader = await connectAll();
  const applier = createApplier(reader.source, reader.silos);
  let isFrozen = false;
  const result = await cutOver({
    ...databases,
    catchUp: async () => {
      const caughtUp = isFrozen ? await applier.drain() : await applier.catchUp();
      isFrozen = true;
      return caughtUp;
    },
    verify: async () => {
      const found = await differencesFromCopy(reader, false);
      problems.push(...found);
      return { differences: found.length };
    },
    onPhase: (phase) => console.error(phase),
  });
  figures.push(["writes to the old database in all", await people.ended]);
  figures.push(["differences at the switch", result.differences]);
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
  await measured("worked in the mesh, the old database following", async () => {
    for (let round = 0; (await countEvents()) - before < wantedEvents; round++) {
      await liveRandomly({ mesh, clock, count: 100, atOnce: 12, seed: seed + round });
      console.error(`${(await countEvents()) - before} events`);
    }
  });
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
