import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isAlive } from "#platform/embedded/server-process.ts";
import { findClosedFolder, type ServerUser } from "#platform/embedded/server-user.ts";
import { eventually } from "./eventually.ts";

/** A folder for a test's servers. It and the servers noted in it are gone when the process that made it is. */
export interface TestFolder {
  readonly path: string;
  /** Notes the running server of a name, for the reaper; undefined when it has been stopped. */
  note(name: string, server: { readonly pid: number; readonly signal: "QUIT" | "KILL" } | undefined): Promise<void>;
  /** Ends the noted servers and removes the folder. */
  remove(): Promise<void>;
}

/** Makes a folder that `user` can reach, with a reaper that outlives this process by a moment. */
export async function createTestFolder(user: ServerUser | undefined, name?: string): Promise<TestFolder> {
  const base = await openTemporaryFolder(user);
  const prefix = join(base, `${prefixOf(process.pid)}`);
  const path = name === undefined ? await mkdtemp(prefix) : `${prefix}${name}`;
  await mkdir(path, { recursive: true });
  await chmod(path, 0o711);
  startReaper(path);
  return {
    path,
    note: (server, running) => noteServer(path, server, running),
    remove: () => removeFolder(path),
  };
}

/** The folder of that name that an earlier test of this process may have made. */
export async function namedTestFolder(user: ServerUser | undefined, name: string): Promise<string> {
  return join(await openTemporaryFolder(user), `${prefixOf(process.pid)}${name}`);
}

/**
 * Ends what this process's tests started, and waits until the reapers have removed what dead processes left.
 * Jest calls it when all tests are over, so that nothing is left when `npm test` returns.
 */
export async function removeTestFolders(user: ServerUser | undefined): Promise<void> {
  const base = await openTemporaryFolder(user);
  const list = async (): Promise<readonly { path: string; pid: number }[]> =>
    (await readdir(base)).flatMap((entry) => {
      const pid = /^medport-test-(\d+)-/.exec(entry)?.[1];
      return pid === undefined ? [] : [{ path: join(base, entry), pid: Number(pid) }];
    });
  for (const { path, pid } of await list()) if (pid === process.pid) await removeFolder(path);
  await eventually(
    async () => {
      const left = (await list()).filter(({ pid }) => !isAlive(pid));
      if (left.length > 0) throw new Error(`tests left ${left.map(({ path }) => path).join(", ")} behind`);
    },
    { withinMs: 15_000 },
  );
}

function prefixOf(pid: number): string {
  return `medport-test-${pid}-`;
}

async function openTemporaryFolder(user: ServerUser | undefined): Promise<string> {
  for (const folder of [tmpdir(), "/tmp", "/var/tmp"]) {
    if ((await findClosedFolder(folder, user)) === undefined) return folder;
  }
  throw new Error(`the user ${user?.name} cannot reach any folder for temporary files`);
}

async function noteServer(
  folder: string,
  name: string,
  running: { readonly pid: number; readonly signal: string } | undefined,
): Promise<void> {
  const file = join(folder, `${name}.running`);
  if (running) await writeFile(file, `-${running.signal} ${running.pid}\n`);
  else await rm(file, { force: true });
}

/** What ends the servers of a folder and removes it: `kill` with what each note says, wait, remove. */
const removal = `
for note in "$1"/*.running; do
  [ -f "$note" ] || continue
  read -r signal pid < "$note"
  kill "$signal" "$pid" 2>/dev/null
  for round in $(seq 200); do
    # A dead process whose parent has not collected it yet still takes signals.
    grep -qs '^State:.[^ZX]' "/proc/$pid/status" || break
    sleep 0.02
  done
done
rm -rf "$1"`;

/**
 * A shell that waits for the other end of its input to close, which happens however this process ends, `kill -9`
 * included. A shell, because it costs a megabyte.
 */
function startReaper(folder: string): void {
  const reaper = spawn("sh", ["-c", `while read -r _; do :; done\n${removal}`, "reaper", folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.unref();
  // Typed as a mere stream, it is a socket: it must not keep the tests' process alive either.
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
}

async function removeFolder(path: string): Promise<void> {
  await promisify(execFile)("sh", ["-c", removal, "remove", path]);
}
