import { createHash } from "node:crypto";
import { chmod, mkdir, realpath, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { findClosedFolder, type ServerUser } from "#platform/embedded/server-user.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** Where everything embedded is kept. */
export interface MeshFolder {
  readonly path: string;
  /** The databases' clusters. Elsewhere when PostgreSQL's user cannot reach `path`. */
  readonly databases: string;
  /** The folder that keeps PostgreSQL's user out of `path`, when there is one. */
  readonly closedBy: string | undefined;
  readonly broker: string;
  readonly keys: string;
  readonly secrets: string;
  readonly logs: string;
  readonly stateFile: string;
}

export interface MeshFolderOptions {
  readonly root: string;
  /** As MEDPORT_FOLDER has it: relative to the project or absolute. */
  readonly folder: string;
  /** Whom PostgreSQL runs as; undefined for ourselves. */
  readonly user: ServerUser | undefined;
}

/** Says where everything is, and makes nothing. */
export async function findMeshFolder({ root, folder, user }: MeshFolderOptions): Promise<MeshFolder> {
  const path = await realPathOf(resolve(root, folder));
  const closedBy = await findClosedFolder(path, user);
  return {
    path,
    closedBy,
    databases: closedBy === undefined ? join(path, "data") : elsewhere(path),
    broker: join(path, "data", "nats"),
    keys: join(path, "keys"),
    secrets: join(path, "secrets"),
    logs: join(path, "logs"),
    stateFile: join(path, "mesh.json"),
  };
}

/** Makes the folders. What others may pass holds nothing that they may read. */
export async function makeMeshFolder(folder: MeshFolder): Promise<void> {
  for (const path of [folder.path, join(folder.path, "data"), folder.databases]) await makeFolder(path, 0o711);
  for (const path of [folder.keys, folder.secrets, folder.logs, folder.broker]) await makeFolder(path, 0o700);
}

/** The folder of one silo's cluster. */
export function clusterFolder(folder: MeshFolder, service: ServiceName): string {
  return join(folder.databases, service);
}

/** The log of one server: `hospital`, `hospital-database`, `nats`, `up`. */
export function logFile(folder: MeshFolder, server: string): string {
  return join(folder.logs, `${server}.log`);
}

/** The largest log that a start still adds to; a larger one is set aside, and the one before it is dropped. */
const largestLogBytes = 20_000_000;

/** Sets a log aside that has grown large. Called at a start, when nobody writes to it. */
export async function rotateLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > largestLogBytes) await rename(path, `${path}.1`);
}

/** Removes all that was made in the folder, and the folder itself unless somebody keeps other things there. */
export async function removeMeshFolder(folder: MeshFolder): Promise<void> {
  const made = [
    folder.databases,
    join(folder.path, "data"),
    folder.keys,
    folder.secrets,
    folder.logs,
    folder.stateFile,
  ];
  for (const path of made) await rm(path, { recursive: true, force: true });
  await removeIfEmpty(folder.path);
  if (folder.closedBy !== undefined) await removeIfEmpty(dirname(folder.databases));
}

async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "ENOENT") throw error;
  });
}

/** Writes a file as a whole or not at all, readable by its owner alone. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const half = `${path}.new`;
  await writeFile(half, text, { mode: 0o600, flush: true });
  await rename(half, path);
}

/** The same folder for the same project, in a place that all users can reach. */
function elsewhere(path: string): string {
  return join("/var/lib/medport", createHash("sha256").update(path).digest("hex").slice(0, 16));
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  // Once more, because mkdir heeds the umask.
  await chmod(path, mode);
}

/** The path with its links followed as far as it exists: the kernel knows folders by these names. */
async function realPathOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const parent = dirname(path);
  return parent === path ? path : join(await realPathOf(parent), path.slice(parent.length));
}
