import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Pool } from "pg";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { callLimits, type ConnectionLimits, poolOptions } from "./connection-options.ts";
import { isConnectionFailure } from "./database-error.ts";

describe("the connections of a pool", () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  async function withPool<T>(
    limits: Partial<ConnectionLimits>,
    work: (pool: Pool) => Promise<T>,
    url = postgres.adminUrl,
  ): Promise<T> {
    const options = { url, applicationName: "test", poolSize: 1, limits: { ...callLimits, ...limits } };
    const pool = new Pool(poolOptions(options));
    pool.on("error", () => undefined);
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  }

  it("are given up when the server has been silent for too long, and replaced", async () => {
    await withPool({ statementTimeoutMs: 0, silenceMs: 300 }, async (pool) => {
      const error: unknown = await pool.query("select pg_sleep(5)").catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: "PostgreSQL does not answer" });
      expect(isConnectionFailure(error)).toBe(true);
      expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    });
  });

  it("end statements that take too long", async () => {
    await withPool({ statementTimeoutMs: 100 }, async (pool) => {
      await expect(pool.query("select pg_sleep(5)")).rejects.toMatchObject({ code: "57014" });
    });
  });

  it("take over what stands in the URL", async () => {
    const url = new URL(postgres.adminUrl);
    url.searchParams.set("application_name", "by-url");
    url.searchParams.set("statement_timeout", "1234");
    const sql = "select current_setting('application_name') as name, current_setting('statement_timeout') as timeout";
    const { rows } = await withPool({}, (pool) => pool.query(sql), url.href);
    expect(rows).toEqual([{ name: "by-url", timeout: "1234ms" }]);
  });
});
