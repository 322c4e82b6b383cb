import { execFileSync } from "node:child_process";
import { access, constants, lstat, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** The operating system's user that a server runs as. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user that PostgreSQL runs as: it refuses root, so root lends it `postgres` if that user exists, else `nobody`.
 * @returns undefined for an ordinary user, who runs it as themselves.
 */
export function postgresUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    const user = findUser(name);
    if (user) return user;
  }
  throw new Error("PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody");
}

function findUser(name: string): ServerUser | undefined {
  try {
    const uid = Number(execFileSync("id", ["-u", name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    const gid = Number(execFileSync("id", ["-g", name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    return { name, uid, gid };
  } catch {
    // `id` fails for a user that does not exist, which is the answer.
    return undefined;
  }
}

/**
 * The first folder on the way to `path` that keeps the user out, links followed; undefined when the way is open.
 * Folders that do not exist yet do not count: whoever makes them gives them a mode that lets the user in.
 */
export async function findClosedFolder(path: string, user: ServerUser | undefined): Promise<string | undefined> {
  if (!user) return undefined;
  for (const folder of ancestors(await existingPart(path))) {
    const entry = await stat(folder);
    if (!entry.isDirectory()) continue;
    if (!mayPass(entry, user)) return folder;
  }
  return undefined;
}

/** Whether the file is there and this process may execute it. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function existingPart(path: string): Promise<string> {
  const there = await lstat(path).then(
    () => true,
    () => false,
  );
  return there ? realpath(path) : existingPart(dirname(path));
}

function ancestors(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}

function mayPass(entry: { uid: number; gid: number; mode: number }, user: ServerUser): boolean {
  if (entry.uid === user.uid) return (entry.mode & 0o100) !== 0;
  if (entry.gid === user.gid) return (entry.mode & 0o010) !== 0;
  return (entry.mode & 0o001) !== 0;
}
