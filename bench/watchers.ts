import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { Priority, TransportLevel } from "#gen/medport/transport/v1/trip_pb.ts";
import { readMeshState } from "../services/cli/src/embedded/mesh-state.ts";
import { type MeshAtHand, runningMesh } from "../services/cli/src/embedded/running-mesh.ts";
import { projectRoot } from "../services/cli/src/project-root.ts";
import { type SampleAccount, sampleHospitalName } from "../services/cli/src/sample/accounts.ts";
import { connectMesh, type MeshOfUser } from "../services/client/connect-mesh.ts";
import { type CrowdOrder, type CrowdReport, digestOf } from "./crowd.ts";

// How a live board bears thousands of watchers. `node bench/watchers.ts` copies the project as it is, starts a mesh of its
// own, lets a crowd watch one hospital's board while trips are asked for and cancelled, restarts Hospital in the middle, and
// prints what stands in RESULTS.md. What every watcher saw is compared with the history of the trips in the database.

const watchersAtMost = Number(process.env["WATCHERS"] ?? 2_000);
const changesPerSecond = Number(process.env["CHANGES_PER_SECOND"] ?? 2);
const seconds = Number(process.env["SECONDS"] ?? 30);

const run = promisify(execFile);
const parent = await mkdtemp("/tmp/medport-watchers-");
const root = join(parent, "medport");
const environment = { ...process.env, ...freePorts() };
try {
  await copyProject();
  await npx("medport", "up", "--detach");
  const mesh = await runningMesh(root, environment);
  const measured = [
    await measure(mesh, { watchers: 20, processes: 1 }),
    await measure(mesh, { watchers: watchersAtMost, processes: 4 }),
    await measure(mesh, { watchers: watchersAtMost, processes: 4, restarts: true }),
  ];
  console.log(markdown(measured));
} finally {
  await npx("medport", "down");
  await rm(parent, { recursive: true, force: true });
}

interface Scene {
  readonly watchers: number;
  /** In how many processes. */
  readonly processes: number;
  /** Whether Hospital is stopped and started while trips change. */
  readonly restarts?: boolean;
}

interface Measured extends Scene {
  readonly changes: number;
  /** How many saw every change once and in order. */
  readonly faithful: number;
  readonly resumed: number;
  readonly begunAnew: number;
  readonly latencies: ReadonlyMap<number, number>;
  readonly hospitalMib: number;
  /** How long Hospital was away. */
  readonly awaySeconds: number;
  /** Of Hospital's database, in a second: while nothing changes, and while trips change. */
  readonly transactions: { readonly idle: number; readonly busy: number };
}

async function measure(mesh: MeshAtHand, scene: Scene): Promise<Measured> {
  await using database = await openHospitalDatabase(mesh);
  const crowds = Array.from({ length: scene.processes }, () => fork(join(projectRoot, "bench/crowd.ts")));
  const { addresses } = mesh;
  const watchers = scene.watchers / scene.processes;
  await Promise.all(
    crowds.map((child) => ask(child, { kind: "watch", addresses, account: coordinatorOf(mesh), watchers })),
  );
  const start = await database.newestChange();
  const idle = await database.transactionsPerSecond(() => sleep((seconds * 1_000) / 2));
  let awaySeconds = 0;
  const busy = await database.transactionsPerSecond(async () => {
    const restart = scene.restarts ? sleep(seconds * 500).then(() => restartHospital(mesh)) : Promise.resolve(0);
    await changeTrips(mesh);
    awaySeconds = await restart;
  });
  const changes = await database.changesAfter(start);
  const hospitalMib = await residentMib(mesh);
  const reports = await Promise.all(crowds.map((child) => ask(child, { kind: "finish", changes: changes.length })));
  for (const child of crowds) child.kill();
  const truth = digestOf(changes);
  const count = (of: (report: CrowdReport) => number): number => reports.reduce((sum, report) => sum + of(report), 0);
  return {
    ...scene,
    changes: changes.length,
    faithful: count(({ sights }) => new Map(sights).get(truth) ?? 0),
    resumed: count(({ resumed }) => resumed),
    begunAnew: count(({ begunAnew }) => begunAnew),
    latencies: summed(reports.flatMap(({ latencies }) => latencies)),
    hospitalMib,
    awaySeconds,
    transactions: { idle, busy },
  };
}

