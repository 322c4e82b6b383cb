import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { startTestPostgres, type TestDatabase, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { copyLine } from "./copy-text.ts";

const columns = ["n", "line", "list", "content", "bytes", "at", "yes"];
const text = fc.oneof(
  fc.string({ unit: "binary" }).filter((value) => !value.includes("\0") && value.isWellFormed()),
  fc.constantFrom("\\N", "\\.", "a\tb", "\\", "\r\n", "NULL", "", "{}", '"', "é 😀"),
);

describe("a row in the text format of COPY", () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    database = await postgres.createDatabase("copy");
    client = new Client({ connectionString: database.ownerUrl, options: "-c TimeZone=UTC" });
    await client.connect();
    await client.query(
      "create table target (n integer, line text, list text[], content jsonb, bytes bytea, at timestamptz(3), yes boolean)",
    );
  });
  afterAll(async () => {
    await client.end();
    await postgres[Symbol.asyncDispose]();
  });

  it("is read by PostgreSQL as what it was", async () => {
    const row = fc.record({
      n: fc.integer({ min: 0, max: 1_000 }),
      line: fc.option(text),
      list: fc.array(fc.option(text)),
      content: fc.option(fc.record({ key: text, more: fc.array(fc.oneof(text, fc.boolean())) })),
      bytes: fc.option(fc.uint8Array()),
      at: fc.date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
      yes: fc.boolean(),
    });
    const isSame = async (rows: readonly Record<string, unknown>[]): Promise<void> => {
      await client.query("truncate target");
      const lines = rows.map((one, n) => copyLine(columns, { ...one, n }, new Set(["content"])));
      await pipeline(Readable.from(lines), client.query(copyFrom("copy target from stdin")));
      const { rows: read } = await client.query<Record<string, unknown>>("select * from target order by n");
      const expected = rows.map((one, n) => ({
        ...one,
        n,
        bytes: one["bytes"] === null ? null : Buffer.from(one["bytes"] as Uint8Array),
      }));
      expect(read).toEqual(expected);
    };
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 50 }), isSame), { numRuns: 40 });
  });
});
