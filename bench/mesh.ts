import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { projectRoot } from "../services/cli/src/project-root.ts";

// How soon a fresh clone is ready, what its processes weigh, and how fast a trip is, one at a time and many at once.
// `node bench/mesh.ts` clones the last commit, measures, and prints what stands in RESULTS.md.

const run = promisify(execFile);

const summary = z.object({ count: z.number(), p50: z.number(), p99: z.number(), max: z.number() });
const report = z.object({
  ok: z.boolean(),
  trips: z.object({ completed: z.number(), tripsPerSecond: z.number() }),
  steps: z.array(z.object({ story: z.string(), name: z.string(), latencyMs: summary })),
  visibleInEmsAfterMs: summary,
});
type Report = z.infer<typeof report>;

const server = z.object({ pid: z.number().optional() });
const state = z.object({
  pid: z.number(),
  services: z.record(z.string(), server),
  databases: z.record(z.string(), server),
  broker: server,
});

const parent = await mkdtemp("/tmp/medport-bench-");
const root = join(parent, "medport");
const environment = { ...process.env, ...freePorts() };
try {
  await run("git", ["clone", "--quiet", projectRoot, root]);
  const first = await secondsOf(() => npm("start", "--", "--detach"));
  await npx("medport", "down");
  const second = await secondsOf(() => npm("start", "--", "--detach"));
  const idle = await memory();
  const oneAtATime = await demo(200, 1);
  const manyAtOnce = await demo(200, 200);
  const busy = await memory();
  console.log(markdown({ first, second, idle, busy, oneAtATime, manyAtOnce }));
} finally {
  await npx("medport", "down");
  await rm(parent, { recursive: true, force: true });
}

/** So that it disturbs nothing that runs on the usual ports. */
function freePorts(): Record<string, string> {
  const names = ["HOSPITAL", "EMS", "CENTER"].flatMap((silo) => [`${silo}_PORT`, `${silo}_DATABASE_PORT`]);
  return Object.fromEntries([...names, "NATS_PORT"].map((name) => [name, "0"]));
}

async function npm(...args: readonly string[]): Promise<string> {
  return (await run("npm", [...args], { cwd: root, env: environment, maxBuffer: 1e8 })).stdout;
}

async function npx(...args: readonly string[]): Promise<string> {
  return (await run("npx", [...args], { cwd: root, env: environment, maxBuffer: 1e8 })).stdout;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

async function demo(count: number, concurrency: number): Promise<Report> {
  const printed = await npx("medport", "demo", "--count", `${count}`, "--concurrency", `${concurrency}`, "--json");
  const parsed = report.parse(JSON.parse(printed));
  if (!parsed.ok) throw new Error("the demonstration did not end as it should");
  return parsed;
}

/** Resident memory in MiB by process; a database counts with all processes of its server. */
async function memory(): Promise<ReadonlyMap<string, number>> {
  const { pid, services, databases, broker } = state.parse(
    JSON.parse(await readFile(join(root, ".medport/mesh.json"), "utf8")),
  );
  const processes = [
    ["up", pid],
    ...Object.entries(services).map(([name, { pid: own }]) => [name, own] as const),
    ...Object.entries(databases).map(([name, { pid: own }]) => [`${name} database`, own] as const),
    ["broker", broker.pid],
  ] as const;
  const weighed = processes.map(async ([name, own]) => [name, own === undefined ? 0 : await residentMib(own)] as const);
  return new Map(await Promise.all(weighed));
}

/** Proportional set size, so that what PostgreSQL's processes share is counted once. */
async function residentMib(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const own = /^Pss:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  const isDatabase = (await readFile(`/proc/${pid}/comm`, "utf8")).startsWith("postgres");
  const others = isDatabase ? children.split(" ").filter((child) => child.trim() !== "") : [];
  const rest = await Promise.all(others.map((child) => residentMib(Number(child))));
  return rest.reduce((sum, mib) => sum + mib, Number(own ?? 0) / 1_024);
}

interface Measured {
  readonly first: number;
  readonly second: number;
  readonly idle: ReadonlyMap<string, number>;
  readonly busy: ReadonlyMap<string, number>;
  readonly oneAtATime: Report;
  readonly manyAtOnce: Report;
}

function markdown({ first, second, idle, busy, oneAtATime, manyAtOnce }: Measured): string {
  const steps = oneAtATime.steps.filter(({ latencyMs }) => latencyMs.count >= oneAtATime.trips.completed);
  const other = new Map(manyAtOnce.steps.map(({ story, name, latencyMs }) => [`${story} ${name}`, latencyMs]));
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    "",
    "| | seconds to ready |",
    "|---|---|",
    `| first start of a fresh clone, installation included | ${first.toFixed(1)} |`,
    `| second start | ${second.toFixed(1)} |`,
    "",
    "| process | MiB after the start | MiB after 400 trips |",
    "|---|---|---|",
    ...[...idle].map(([name, mib]) => `| ${name} | ${Math.round(mib)} | ${Math.round(busy.get(name) ?? 0)} |`),
    "",
    "| step, milliseconds | one trip at a time, p50 | p99 | 200 trips at once, p50 | p99 |",
    "|---|---|---|---|---|",
    ...steps.map(({ story, name, latencyMs }) => {
      const many = other.get(`${story} ${name}`);
      return `| ${name} | ${latencyMs.p50} | ${latencyMs.p99} | ${many?.p50 ?? ""} | ${many?.p99 ?? ""} |`;
    }),
    `| from the commit in Hospital to visibility in EMS | ${oneAtATime.visibleInEmsAfterMs.p50} | ${oneAtATime.visibleInEmsAfterMs.p99} | ${manyAtOnce.visibleInEmsAfterMs.p50} | ${manyAtOnce.visibleInEmsAfterMs.p99} |`,
    `| trips per second | ${oneAtATime.trips.tripsPerSecond} | | ${manyAtOnce.trips.tripsPerSecond} | |`,
  ].join("\n");
}
