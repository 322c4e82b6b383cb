import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { isAlive } from "#platform/embedded/server-process.ts";
import { eventually } from "./eventually.ts";
import { startTestCluster } from "./test-cluster.ts";
import { startTestPostgres, type TestDatabase, type TestPostgres, testPostgresOn } from "./test-postgres.ts";

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

describe("a test's PostgreSQL", () => {
  let postgres: TestPostgres;
  let database: TestDatabase;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    database = await postgres.createDatabase("Trips & bids");
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it("is PostgreSQL 18", async () => {
    const [row] = await query(postgres.adminUrl, "show server_version");
    expect(row?.["server_version"]).toMatch(/^18\./);
  });

  it("is shared by all tests of the process", async () => {
    await using again = await startTestPostgres();
    expect(again.adminUrl).toBe(postgres.adminUrl);
  });

  it("lets the owner make tables, and the application none", async () => {
    await query(database.ownerUrl, "create table trip (id text)");
    await expect(query(database.appUrl, "create table bid (id text)")).rejects.toThrow("permission denied");
  });

  it("keeps one database's roles out of another", async () => {
    await using other = await postgres.createDatabase("other");
    const intruder = new URL(other.appUrl);
    intruder.pathname = `/${database.name}`;
    await expect(query(intruder.href, "select 1")).rejects.toThrow("permission denied for database");
  });

  it("demands the password", async () => {
    const wrong = new URL(database.appUrl);
    wrong.password = "wrong";
    await expect(query(wrong.href, "select 1")).rejects.toThrow("password authentication failed");
  });

  it("drops a database when it is disposed of", async () => {
    const gone = await postgres.createDatabase("gone");
    await gone[Symbol.asyncDispose]();
    expect(await query(postgres.adminUrl, `select from pg_database where datname = '${gone.name}'`)).toEqual([]);
  });
});

describe("a test's own cluster", () => {
  it("keeps what was committed when it is killed and started again", async () => {
    await using cluster = await startTestCluster();
    const { ownerUrl } = await testPostgresOn(cluster).createDatabase("kept");
    await query(ownerUrl, "create table trip as select 'a' as id");
    await cluster.kill();
    await expect(query(ownerUrl, "select 1")).rejects.toThrow("ECONNREFUSED");
    await cluster.restart();
    expect(await query(ownerUrl, "select id from trip")).toEqual([{ id: "a" }]);
  });

  it("is gone, with its folder, when the process that started it is killed", async () => {
    const module = fileURLToPath(new URL("test-cluster.ts", import.meta.url));
    const program = `
      const { startTestCluster } = await import(${JSON.stringify(module)});
      const { default: pg } = await import("pg");
      const cluster = await startTestCluster();
      const client = new pg.Client({ connectionString: cluster.adminUrl });
      await client.connect();
      const { rows } = await client.query("select current_setting('data_directory') as folder, pg_backend_pid() as pid");
      process.stdout.write(JSON.stringify(rows[0]), () => process.kill(process.pid, "SIGKILL"));
    `;
    const child = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
      cwd: fileURLToPath(new URL("../../..", import.meta.url)),
      env: { PATH: process.env["PATH"] },
    });
    const output = await child.then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    const { folder, pid } = JSON.parse(output) as { folder: string; pid: number };
    await eventually(async () => {
      await expect(stat(folder)).rejects.toThrow("ENOENT");
      expect(isAlive(pid)).toBe(false);
    });
  });
});
