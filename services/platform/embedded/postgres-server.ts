import { execFile } from "node:child_process";
import { chmod, chown, lstat, mkdir, open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { loopback, PortTakenError } from "./free-port.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { type Exit, findProcesses, isGone, ServerProcess, stopProcesses } from "./server-process.ts";
import type { ServerUser } from "./server-user.ts";

const run = promisify(execFile);

/** The role that owns an embedded cluster. Only the launcher knows its password. */
export const postgresAdmin = "medport_admin";

export interface PostgresOptions {
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
  /** The folder of this one cluster; its way must be open to the user. Its parent must exist. */
  readonly folder: string;
  readonly port: number;
  readonly adminPassword: string;
  readonly logFile: string;
  /** False for data that nobody will miss: faster, and lost when the machine (not the server) crashes. */
  readonly durable: boolean;
}

/** A running PostgreSQL cluster. */
export interface PostgresServer {
  readonly port: number;
  readonly pid: number;
  /** A connection string for the administrator, to the database `postgres`. */
  readonly adminUrl: string;
  readonly exited: Promise<Exit>;
  /** Ends it as `kill -9` would. */
  kill(): Promise<void>;
  /** Stops it: running transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

const stopSignals = [
  { signal: "SIGINT", graceMs: 20_000 },
  { signal: "SIGQUIT", graceMs: 5_000 },
  { signal: "SIGKILL", graceMs: 5_000 },
] as const;

/**
 * Starts a PostgreSQL cluster on loopback, with passwords by scram-sha-256; makes it first if the folder is empty.
 * Whatever still runs on this folder, left over from a launcher that was killed, is stopped before.
 * @throws PortTakenError if another process holds the port.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const data = join(options.folder, "data");
  await stopPostgres(options.folder);
  await createCluster(options);
  const logged = await sizeOf(options.logFile);
  const server = new ServerProcess({
    command: options.binaries.postgres,
    args: ["-D", data, ...settingArguments(options)],
    cwd: data,
    environment: serverEnvironment,
    user: options.user,
    logFile: options.logFile,
  });
  const adminUrl = `postgresql://${postgresAdmin}:${options.adminPassword}@${loopback}:${options.port}/postgres`;
  try {
    await untilReady(server, adminUrl, options, logged);
  } catch (error) {
    await server.stop(stopSignals);
    throw error;
  }
  return {
    port: options.port,
    pid: server.pid,
    adminUrl,
    exited: server.exited,
    kill: () => server.stop([{ signal: "SIGKILL", graceMs: 10_000 }]),
    stop: () => server.stop(stopSignals),
  };
}

/** Stops every PostgreSQL process that still works in this cluster's folder, whoever started it. */
export async function stopPostgres(folder: string): Promise<void> {
  const data = join(folder, "data");
  if (!(await exists(data))) return;
  const mark = { program: "postgres", cwd: await realpath(data) };
  // Only the first of them takes a request to stop; the same signal means other things to the others.
  await stopProcesses(async () => onlyPostmaster(data, await findProcesses(mark)), stopSignals);
  // Without it the others end by themselves, and until then nobody else may open the data.
  const find = (): Promise<readonly number[]> => findProcesses(mark);
  if (!(await isGone(find, 5_000))) await stopProcesses(find, [{ signal: "SIGKILL", graceMs: 5_000 }]);
}

async function onlyPostmaster(data: string, pids: readonly number[]): Promise<readonly number[]> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  return pids.filter((pid) => pid === Number.parseInt(text, 10));
}

const serverEnvironment = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

async function createCluster({ binaries, user, folder, adminPassword, durable }: PostgresOptions): Promise<void> {
  const data = join(folder, "data");
  if (await exists(join(data, "PG_VERSION"))) {
    // Made by an ordinary user, and now started by root, or the other way round with root's help.
    if (user && (await stat(data)).uid !== user.uid) await run("chown", ["-R", `${user.uid}:${user.gid}`, folder]);
    return;
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await give(folder, user, 0o700);
  // Made beside and renamed: a launcher that is killed half-way leaves nothing that looks like a cluster.
  const half = join(folder, "data.new");
  const passwordFile = join(folder, "password");
  await rm(half, { recursive: true, force: true });
  await writeFile(passwordFile, adminPassword, { mode: 0o600 });
  await give(passwordFile, user, 0o600);
  try {
    await run(
      binaries.initdb,
      [
        ...["-D", half, "-U", postgresAdmin, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"],
        ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        ...["--no-instructions", ...(durable ? [] : ["--no-sync"])],
      ],
      { cwd: folder, env: serverEnvironment, ...(user && { uid: user.uid, gid: user.gid }) },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(half, data);
}

async function give(path: string, user: ServerUser | undefined, mode: number): Promise<void> {
  await chmod(path, mode);
  if (user) await chown(path, user.uid, user.gid);
}

const carelessSettings = { fsync: "off", full_page_writes: "off", max_connections: "200" };

function settingArguments({ port, durable }: PostgresOptions): readonly string[] {
  const all = {
    listen_addresses: loopback,
    port: String(port),
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    // Rows and statements hold what people wrote about patients, which is not for logs: only the errors' own sentences.
    log_error_verbosity: "terse",
    log_min_error_statement: "panic",
    ...(durable ? {} : carelessSettings),
  };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function untilReady(
  server: ServerProcess,
  adminUrl: string,
  { port, folder, logFile }: PostgresOptions,
  logged: number,
): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const failure = await ping(adminUrl, join(folder, "data"));
    if (failure === undefined) return;
    if (server.exit) {
      const words = await textFrom(logFile, logged);
      if (words.includes("Address already in use")) throw new PortTakenError(port, "PostgreSQL");
      throw new Error(`PostgreSQL did not start; ${logFile} says:\n${words.trim()}`);
    }
    if (performance.now() > deadline) {
      throw new Error(`PostgreSQL was not ready within a minute; see ${logFile}`, { cause: failure });
    }
    await sleep(20);
  }
}

/** The error that keeps us from this very cluster; undefined when it answers. */
async function ping(adminUrl: string, data: string): Promise<unknown> {
  // Short, because somebody else may hold the port and never answer.
  const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 1_000 });
  // A connection that breaks after it was made says so here as well; the query's own error is the one we report.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
    const folder = rows[0]?.folder;
    return folder === data ? undefined : new Error(`another PostgreSQL answers there, with its data in ${folder}`);
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function textFrom(path: string, start: number): Promise<string> {
  if (start === 0) return readFile(path, "utf8");
  await using file = await open(path, "r");
  const length = (await file.stat()).size - start;
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
  return buffer.toString("utf8");
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
