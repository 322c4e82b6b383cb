/**
 * Lives random lives of trips through a whole mesh (`tests/mesh/lifecycles.ts`), and compares what Center counts with a
 * recount in Hospital's own table: for Center, each hospital and each agency. Prints a report; exits with 1 if anything
 * differs.
 *
 *   node bench/lifecycles.ts [--count 10000] [--at-once 24] [--seed 1]
 *
 * The three services run in this process, each with its own database, and everything goes through their ports and the
 * broker, as it does between processes. Only their clock is not the system's: it leaps on, so that promises are broken,
 * bidding closes and consent lapses within minutes and not days.
 */
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { Client } from "pg";
import type { Mesh } from "../services/client/connect-mesh.ts";
import { createLog } from "../services/platform/telemetry/log.ts";
import { LeapingClock } from "../tests/mesh/leaping-clock.ts";
import { liveRandomly, type Tally } from "../tests/mesh/lifecycles.ts";
import { startTestMesh, type TestMesh } from "../tests/mesh/mesh.builder.ts";
import { differencesBetween, figuresFromAnswer, recount, type Scope } from "../tests/mesh/recount.ts";
import { Silos } from "../tests/model/silos.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    "at-once": { type: "string", default: "24" },
    seed: { type: "string", default: "1" },
  },
});
const [count, atOnce, seed] = [Number(values.count), Number(values["at-once"]), Number(values.seed)];

const patienceMs = 30 * 60_000;

const clock = new LeapingClock();
await using parts = new AsyncDisposableStack();
// Nobody reads it, and memory would not hold it.
const log = createLog({ service: "mesh", level: "error", destination: { write: () => undefined } });
const mesh = parts.use(await startTestMesh({ clock: () => clock.now(), log }));
const startedAt = performance.now();
const clockStartedAt = clock.now();
const tally = await liveRandomly({ mesh, clock, count, atOnce, seed, onProgress: tellProgress });
const minutes = (performance.now() - startedAt) / 60_000;
const silos = parts.use(Silos.open(mesh.databases));
// With one processor for three services, Center may have much to hear when the last life is over.
await silos.settle(clock.now(), patienceMs);
const now = clock.freeze();
await silos.settle(now, patienceMs);
const comparisons = await compareAll(mesh);
console.log(report(comparisons));
process.exitCode = comparisons.every(({ different }) => different.length === 0) ? 0 : 1;

function tellProgress(lived: number): void {
  if (lived % 100 !== 0) return;
  const perSecond = lived / ((performance.now() - startedAt) / 1_000);
  const mib = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.error(`${lived} lives, ${perSecond.toFixed(1)} a second, ${mib} MiB`);
}

interface Comparison {
  readonly whose: string;
  readonly figures: number;
  readonly trips: number;
  /** Such as "pickup met: 5 and 6": Center's figure, and the recounted one. */
  readonly different: readonly string[];
}

async function compareAll(test: TestMesh): Promise<readonly Comparison[]> {
  const hospital = new Client({ connectionString: test.databases.hospital.adminUrl });
  await hospital.connect();
  try {
    const comparisons: Comparison[] = [];
    for (const { email, password, organization, userType } of test.accounts) {
      const person = await test.mesh.login(email, password);
      const own = person.user.organizationId;
      const scope = userType === "HOSPITAL" ? { hospitalId: own } : userType === "EMS" ? { agencyId: own } : {};
      comparisons.push(await compare(`${userType} ${organization}`, person, { hospital, scope }));
    }
    return comparisons;
  } finally {
    await hospital.end();
  }
}

async function compare(
  whose: string,
  person: Mesh,
  { hospital, scope }: { readonly hospital: Client; readonly scope: Scope },
): Promise<Comparison> {
  const counted = figuresFromAnswer(await person.center.analytics.countTrips({}));
  const expected = await recount(hospital, scope, now);
  const different = differencesBetween(counted, expected);
  return { whose, figures: Object.keys(expected).length, trips: expected["total"] ?? 0, different };
}

function report(all: readonly Comparison[]): string {
  const hours = (now.getTime() - clockStartedAt.getTime()) / 3_600_000;
  const commands = [...tally.values()].flatMap((answers) => [...answers.values()]).reduce((sum, one) => sum + one, 0);
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
    "",
    `${count} lives with seed ${seed}, ${atOnce} at once, in ${minutes.toFixed(1)} minutes, while the mesh's clock went on by ${hours.toFixed(0)} hours: ${commands} commands and looks.`,
    "",
    "| who counts | trips | figures | different |",
    "|---|---|---|---|",
    ...all.map(({ whose, trips, figures, different }) => `| ${whose} | ${trips} | ${figures} | ${different.length} |`),
    "",
    ...all.flatMap(({ whose, different }) => different.map((difference) => `- ${whose}: ${difference}`)),
    "| command | carried out | refused |",
    "|---|---|---|",
    ...commandLines(tally),
  ].join("\n");
}

function commandLines(counts: Tally): readonly string[] {
  return [...counts].map(([command, answers]) => {
    const refusals = [...answers].filter(([said]) => said !== "OK").toSorted(([, one], [, other]) => other - one);
    return `| ${command} | ${answers.get("OK") ?? 0} | ${refusals.map(([said, times]) => `${times} ${said}`).join(", ")} |`;
  });
}
