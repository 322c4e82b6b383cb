import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runChild } from "./run-child.mjs";

/**
 * Installs what package-lock.json says, unless it is installed. Two starts at once install once: the second waits.
 * Progress goes to stderr, so that stdout stays the command's own.
 *
 * @param {string} root
 * @returns {Promise<void>}
 * @throws {Error} with a sentence for the user when it cannot be installed
 */
export async function installDependencies(root) {
  if (await isInstalled(root)) return;
  const unlock = await lock(root);
  try {
    if (await isInstalled(root)) return;
    console.error("medport: installing packages, once ...");
    const code = await runNpmCi(root);
    if (code !== 0) throw new Error(`"npm ci" in ${root} ended with code ${code}; its own words are above`);
    if (!(await isInstalled(root))) {
      throw new Error(`"npm ci" in ${root} said that it succeeded, but node_modules is not what the lock file says`);
    }
  } finally {
    unlock();
  }
}

/**
 * Whether node_modules is what package-lock.json says, for this machine. npm writes its own record last, so an install
 * that was cut off has none; one that the user made by hand counts as well as ours.
 *
 * @param {string} root
 * @returns {Promise<boolean>}
 */
export async function isInstalled(root) {
  const locked = await readPackages(join(root, "package-lock.json"));
  const installed = await readPackages(join(root, "node_modules", ".package-lock.json"));
  if (!locked) throw new Error(`${root} has no readable package-lock.json: is it a complete copy of MedPort?`);
  if (!installed) return false;
  const complete = Object.entries(locked).every(([path, entry]) => path === "" || entry.optional || installed[path]);
  return complete && Object.entries(installed).every(([path, entry]) => isSame(entry, locked[path]) && fits(entry));
}

/**
 * A package as npm's lock files describe it.
 *
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[] }} LockedPackage
 */

/** @type {(text: string) => { packages?: Record<string, LockedPackage> }} */
const parseLockFile = JSON.parse;

/**
 * @param {LockedPackage} one
 * @param {LockedPackage | undefined} other
 */
function isSame(one, other) {
  return one.version === other?.version && one.integrity === other?.integrity;
}

/**
 * Whether the package is for this machine: a folder copied from another kind of machine is not installed here.
 *
 * @param {LockedPackage} entry
 */
function fits({ os = [process.platform], cpu = [process.arch] }) {
  return os.includes(process.platform) && cpu.includes(process.arch);
}

/**
 * @param {string} path
 * @returns {Promise<Record<string, LockedPackage> | undefined>} undefined if the file is missing or cut off
 */
async function readPackages(path) {
  try {
    return parseLockFile(await readFile(path, "utf8")).packages;
  } catch {
    // Missing or damaged comes to the same: nothing that one may rely on is installed.
    return undefined;
  }
}

/** @param {string} root */
async function runNpmCi(root) {
  try {
    return await runChild("npm", ["ci", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      signalWholeGroup: true,
    });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
    throw new Error('npm was not found. It comes with Node.js; on Debian and Ubuntu: "apt install npm"');
  }
}

/**
 * Holds the right to install into `root`, waiting for whoever has it. The lock is a socket without a file, which the
 * system itself frees when its owner dies, however it dies.
 *
 * @param {string} root
 * @returns {Promise<() => void>} gives the right back
 */
async function lock(root) {
  // Only Linux has such sockets. Elsewhere two first starts at once are the user's to avoid.
  if (process.platform !== "linux") return () => undefined;
  const name = `\0medport-install-${createHash("sha256").update(root).digest("hex").slice(0, 32)}`;
  for (let attempt = 0; ; attempt += 1) {
    const server = createServer();
    try {
      server.listen(name);
      await once(server, "listening");
      return () => void server.close();
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") throw error;
      if (attempt === 0) console.error("medport: another start is installing packages; waiting for it ...");
      await sleep(200);
    }
  }
}
