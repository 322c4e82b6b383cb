import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { onFreePort } from "#platform/embedded/free-port.ts";
import { findPostgresBinaries } from "#platform/embedded/postgres-binaries.ts";
import { type PostgresServer, startPostgres } from "#platform/embedded/postgres-server.ts";
import { postgresUser } from "#platform/embedded/server-user.ts";
import { createTestFolder } from "./test-folder.ts";

/** A PostgreSQL cluster that a test may stop, kill and start again. */
export interface TestCluster {
  readonly adminUrl: string;
  /** Ends it as `kill -9` would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again, on the same port with the same data; stops it first if it runs. */
  restart(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a cluster of the test's own; takes about a second. Most tests want `startTestPostgres`, which is shared.
 * @param name a name by which other tests of this process find its folder.
 */
export async function startTestCluster(name?: string): Promise<TestCluster> {
  const user = postgresUser();
  const folder = await createTestFolder(user, name);
  const binaries = await findPostgresBinaries({ user, copyFolder: folder.path });
  const adminPassword = randomBytes(12).toString("hex");
  const start = async (port: number): Promise<PostgresServer> => {
    const started = await startPostgres({
      binaries,
      user,
      folder: join(folder.path, "postgres"),
      port,
      adminPassword,
      logFile: join(folder.path, "postgres.log"),
      durable: false,
    });
    await folder.note("postgres", { pid: started.pid, signal: "QUIT" });
    return started;
  };
  let server = await onFreePort(start);
  const stop = async (): Promise<void> => {
    await server.stop();
    await folder.note("postgres", undefined);
  };
  return {
    adminUrl: server.adminUrl,
    stop,
    kill: async () => {
      await server.kill();
      await folder.note("postgres", undefined);
    },
    restart: async () => {
      await stop();
      server = await start(server.port);
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
