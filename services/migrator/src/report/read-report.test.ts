import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { keepResult, readResult } from "./kept-results.ts";
import { readReport } from "./read-report.ts";
import { aReport } from "./report.builder.ts";

/** The tables of a move as far as a report looks at them. */
const workTables = [
  "create schema migration",
  "create table migration.issue (source_table text, pk text, kind text, rule text, detail jsonb)",
  `create table migration.quarantine
   (source_table text, pk text, reason text, sqlstate text, raw jsonb, first_at timestamptz, last_at timestamptz)`,
];

describe("reading a report", () => {
  let postgres: TestPostgres;
  let silos: { readonly hospital: Client; readonly ems: Client; readonly center: Client };

  beforeAll(async () => {
    postgres = await startTestPostgres();
    silos = { hospital: await silo("hospital"), ems: await silo("ems"), center: await silo("center") };
    await silos.hospital.query(
      `create table trip as select * from (values ('P1', now()), ('P1', now()), ('P2', now()), ('P3', null), ('P3', null))
         as t (patient_id, imported_at)`,
    );
    await silos.hospital.query(
      `insert into migration.issue
       select 'TransportRequest', 't' || n, 'DOUBLE_BOOKED', 'R-UNIT', '{"note": "Mrs Miller"}' from generate_series(1, 5) n`,
    );
    await silos.center.query(`insert into migration.issue values ('User', 'u1', 'ROLE_AMBIGUOUS', 'R-ROLE', null)`);
    await silos.hospital.query(
      `insert into migration.quarantine (source_table, pk, reason, raw) values
       ('TransportRequest', 't6', 'IN_PROGRESS_WITHOUT_UNIT', '{"status": "IN_TRANSIT", "patientId": "Miller"}'),
       ('TransportRequest', 't7', 'FACILITY_NOT_MOVED', '{"status": "COMPLETED"}'),
       ('Facility', 'f1', 'ID_NOT_USABLE', '{}')`,
    );
    await silos.ems.query(
      `insert into migration.quarantine (source_table, pk, reason, sqlstate, raw) values
       ('TransportBid', 'b1', 'TRIP_QUARANTINED', null, '{}'), ('TransportBid', 'b2', 'REFUSED', '22003', '{}')`,
    );
  });

  afterAll(async () => {
    for (const client of Object.values(silos)) await client.end();
    await postgres[Symbol.asyncDispose]();
  });

  async function silo(name: string): Promise<Client> {
    const database = await postgres.createDatabase(name);
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    for (const statement of workTables) await client.query(statement);
    return client;
  }

  it("gathers issues and quarantine of all silos, with a few keys of each", async () => {
    const report = await readReport(silos, { ...aReport(), now: new Date("2025-03-02T00:00:00Z") });
    expect(report.madeAt).toBe("2025-03-02T00:00:00.000Z");
    expect(report.issues.map(({ kind, table, count, examples }) => [kind, table, count, examples.length])).toEqual([
      ["DOUBLE_BOOKED", "TransportRequest", 5, 3],
      ["ROLE_AMBIGUOUS", "User", 1, 1],
    ]);
    expect(report.issues[0]?.examples.map(({ pk }) => pk)).toEqual(["t1", "t2", "t3"]);
    expect(report.quarantine.map(({ reason, sqlstate, table }) => [reason, sqlstate, table])).toEqual([
      ["FACILITY_NOT_MOVED", null, "TransportRequest"],
      ["ID_NOT_USABLE", null, "Facility"],
      ["IN_PROGRESS_WITHOUT_UNIT", null, "TransportRequest"],
      ["REFUSED", "22003", "TransportBid"],
      ["TRIP_QUARANTINED", null, "TransportBid"],
    ]);
    expect(report.decisions.map(({ kind }) => kind)).toContain("ROLE_AMBIGUOUS");
  });

  it("counts only those trips as open that are not over", async () => {
    const report = await readReport(silos, { ...aReport(), now: new Date() });
    expect(report.quarantinedOpenTrips).toBe(1);
  });

  it("counts the codes of patients that more than one moved trip has", async () => {
    const report = await readReport(silos, { ...aReport(), now: new Date() });
    expect(report.sharedPatientCodes).toBe(1);
  });

  it("takes nothing over that somebody wrote about a patient", async () => {
    const report = await readReport(silos, { ...aReport(), now: new Date() });
    expect(JSON.stringify(report)).not.toContain("Miller");
  });

  it("says whether the tables add up", async () => {
    const tables = [{ name: "Unit", read: 2, migrated: 1, merged: 0, quarantined: 0, archived: 0 }];
    expect((await readReport(silos, { ...aReport(), tables, now: new Date() })).balanced).toBe(false);
    expect((await readReport(silos, { ...aReport(), now: new Date() })).balanced).toBe(true);
  });

  it("tells of a dry run what it found, whatever the silos have", async () => {
    const { issues, quarantine } = aReport();
    const findings = { issues, quarantine, quarantinedOpenTrips: 4, sharedPatientCodes: 5 };
    const report = await readReport(silos, { ...aReport(), findings, now: new Date() });
    expect(report).toMatchObject(findings);
  });

  it("is there before the first run, too", async () => {
    const database = await postgres.createDatabase("empty");
    const client = new Client({ connectionString: database.ownerUrl });
    await client.connect();
    const report = await readReport(
      { hospital: client, ems: client, center: client },
      { ...aReport(), now: new Date() },
    );
    await client.end();
    expect(report).toMatchObject({ issues: [], quarantine: [], quarantinedOpenTrips: 0, sharedPatientCodes: 0 });
  });

  it("finds again what a command came to", async () => {
    expect(await readResult(silos.center, "verify")).toBeUndefined();
    await keepResult(silos.center, "verify", { differences: 2 });
    await keepResult(silos.center, "verify", { differences: 0 });
    expect(await readResult(silos.center, "verify")).toMatchObject({
      content: { differences: 0 },
      at: expect.any(Date),
    });
    expect(await readResult(silos.center, "cutover")).toBeUndefined();
  });
});
