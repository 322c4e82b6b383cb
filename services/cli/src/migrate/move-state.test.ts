import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { keepResult } from "../../../migrator/src/report/kept-results.ts";
import type { RunFacts } from "../../../migrator/src/work/run-facts.ts";
import { type MoveState, moveStateText, readMoveState } from "./move-state.ts";

const finished: RunFacts = {
  batchId: "batch-1",
  phase: "COPIED",
  startedAt: "2025-03-01T11:00:00.000Z",
  finishedAt: "2025-03-01T11:05:00.000Z",
  options: {},
  steps: [{ step: "copy TransportRequest", rows: 1_500, done: true }],
};

describe("where a move stands", () => {
  let postgres: TestPostgres;
  let client: Client;
  let url: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    ({ ownerUrl: url } = await postgres.createDatabase("move state"));
    client = new Client({ connectionString: url });
    await client.connect();
    await client.query("create schema migration");
    await client.query("create table migration.issue (source_table text, pk text, kind text, rule text)");
    await client.query(
      "create table migration.quarantine (source_table text, pk text, reason text, sqlstate text, raw jsonb)",
    );
  });
  beforeEach(async () => {
    await client.query("truncate migration.quarantine");
    await client.query("drop table if exists migration.result");
  });
  afterAll(async () => {
    await client.end();
    await postgres[Symbol.asyncDispose]();
  });

  function stateOf(run: RunFacts | undefined): Promise<MoveState> {
    const parts = { readRun: () => Promise.resolve(run) };
    return readMoveState(parts, { ownerUrls: { hospital: url, ems: url, center: url } });
  }

  it("is nowhere before the first run", async () => {
    const state = await stateOf(undefined);
    expect(state).toMatchObject({ run: null, quarantined: 0, verified: null });
    expect(moveStateText(state)).toContain("run --dry-run");
  });

  it.each<readonly [string, Partial<RunFacts>, string]>([
    ["killed in between", { finishedAt: null }, "goes on where it stopped"],
    ["copied and not verified", {}, "migrate verify"],
    ["switched", { phase: "CUT_OVER" }, "migrate rollback"],
    ["taken back", { phase: "ROLLED_BACK" }, "people work with the old database"],
  ])("says what comes next when it is %s", async (_what, change, next) => {
    expect((await stateOf({ ...finished, ...change })).next).toContain(next);
  });

  it("counts what waits, and asks for it before the switch", async () => {
    await client.query(
      `insert into migration.quarantine (source_table, pk, reason, raw) values
       ('TransportRequest', 't1', 'IN_PROGRESS_WITHOUT_UNIT', '{"status": "IN_TRANSIT"}')`,
    );
    const state = await stateOf(finished);
    // The same database stands for all three silos here.
    expect(state).toMatchObject({ quarantined: 3, quarantinedOpenTrips: 1 });
    expect(state.next).toContain("migrate retry");
    expect(moveStateText(state)).toContain("copy TransportRequest: 1,500 rows\n");
  });

  it("is ready for the switch when it was verified without differences", async () => {
    const verification = { verified: true, at: null, differences: 0, tables: [], checks: [] };
    await keepResult(client, "verify", verification);
    expect((await stateOf(finished)).next).toContain("migrate cutover");
    await keepResult(client, "verify", { ...verification, verified: false, differences: 4 });
    expect((await stateOf(finished)).next).toContain("migrate verify");
  });
});
