import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import { checkSource, sourceProblemsText } from "./check-source.ts";

describe("the comparison of a source with the plan", () => {
  let postgres: TestPostgres;
  let client: Client;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const database = await postgres.createDatabase("check source");
    client = new Client({ connectionString: database.adminUrl });
    await client.connect();
    await createLegacySchema(client, { foreignKeys: false });
  });

  afterAll(async () => {
    await client.end();
    await postgres[Symbol.asyncDispose]();
  });

  /** What is found after these statements, which are then undone. */
  async function problemsAfter(...statements: readonly string[]): Promise<readonly string[]> {
    await client.query("begin");
    try {
      for (const statement of statements) await client.query(statement);
      const problems = await checkSource(client);
      return problems.map(({ kind, table, column }) =>
        [kind, table, ...(column === undefined ? [] : [column])].join(" "),
      );
    } finally {
      await client.query("rollback");
    }
  }

  it("finds nothing wrong with what the plan was made for", async () => {
    expect(await checkSource(client)).toEqual([]);
  });

  it.each<readonly [problem: string, statements: readonly string[]]>([
    ["TABLE_UNKNOWN Invoice", ['create table "Invoice" (id text primary key)']],
    ["TABLE_UNKNOWN Ledger", ['create table "Ledger" (id int) partition by range (id)']],
    ["TABLE_MISSING WeatherImpact", ['drop table "WeatherImpact"']],
    ["COLUMN_UNKNOWN User secondEmail", ['alter table "User" add column "secondEmail" text']],
    ["COLUMN_MISSING Unit shiftEnd", ['alter table "Unit" drop column "shiftEnd"']],
    ["TYPE_DIFFERS TransportBid bidAmount", ['alter table "TransportBid" alter column "bidAmount" type numeric']],
    ["TYPE_DIFFERS TransportRequest createdAt", ['alter table "TransportRequest" alter "createdAt" type timestamptz']],
    ["TYPE_DIFFERS Facility type", ['alter table "Facility" alter column type type text']],
    ["ENUM_LABEL_UNKNOWN TransportRequest", [`alter type "RequestStatus" add value 'PAUSED'`]],
    ["PRIMARY_KEY_MISSING Route", ['alter table "Route" drop constraint "Route_pkey"']],
    [
      "PRIMARY_KEY_MISSING Route",
      ['alter table "Route" drop constraint "Route_pkey"', `create unique index on "Route" (id) where id <> ''`],
    ],
    [
      "NULL_IN_REQUIRED_COLUMN Unit unitNumber",
      [
        'alter table "Unit" alter column "unitNumber" drop not null',
        `insert into "Unit" (id, "agencyId", type, "currentStatus", "isActive", "createdAt", "updatedAt")
         values ('u', 'a', 'BLS', 'AVAILABLE', true, now(), now())`,
      ],
    ],
  ])("finds %s", async (problem, statements) => {
    expect(await problemsAfter(...statements)).toEqual([problem]);
  });

  it.each<readonly [what: string, statements: readonly string[]]>([
    [
      "an enum with fewer labels",
      [
        `alter table "WeatherImpact" drop column "impactLevel"`,
        'drop type "WeatherImpactLevel"',
        `create type "WeatherImpactLevel" as enum ('NONE')`,
        `alter table "WeatherImpact" add "impactLevel" "WeatherImpactLevel" not null`,
      ],
    ],
    ["a schema of ours", ["create schema medport_migration", "create table medport_migration.change (id int)"]],
    ["a view", ['create view "Names" as select name from "User"']],
    ["a required column that is unguarded and full", ['alter table "Unit" alter column "unitNumber" drop not null']],
    [
      "a join table without a key",
      ['alter table "_RouteToTransportRequest" drop constraint "_RouteToTransportRequest_pkey"'],
    ],
  ])("minds nothing about %s", async (_what, statements) => {
    expect(await problemsAfter(...statements)).toEqual([]);
  });

  it("tells all problems at once", async () => {
    const found = await problemsAfter('drop table "WeatherImpact"', 'create table "Invoice" (id text primary key)');
    expect(found).toEqual(["TABLE_UNKNOWN Invoice", "TABLE_MISSING WeatherImpact"]);
    const words = sourceProblemsText([
      { kind: "TABLE_MISSING", table: "Unit", words: 'there is no table "Unit" in the schema public' },
    ]);
    expect(words).toContain("nothing was written");
    expect(words).toContain('TABLE_MISSING: there is no table "Unit"');
  });
});
