/**
 * Carries out every measurement in its full size, one after the other, and prints what each says: what stands in RESULTS.md,
 * on this machine and today. Takes hours. Exits with 1 if a measurement finds something wrong.
 *
 *   npm run proof [-- --only lifecycles,watchers]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const measurements: Readonly<Record<string, readonly string[]>> = {
  mesh: ["bench/mesh.ts"],
  volume: ["bench/volume.ts"],
  watchers: ["bench/watchers.ts"],
  lifecycles: ["bench/lifecycles.ts", "--count", "10000"],
  "planted-rules": ["bench/planted-rules.ts"],
  migrate: ["bench/migrate.ts"],
  "migrate-faults": ["bench/migrate-faults.ts"],
  "migrate-live": ["bench/migrate-live.ts"],
};

const { values } = parseArgs({ options: { only: { type: "string", default: Object.keys(measurements).join(",") } } });
const names = values.only.split(",");
const unknown = names.filter((name) => !(name in measurements));
if (unknown.length > 0)
  throw new Error(`unknown: ${unknown.join(", ")}; there are ${Object.keys(measurements).join(", ")}`);

const root = new URL("..", import.meta.url).pathname;
const failed = names.filter((name) => {
  console.log(`\n## ${name}\n`);
  const { status } = spawnSync(process.execPath, [...(measurements[name] ?? [])], { cwd: root, stdio: "inherit" });
  return status !== 0;
});
if (failed.length > 0) throw new Error(`something is wrong in ${failed.join(", ")}`);
