import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { serviceNames } from "#platform/service-name.ts";
import type { TestDatabases } from "../cutover/silos.builder.ts";

const mover = fileURLToPath(new URL("mover.builder.ts", import.meta.url));

/** Moves in a process of its own. @throws Error if that fails. */
export async function moveWhole(all: TestDatabases): Promise<void> {
  const child = moving(all);
  await once(child, "exit");
  if (child.exitCode !== 0) throw new Error(`the move ended with ${child.exitCode ?? child.signalCode}`);
}

/** Moves until so many processes were killed with SIGKILL, each within so many milliseconds, or had come to the end. */
export async function moveAndKill(
  all: TestDatabases,
  { times, withinMs }: { readonly times: number; readonly withinMs: number },
): Promise<{ readonly killed: number }> {
  let killed = 0;
  for (let time = 0; time < times; time += 1) {
    const child = moving(all);
    await Promise.race([sleep(300 + Math.random() * withinMs), once(child, "exit")]);
    if (child.kill("SIGKILL")) killed += 1;
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  return { killed };
}

/** Every row in quarantine, as "table key reason", in order. */
export async function quarantined({ silos }: Pick<TestDatabases, "silos">): Promise<readonly string[]> {
  const all: string[] = [];
  for (const service of serviceNames) {
    const { rows } = await silos[service].query<{ row: string }>(
      "select source_table || ' ' || pk || ' ' || reason as row from migration.quarantine",
    );
    all.push(...rows.map(({ row }) => row));
  }
  return all.toSorted();
}

function moving({ databases }: TestDatabases): ChildProcess {
  const urls = ["source", ...serviceNames].map((name) => databases[name as keyof typeof databases].ownerUrl);
  return spawn(process.execPath, [mover, ...urls], { stdio: ["ignore", "ignore", "inherit"] });
}
