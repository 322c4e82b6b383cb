import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The oldest Node that runs MedPort: the first line with `await using`. */
const oldestMajor = 24;

/**
 * The Node to run MedPort with: the one that the lock file pins, or else the running one.
 *
 * @param {string} root
 * @returns {string} the path of its binary
 * @throws {Error} saying what to do, when neither will do
 */
export function chooseRuntime(root) {
  const pinned = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  // Asked, not only looked for: a binary made for another C library is there and does not run.
  if (spawnSync(pinned, ["--version"]).status === 0) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= oldestMajor) return process.execPath;
  throw new Error(
    `MedPort needs Node ${oldestMajor}. The one that its packages bring does not run here ` +
      `(${process.platform} ${process.arch}), and this is Node ${process.versions.node}. ` +
      `Remove the folder node_modules and start again, in case a download failed; ` +
      `or install Node ${oldestMajor} or newer from https://nodejs.org.`,
  );
}