/** Gives an order to a crowd and waits for its answer. */
async function ask(child: ChildProcess, order: CrowdOrder): Promise<CrowdReport> {
  child.send(order);
  const died = once(child, "exit").then(() => Promise.reject(new Error("a process of watchers has died")));
  const [report] = (await Promise.race([once(child, "message"), died])) as [CrowdReport];
  return report;
}

function coordinatorOf({ accounts }: MeshAtHand): SampleAccount {
  const account = accounts.find(({ organization }) => organization === sampleHospitalName);
  if (!account) throw new Error("the sample region has no coordinator");
  return account;
}

/** Asks for trips and cancels them, one after the other and evenly. */
async function changeTrips(mesh: MeshAtHand): Promise<void> {
  using connected = connectMesh({ addresses: mesh.addresses, retryForMs: 60_000 });
  const { email, password } = coordinatorOf(mesh);
  const { hospital } = await connected.login(email, password);
  const { facilities } = await hospital.facilities.listFacilities({ pageSize: 500 });
  const [origin, destination] = facilities.filter(({ active }) => active);
  const startedAt = performance.now();
  let open: string | undefined;
  for (let count = 0; count < changesPerSecond * seconds; count++) {
    await sleep(Math.max(0, startedAt + (count * 1_000) / changesPerSecond - performance.now()));
    open = await changeOne(
      hospital,
      { originFacilityId: origin?.id ?? "", destinationFacilityId: destination?.id ?? "" },
      open,
    );
  }
}

async function changeOne(
  { trips }: MeshOfUser["hospital"],
  places: { readonly originFacilityId: string; readonly destinationFacilityId: string },
  open: string | undefined,
): Promise<string | undefined> {
  if (open !== undefined) {
    await trips.cancelTrip({ tripId: open, reason: "the measurement goes on" });
    return undefined;
  }
  const { trip } = await trips.createTrip({
    ...places,
    transportLevel: TransportLevel.BLS,
    priority: Priority.MEDIUM,
    specialRequirements: "oxygen, two litres; the family follows in their own car",
  });
  return trip?.id;
}

/** Stops Hospital in order; whoever watches over the mesh starts it again. @returns for how many seconds it was away. */
async function restartHospital(mesh: MeshAtHand): Promise<number> {
  const before = await hospitalPid(mesh);
  process.kill(before, "SIGTERM");
  const startedAt = performance.now();
  using connected = connectMesh({ addresses: mesh.addresses });
  for (;;) {
    await sleep(100);
    const { hospital } = await connected.health();
    const isBack = hospital === "SERVING" && (await readMeshState(mesh.folder))?.services.hospital.pid !== before;
    if (isBack) return (performance.now() - startedAt) / 1_000;
  }
}

async function hospitalPid({ folder }: MeshAtHand): Promise<number> {
  const pid = (await readMeshState(folder))?.services.hospital.pid;
  if (pid === undefined) throw new Error("Hospital does not run");
  return pid;
}

