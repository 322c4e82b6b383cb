import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { postgresUser } from "#platform/embedded/server-user.ts";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { namedTestFolder } from "./test-folder.ts";

/** A database of a test's own, as a silo has it: owned by one role, used by another that may not change its tables. */
export interface TestDatabase {
  readonly name: string;
  /** The cluster's administrator, in this database. */
  readonly adminUrl: string;
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly ownerRole: string;
  readonly appRole: string;
  /** Drops it, and its roles. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A PostgreSQL cluster to make databases in. Disposing drops the databases made through it. */
export interface TestPostgres {
  /** The cluster's administrator, in the database `postgres`. */
  readonly adminUrl: string;
  /** Makes an empty database, named after the label. */
  createDatabase(label: string): Promise<TestDatabase>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The cluster that all tests of this process share: started by the first that asks, ended with the process.
 * Data there is as unsafe as it is fast: no fsync.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const adminUrl = await sharedCluster();
  return testPostgresOn(adminUrl);
}

/** The same for a cluster of the test's own, which it may kill. */
export function testPostgresOn(clusterUrl: string | TestCluster): TestPostgres {
  const adminUrl = typeof clusterUrl === "string" ? clusterUrl : clusterUrl.adminUrl;
  const made: TestDatabase[] = [];
  return {
    adminUrl,
    createDatabase: async (label) => {
      const database = await createDatabase(adminUrl, label);
      made.push(database);
      return database;
    },
    [Symbol.asyncDispose]: async () => {
      for (const database of made.splice(0)) await database[Symbol.asyncDispose]();
    },
  };
}

let shared: Promise<string> | undefined;

/** Jest gives every test file its own modules, so that the files of one process find the cluster by a file. */
async function sharedCluster(): Promise<string> {
  shared ??= findOrStartShared();
  return shared;
}

async function findOrStartShared(): Promise<string> {
  const name = "postgres-shared";
  const folder = await namedTestFolder(postgresUser(), name);
  const addressFile = join(folder, "address");
  const noted = await readFile(addressFile, "utf8").catch(() => undefined);
  if (noted !== undefined && (await answers(noted))) return noted;
  // Left by a process of the same number that died together with its reaper.
  await rm(folder, { recursive: true, force: true });
  const { adminUrl } = await startTestCluster(name);
  await writeFile(addressFile, adminUrl, { mode: 0o600 });
  return adminUrl;
}

async function answers(adminUrl: string): Promise<boolean> {
  return asAdmin(adminUrl, ["select 1"]).then(
    () => true,
    () => false,
  );
}

async function createDatabase(clusterUrl: string, label: string): Promise<TestDatabase> {
  const words = label.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  const name = `${words.slice(0, 40)}_${randomBytes(4).toString("hex")}`;
  const [ownerRole, appRole] = [`${name}_owner`, `${name}_app`];
  const password = randomBytes(12).toString("hex");
  await asAdmin(clusterUrl, [
    `create role "${ownerRole}" login password '${password}'`,
    `create role "${appRole}" login password '${password}' nobypassrls`,
    `create database "${name}" owner "${ownerRole}"`,
    `revoke connect, temporary on database "${name}" from public`,
    `grant connect on database "${name}" to "${appRole}"`,
  ]);
  return {
    name,
    ownerRole,
    appRole,
    adminUrl: withDatabase(clusterUrl, name),
    ownerUrl: withDatabase(clusterUrl, name, { role: ownerRole, password }),
    appUrl: withDatabase(clusterUrl, name, { role: appRole, password }),
    [Symbol.asyncDispose]: () =>
      asAdmin(clusterUrl, [
        `drop database if exists "${name}" with (force)`,
        `drop role if exists "${appRole}"`,
        `drop role if exists "${ownerRole}"`,
      ]),
  };
}

function withDatabase(clusterUrl: string, name: string, login?: { role: string; password: string }): string {
  const url = new URL(clusterUrl);
  url.pathname = `/${name}`;
  if (login) [url.username, url.password] = [login.role, login.password];
  return url.href;
}

async function asAdmin(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
