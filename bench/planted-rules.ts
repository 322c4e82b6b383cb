/**
 * Plants wrong rules in a copy of the code, one at a time, and lets the model of the domain (`tests/model`) find them.
 * Prints a table of what was planted and what the model said. Exits with 1 if a wrong rule was not found.
 *
 *   node bench/planted-rules.ts [--days 40]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type PlantedRule, type Planting, plantedRules } from "../tests/model/planted-rules.ts";

const root = new URL("..", import.meta.url).pathname;
const copied = ["services", "gen", "proto", "tests", "package.json", "jest.config.js", "tsconfig.json"];
const { values } = parseArgs({ options: { days: { type: "string", default: "40" }, only: { type: "string" } } });

const folder = await mkdtemp(join(tmpdir(), "medport-planted-"));
const missed: string[] = [];
try {
  for (const name of copied) await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  console.log("| planted | found by | seconds |\n|---|---|---|");
  for (const rule of plantedRules.filter(({ name }) => name.includes(values.only ?? ""))) {
    const startedAt = performance.now();
    const found = await findPlanted(rule);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(`| ${rule.name} | ${found ?? "**not found**"} | ${seconds} |`);
    if (!found) missed.push(rule.name);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = missed.length > 0 ? 1 : 0;

/** Plants the rule, plays days, and takes it out again. @returns what the model said; undefined if it found nothing. */
async function findPlanted(rule: PlantedRule): Promise<string | undefined> {
  const takenOut = [await plant(rule), ...(rule.also ? [await plant(rule.also)] : [])];
  try {
    return await playDays();
  } finally {
    for (const takeOut of takenOut) await takeOut();
  }
}

/** @returns takes it out again. */
async function plant({ file, right, wrong }: Planting): Promise<() => Promise<void>> {
  const path = join(folder, file);
  const text = await readFile(path, "utf8");
  if (text.split(right).length !== 2) throw new Error(`${file} does not have ${right} exactly once`);
  await writeFile(path, text.replace(right, wrong));
  return () => writeFile(path, text);
}

async function playDays(): Promise<string | undefined> {
  const jest = spawn(process.execPath, [join(folder, "node_modules/jest/bin/jest.js"), "tests/model/domain.test"], {
    cwd: folder,
    env: {
      ...process.env,
      NODE_OPTIONS: "--experimental-vm-modules",
      MODEL_DAYS: values.days,
      MODEL_SEED: String(Math.floor(Math.random() * 2 ** 31)),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  jest.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  jest.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  await once(jest, "close");
  if (jest.exitCode === 0) return undefined;
  const output = Buffer.concat(said).toString("utf8");
  const [, finding = ""] = /Cause:\s+(\S.*)/.exec(output) ?? /Error: (.*expected.*)/.exec(output) ?? [];
  if (finding === "") throw new Error(`the model did not run:\n${output.slice(0, 4_000)}`);
  return finding.slice(0, 160).replaceAll("|", "\\|");
}