/** Proportional set size of Hospital, in MiB. */
async function residentMib(mesh: MeshAtHand): Promise<number> {
  const rollup = await readFile(`/proc/${await hospitalPid(mesh)}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1_024;
}

interface HospitalDatabase extends AsyncDisposable {
  newestChange(): Promise<string>;
  /** As `trip version`, in the order in which they were written. */
  changesAfter(seq: string): Promise<readonly string[]>;
  transactionsPerSecond(work: () => Promise<unknown>): Promise<number>;
}

async function openHospitalDatabase({ databases }: MeshAtHand): Promise<HospitalDatabase> {
  const client = new Client({ connectionString: databases.find(({ name }) => name === "hospital")?.url });
  await client.connect();
  const rows = async (sql: string, ...values: unknown[]): Promise<readonly Record<string, string>[]> =>
    (await client.query<Record<string, string>>(sql, values)).rows;
  const transactions = async (): Promise<number> => {
    // A server process tells its figures within a second.
    await sleep(1_500);
    const [row] = await rows(
      "select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()",
    );
    return Number(row?.["n"]);
  };
  return {
    newestChange: async () =>
      (await rows("select coalesce(max(seq), 0)::text as seq from trip_history"))[0]?.["seq"] ?? "0",
    changesAfter: async (seq) => {
      const found = await rows(
        "select trip_id || ' ' || version as change from trip_history where seq > $1 order by seq",
        seq,
      );
      return found.map(({ change = "" }) => change);
    },
    transactionsPerSecond: async (work) => {
      const [before, startedAt] = [await transactions(), performance.now()];
      await work();
      const after = await transactions();
      return (after - before) / ((performance.now() - startedAt) / 1_000);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

function summed(counts: readonly (readonly [ms: number, count: number])[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const [ms, count] of counts) sums.set(ms, (sums.get(ms) ?? 0) + count);
  return sums;
}

/** The milliseconds within which a share of all changes came. */
function percentile(latencies: ReadonlyMap<number, number>, share: number): number {
  const sorted = [...latencies].toSorted(([one], [other]) => one - other);
  let rest = share * sorted.reduce((sum, [, count]) => sum + count, 0);
  for (const [ms, count] of sorted) {
    rest -= count;
    if (rest <= 0) return ms;
  }
  return sorted.at(-1)?.[0] ?? 0;
}

function markdown(all: readonly Measured[]): string {
  const row = (title: string, cell: (measured: Measured) => string | number): string =>
    `| ${title} | ${all.map(cell).join(" | ")} |`;
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; ${changesPerSecond} changes a second for ${seconds} s`,
    "",
    row("", ({ watchers, restarts }) => `${watchers} watchers${restarts ? ", Hospital restarted" : ""}`),
    `|---${"|---".repeat(all.length)}|`,
    row("changes", ({ changes }) => changes),
    row("watchers that saw every change once and in order", ({ faithful }) => faithful),
    row("streams taken up again", ({ resumed }) => resumed),
    row("boards begun anew", ({ begunAnew }) => begunAnew),
    row("from the change to the watcher, p50, ms", ({ latencies }) => percentile(latencies, 0.5)),
    row("p99, ms", ({ latencies }) => percentile(latencies, 0.99)),
    row("at most, ms", ({ latencies }) => percentile(latencies, 1)),
    row("Hospital was away for, s", ({ awaySeconds }) => awaySeconds.toFixed(1)),
    row("Hospital's memory, MiB", ({ hospitalMib }) => Math.round(hospitalMib)),
    row("its database's transactions a second, while nothing changes", ({ transactions }) =>
      transactions.idle.toFixed(1),
    ),
    row("while trips change", ({ transactions }) => transactions.busy.toFixed(1)),
  ].join("\n");
}

/** What git tracks, and what it would; packages are those that are installed already. */
async function copyProject(): Promise<void> {
  await mkdir(root);
  const listed = "git ls-files --cached --others --exclude-standard -z | xargs -0 ls -d 2>/dev/null | tar -T - -c";
  await run("sh", ["-c", `${listed} | tar -x -C "$0"`, root], { cwd: projectRoot });
  await symlink(join(projectRoot, "node_modules"), join(root, "node_modules"));
}

/** So that it disturbs nothing that runs on the usual ports. */
function freePorts(): Record<string, string> {
  const names = ["HOSPITAL", "EMS", "CENTER"].flatMap((silo) => [`${silo}_PORT`, `${silo}_DATABASE_PORT`]);
  return Object.fromEntries([...names, "NATS_PORT"].map((name) => [name, "0"]));
}

async function npx(...args: readonly string[]): Promise<void> {
  await run("npx", [...args], { cwd: root, env: environment, maxBuffer: 1e8 });
}
