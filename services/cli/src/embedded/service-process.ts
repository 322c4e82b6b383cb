import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Exit, findProcesses, ServerProcess, stopProcesses } from "#platform/embedded/server-process.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { meshMark } from "./service-environment.ts";
import { askHealth } from "./service-health.ts";
import { exitWords, type RunningServer } from "./supervised.ts";

export interface ServiceProcessOptions {
  readonly root: string;
  readonly service: ServiceName;
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Gives up the waiting when it is aborted. */
  readonly signal: AbortSignal;
}

// A service drains its calls first; DRAIN_MS may ask for more, and then it is cut short.
const stopSignals = [
  { signal: "SIGTERM", graceMs: 15_000 },
  { signal: "SIGKILL", graceMs: 5_000 },
] as const;

const readyWithinMs = 60_000;

/**
 * Starts a service in a process of its own and waits until it is SERVING.
 * @throws Error with the last words of its log, if it ends before or takes longer than a minute.
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<RunningServer> {
  const logged = await sizeOf(options.logFile);
  const server = new ServerProcess({
    command: process.execPath,
    args: [join(options.root, "services", options.service, "src", "main.ts")],
    cwd: options.root,
    environment: options.environment,
    logFile: options.logFile,
  });
  try {
    await untilServing(server, options, logged);
  } catch (error) {
    await server.stop(stopSignals);
    throw error;
  }
  return { pid: server.pid, exited: server.exited, stop: () => server.stop(stopSignals) };
}

/** Ends every service that was started for this mesh folder, whoever started it. */
export async function stopServiceProcesses(meshFolder: string): Promise<readonly number[]> {
  return stopProcesses(() => findProcesses({ variable: `${meshMark}=${meshFolder}` }), stopSignals);
}

async function untilServing(server: ServerProcess, options: ServiceProcessOptions, logged: number): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  const dead = (exit: Exit): Promise<Error> => deathOf(options, logged, exitWords(exit));
  for (;;) {
    if (server.exit) throw await dead(server.exit);
    if ((await askHealth(options.address)) === "SERVING") break;
    if (performance.now() > deadline) throw await deathOf(options, logged, "was not SERVING within a minute");
    await sleep(50, undefined, { signal: options.signal });
  }
  // It answered: but was it this one, or another that holds the port?
  if (server.exit) throw await dead(server.exit);
}

async function deathOf({ service, logFile }: ServiceProcessOptions, logged: number, how: string): Promise<Error> {
  const words = await lastLines(logFile, logged);
  const trouble = words.match(/"event":"health.not_serving","trouble":"([^"]+)"/)?.[1];
  const why = trouble === undefined ? "" : ` (${trouble})`;
  return new Error(`${service} ${how}${why}; ${logFile} ends with:\n${words}`);
}

async function lastLines(path: string, start: number): Promise<string> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const from = Math.max(start, size - 4_000);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  return buffer.toString("utf8", 0, bytesRead).trim().split("\n").slice(-12).join("\n");
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
