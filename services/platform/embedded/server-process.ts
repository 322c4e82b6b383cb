import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerUser } from "./server-user.ts";

/** How a server ended: its exit code, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: ServerUser | undefined;
  /** Everything the server prints is appended here. */
  readonly logFile: string;
}

/**
 * A running server and the one way to end it. A class because it owns a process.
 *
 * The server gets a session of its own, so that Ctrl-C in a terminal reaches only the launcher, which then stops
 * its servers in order. It does not keep the launcher's event loop alive.
 */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;

  constructor(options: ServerProcessOptions) {
    const log = openSync(options.logFile, "a", 0o600);
    this.#child = spawn(options.command, [...options.args], {
      cwd: options.cwd,
      env: { ...options.environment },
      stdio: ["ignore", log, log],
      detached: true,
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
    });
    closeSync(log);
    this.exited = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("exit", (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
    // Whoever waits for `exited` hears of a command that cannot be started; nobody has to.
    this.exited.catch(() => undefined);
    this.#child.unref();
  }

  /** The process id. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#child.spawnfile} did not start`);
    return this.#child.pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Sends a signal; does nothing once the server has ended. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends each signal in turn, with so much time to obey, until the server has ended. */
  async stop(signals: readonly StopSignal[]): Promise<void> {
    this.#child.ref();
    for (const { signal, graceMs } of signals) {
      if (this.#exit) return;
      this.kill(signal);
      const patience = new AbortController();
      await Promise.race([this.exited, sleep(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
    }
  }
}

/** Whether a process with this id runs. One that has ended and waits to be collected by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    // After the program's name in parentheses, which may hold anything, comes one letter: Z and X are the dead.
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]$/.test(text.slice(text.lastIndexOf(")") + 2, text.lastIndexOf(")") + 3));
  } catch {
    // The kernel knows no such process.
    return false;
  }
}

/** What tells the processes that we look for from all others. */
export interface ProcessMark {
  /** The program's name as the kernel knows it. */
  readonly program?: string;
  /** The folder it works in. */
  readonly cwd?: string;
  /** A variable of its environment, as `NAME=value`. */
  readonly variable?: string;
}

/**
 * The ids of all running processes that bear the mark, whoever started them.
 *
 * A process id written to a file may long belong to somebody else; what `/proc` says is true now.
 */
export async function findProcesses(mark: ProcessMark): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const bearing = await Promise.all(pids.map(async (pid) => ((await bears(pid, mark)) ? [pid] : [])));
  return bearing.flat();
}

async function bears(pid: number, { program, cwd, variable }: ProcessMark): Promise<boolean> {
  if (pid === process.pid) return false;
  try {
    if (program !== undefined && (await readFile(`/proc/${pid}/comm`, "utf8")).trim() !== program) return false;
    if (cwd !== undefined && (await readlink(`/proc/${pid}/cwd`)) !== cwd) return false;
    if (variable === undefined) return true;
    return (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").includes(variable);
  } catch {
    // It ended meanwhile, or it is not ours to look at: either way it is none of the processes that we started.
    return false;
  }
}

/** A signal, and how long to wait for it to be obeyed. */
export interface StopSignal {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** Ends all processes that `find` finds: each signal in turn, until it finds none. Returns those found at first. */
export async function stopProcesses(
  find: () => Promise<readonly number[]>,
  signals: readonly StopSignal[],
): Promise<readonly number[]> {
  const found = await find();
  for (const { signal, graceMs } of signals) {
    for (const pid of await find()) signalIfAlive(pid, signal);
    if (await isGone(find, graceMs)) break;
  }
  return found;
}

/** Whether `find` comes to find nothing within the time. */
export async function isGone(find: () => Promise<readonly number[]>, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while ((await find()).length > 0) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone between the look and the signal.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
