import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { onFreePort } from "#platform/embedded/free-port.ts";
import { findNatsServer } from "#platform/embedded/nats-binary.ts";
import { type BrokerUser, brokerUsers } from "#platform/embedded/nats-config.ts";
import { type NatsServer, startNatsServer } from "#platform/embedded/nats-server.ts";
import type { Subscriptions } from "#platform/events/topology.ts";
import { createTestFolder } from "./test-folder.ts";

/** What a client logs in at the broker with. */
export interface BrokerLogin {
  readonly url: string;
  readonly user: BrokerUser;
  readonly password: string;
}

/** A broker of a test's own, with the users and permissions of the real one. */
export interface TestBroker {
  readonly url: string;
  readonly users: Readonly<Record<BrokerUser, BrokerLogin>>;
  /** The version of nats-server, such as `2.10.27`. */
  readonly version: string;
  /** Ends it as `kill -9` would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again, on the same port with the same streams; stops it first if it runs. */
  restart(): Promise<void>;
  /** Loses every stream and durable, and starts it again: what an operator calls a wiped broker. */
  wipe(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestBrokerOptions {
  /** Who listens to what; the permissions follow. Nobody listens to anything unless said otherwise. */
  readonly subscriptions?: Partial<Subscriptions>;
}

/** Starts a broker on a free port; takes about a tenth of a second once nats-server is in the cache. */
export async function startTestBroker({ subscriptions = {} }: TestBrokerOptions = {}): Promise<TestBroker> {
  const binary = await findNatsServer({ environment: process.env });
  const folder = await createTestFolder(undefined);
  const passwords = brokerPasswords();
  const home = join(folder.path, "nats");
  const start = async (port: number): Promise<NatsServer> => {
    const started = await startNatsServer({
      binary,
      folder: home,
      port,
      passwords,
      subscriptions: { hospital: [], ems: [], center: [], ...subscriptions },
      logFile: join(folder.path, "nats.log"),
    });
    await folder.note("nats", { pid: started.pid, signal: "KILL" });
    return started;
  };
  let server = await onFreePort(start);
  const { url, port } = server;
  const end = async (how: "stop" | "kill"): Promise<void> => {
    await server[how]();
    await folder.note("nats", undefined);
  };
  return {
    url,
    version: binary.version,
    users: byUser((user) => ({ url, user, password: passwords[user].password })),
    kill: () => end("kill"),
    stop: () => end("stop"),
    restart: async () => {
      await end("stop");
      server = await start(port);
    },
    wipe: async () => {
      await end("kill");
      await rm(join(home, "store"), { recursive: true, force: true });
      server = await start(port);
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function brokerPasswords(): Readonly<Record<BrokerUser, { readonly password: string }>> {
  return byUser(() => ({ password: randomBytes(12).toString("hex") }));
}

function byUser<T>(make: (user: BrokerUser) => T): Record<BrokerUser, T> {
  return Object.fromEntries(brokerUsers.map((user) => [user, make(user)])) as Record<BrokerUser, T>;
}
