import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Subscriptions } from "#platform/events/topology.ts";
import { loopback, PortTakenError } from "./free-port.ts";
import type { NatsBinary } from "./nats-binary.ts";
import { type BrokerPassword, type BrokerUser, natsServerConfig } from "./nats-config.ts";
import { type Exit, findProcesses, ServerProcess, stopProcesses } from "./server-process.ts";

export interface NatsOptions {
  readonly binary: NatsBinary;
  /** The broker's own folder: its configuration and, in `store`, its streams. */
  readonly folder: string;
  readonly port: number;
  readonly passwords: Readonly<Record<BrokerUser, BrokerPassword>>;
  readonly subscriptions: Subscriptions;
  readonly logFile: string;
}

/** A running nats-server with JetStream. */
export interface NatsServer {
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  readonly exited: Promise<Exit>;
  /** Ends it as `kill -9` would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const stopSignals = [
  { signal: "SIGTERM", graceMs: 10_000 },
  { signal: "SIGKILL", graceMs: 5_000 },
] as const;

/**
 * Starts a broker on loopback. One that still runs on this folder, left over from a launcher that was killed, is
 * stopped before.
 * @throws PortTakenError if another process holds the port.
 */
export async function startNatsServer(options: NatsOptions): Promise<NatsServer> {
  const { binary, port, logFile, passwords, subscriptions } = options;
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const folder = await realpath(options.folder);
  await stopNatsServer(folder);
  const config = join(folder, "nats-server.conf");
  const storeDir = join(folder, "store");
  const text = natsServerConfig({ host: loopback, port, storeDir, passwords, subscriptions, version: binary.version });
  await writeFile(config, text, { mode: 0o600 });
  const logged = await textOf(logFile);
  const server = new ServerProcess({
    command: binary.path,
    args: ["-c", config],
    cwd: folder,
    environment: {},
    logFile,
  });
  try {
    await untilReady(server, options, logged.length);
  } catch (error) {
    await server.stop(stopSignals);
    throw error;
  }
  return {
    port,
    pid: server.pid,
    url: `nats://${loopback}:${port}`,
    exited: server.exited,
    kill: () => server.stop([{ signal: "SIGKILL", graceMs: 10_000 }]),
    stop: () => server.stop(stopSignals),
  };
}

/** Stops every nats-server that still works in this folder, whoever started it. */
export async function stopNatsServer(folder: string): Promise<void> {
  await stopProcesses(() => findProcesses({ program: "nats-server", cwd: folder }), stopSignals);
}

async function untilReady(server: ServerProcess, { port, logFile }: NatsOptions, logged: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await greets(port)) || !(await textOf(logFile)).slice(logged).includes("Server is ready")) {
    if (server.exit) {
      const words = (await textOf(logFile)).slice(logged);
      if (words.includes("address already in use")) throw new PortTakenError(port, "nats-server");
      throw new Error(`nats-server did not start; ${logFile} says:\n${words.trim()}`);
    }
    if (performance.now() > deadline) throw new Error(`nats-server was not ready within half a minute; see ${logFile}`);
    await sleep(10);
  }
}

/** Whether a broker with JetStream speaks there: it says so in its first line, before anybody logs in. */
export function greets(port: number, host: string = loopback): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 1_000 });
    let text = "";
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("\r\n")) settle(/^INFO .*"jetstream":true/.test(text));
    });
    socket.on("error", () => settle(false));
    socket.on("timeout", () => settle(false));
    socket.on("close", () => settle(false));
  });
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
