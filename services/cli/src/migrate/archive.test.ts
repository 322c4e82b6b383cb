import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { platformSchema } from "#platform/database/platform-schema.ts";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { type ArchiveRequest, printArchive } from "./archive.ts";

describe("the archive", () => {
  let postgres: TestPostgres;
  let client: Client;
  let ownerUrl: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    ({ ownerUrl } = await postgres.createDatabase("archive"));
    client = new Client({ connectionString: ownerUrl });
    await client.connect();
    const statements = [
      ...platformSchema,
      "create schema archive",
      "create schema migration",
      "create table migration.quarantine (source_table text, pk text, reason text)",
      "insert into migration.quarantine values ('Unit', 'u2', 'AGENCY_NOT_MOVED'), ('TransportRequest', 'u1', 'ID_TAKEN')",
      'create table archive."TransportRequest" (id text primary key, "patientId" text)',
      "insert into archive.\"TransportRequest\" select 't' || lpad(n::text, 4, '0'), 'P' || n from generate_series(1, 1200) n",
      'create table archive."Unit" (id text primary key, capabilities jsonb)',
      `insert into archive."Unit" values ('u2', null), ('u1', '{"crew": [1, 2]}')`,
      'create table archive."_RouteToTransportRequest" ("A" text, "B" text)',
      `insert into archive."_RouteToTransportRequest" values ('r1', 't1'), ('r1', 't2')`,
    ];
    for (const statement of statements) await client.query(statement);
  });

  afterAll(async () => {
    await client.end();
    await postgres[Symbol.asyncDispose]();
  });

  async function shown(request: Partial<ArchiveRequest> & { table: string }): Promise<readonly string[]> {
    const lines: string[] = [];
    const ownerUrls = { hospital: ownerUrl, ems: ownerUrl, center: ownerUrl };
    const whole = { limit: 20, isPatientDataWanted: false, ...request };
    expect(await printArchive(ownerUrls, whole, (line) => lines.push(line))).toBe(lines.length);
    return lines;
  }

  async function looks(): Promise<readonly unknown[]> {
    const { rows } = await client.query(
      "select entities from audit_entry where action = 'medport migrate archive' order by occurred_at, id",
    );
    return rows.map(({ entities }: { entities: unknown }) => entities);
  }

  it("shows rows as they were, in the order of their keys", async () => {
    expect(await shown({ table: "Unit" })).toEqual([
      '{"id":"u1","capabilities":{"crew": [1, 2]}}',
      '{"id":"u2","capabilities":null}',
    ]);
    expect(await shown({ table: "Unit", pk: "u2" })).toEqual(['{"id":"u2","capabilities":null}']);
    expect(await shown({ table: "Unit", limit: 1 })).toHaveLength(1);
    expect(await looks()).toEqual([]);
  });

  it("shows what waits in quarantine, and why", async () => {
    expect(await shown({ table: "Unit", isQuarantined: true })).toEqual([
      '{"id": "u2", "quarantine": "AGENCY_NOT_MOVED", "capabilities": null}',
    ]);
    expect(await shown({ table: "Unit", isQuarantined: true, pk: "u1" })).toEqual([]);
  });

  it("shows no patient's data to whoever has not asked for them", async () => {
    await expect(shown({ table: "TransportRequest" })).rejects.toThrow("--yes-show-patient-data");
    expect(await looks()).toEqual([]);
  });

  it("records who looks at patients' data", async () => {
    const rows = await shown({ table: "TransportRequest", isPatientDataWanted: true, limit: 1_100 });
    expect(rows).toHaveLength(1_100);
    expect(rows.at(-1)).toBe('{"id":"t1100","patientId":"P1100"}');
    await shown({ table: "TransportRequest", isPatientDataWanted: true, pk: "t0007" });
    expect(await looks()).toEqual([
      [{ type: "archive.TransportRequest", id: "*" }],
      [{ type: "archive.TransportRequest", id: "t0007" }],
    ]);
  });

  it("finds a row of a join table by both ids", async () => {
    const request = { table: "_RouteToTransportRequest", isPatientDataWanted: true };
    expect(await shown({ ...request, pk: "r1 t2" })).toEqual(['{"A":"r1","B":"t2"}']);
  });

  it("says what it has when it lacks a table", async () => {
    await expect(shown({ table: "Invoice" })).rejects.toThrow("TransportRequest");
    await expect(shown({ table: "GPSTracking" })).rejects.toThrow("migrate run");
  });
});
