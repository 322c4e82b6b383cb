import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { readHashes } from "./hashes.ts";

const tables = ["agency_preference", "facility", "trip", "agency", "assignment", "bid", "route", "unit"];

describe("the hashes of what was moved", () => {
  let postgres: TestPostgres;
  let client: Client;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const { ownerUrl } = await postgres.createDatabase("hashes");
    client = new Client({ connectionString: ownerUrl });
    await client.connect();
    // One database stands for all three silos.
    for (const table of [...tables, "unit_availability", "hospital", "service_registry", "user_account"]) {
      await client.query(`create table ${table} (id text primary key, name text, imported_at timestamptz)`);
    }
    await client.query("insert into trip select n::text, 'x', '2025-03-01Z' from generate_series(1, 500) n");
  });
  afterAll(async () => {
    await client.end();
    await postgres[Symbol.asyncDispose]();
  });

  async function hashOfTrips(): Promise<string | undefined> {
    const hashes = await readHashes({ hospital: client, ems: client, center: client });
    expect(hashes).toHaveLength(12);
    return hashes.find(({ table }) => table === "trip")?.hash;
  }

  it("do not depend on the order in which rows were written, nor on the session's time zone", async () => {
    const before = await hashOfTrips();
    expect(before).toMatch(/^[0-9a-f]{16}$/);
    await client.query("create temporary table kept as select * from trip; delete from trip");
    await client.query("insert into trip select * from kept order by id desc");
    await client.query("set timezone = 'Asia/Tokyo'");
    expect(await hashOfTrips()).toBe(before);
  });

  it("tell when a row changed, or is missing", async () => {
    const before = await hashOfTrips();
    await client.query("update trip set name = 'y' where id = '77'");
    const changed = await hashOfTrips();
    await client.query("delete from trip where id = '77'");
    expect(new Set([before, changed, await hashOfTrips()]).size).toBe(3);
  });

  it("look at no row that was made in the silo", async () => {
    const before = await hashOfTrips();
    await client.query("insert into trip values ('own', 'z', null)");
    expect(await hashOfTrips()).toBe(before);
  });
});
