import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { noOverrides } from "../directory/overrides.ts";
import { plantBadRows } from "../legacy/generator/bad-rows.ts";
import { generateLegacy } from "../legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import { runMove } from "../load/run-move.ts";
import { plantCorruption } from "./planted-corruption.builder.ts";
import { type Verification, verifyMove } from "./verify-move.ts";

describe("verifying a move", () => {
  let all: TestDatabases;
  const urls = () => ({
    sourceUrl: all.databases.source.ownerUrl,
    siloUrls: {
      hospital: all.databases.hospital.ownerUrl,
      ems: all.databases.ems.ownerUrl,
      center: all.databases.center.ownerUrl,
    },
    signal: new AbortController().signal,
  });

  beforeAll(async () => {
    all = await createTestDatabases();
    await createLegacySchema(all.source, { foreignKeys: false });
    await generateLegacy(all.source, { trips: 600, seed: 5, oddities: true });
    await plantBadRows(all.source, { count: 48, seed: 5 });
  }, 120_000);
  afterAll(async () => all[Symbol.asyncDispose]());

  it("needs a move", async () => {
    await expect(verifyMove(urls())).rejects.toThrow("nothing was moved yet");
  });

  it("finds nothing wrong with what was moved, whatever oddities there were", async () => {
    const how = {
      rolePolicy: "evidence",
      strict: false,
      overrides: noOverrides,
      dryRun: false,
      maxQuarantine: 1,
    } as const;
    await runMove({ ...urls(), ...how, onProgress: () => undefined });
    const found = await verifyMove(urls());
    expect(found.found).toEqual([]);
    expect(found.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(found).toMatchObject({ verified: true, differences: 0, pendingChanges: 0 });
    const { rows } = await all.source.query<{ count: string }>(`select count(*) from "TransportBid"`);
    expect(found.tables.find(({ name }) => name === "ems.archive.TransportBid")?.rows).toBe(Number(rows[0]?.count));
    expect(found.tables.find(({ name }) => name === "hospital.trip")?.rows).toBeGreaterThan(550);
  }, 60_000);

  it("leaves nothing behind", async () => {
    for (const client of [all.source, ...Object.values(all.silos)]) {
      const { rows } = await client.query(
        `select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname like 'pg_temp%' and relname like 'v\\_%'`,
      );
      expect(rows).toEqual([]);
    }
  });

  it("looks again at what has changed alone, and at all people and organizations", async () => {
    const bids = await keysOf("TransportBid", 30);
    const { rows: bidden } = await all.source.query<{ id: string }>(
      `select distinct "transportRequestId" as id from "TransportBid" where id = any($1)`,
      [bids],
    );
    const changed = new Map([
      ["TransportBid", bids],
      ["Unit", await keysOf("Unit", 3)],
      ["GPSTracking", await keysOf("GPSTracking", 5)],
    ]);
    const tripIds = [...new Set([...bidden.map(({ id }) => id), ...(await keysOf("TransportRequest", 20))])];
    const found = await verifyMove({ ...urls(), scope: { tripIds, changed } });
    expect(found.found).toEqual([]);
    const rowsOf = (name: string): number | undefined => found.tables.find((table) => table.name === name)?.rows;
    expect(rowsOf("ems.archive.TransportBid")).toBe(30);
    expect(rowsOf("ems.archive.Route")).toBeUndefined();
    expect(rowsOf("ems.bid")).toBeGreaterThan(20);
    expect(rowsOf("hospital.trip")).toBeGreaterThan(tripIds.length / 2);
    expect(rowsOf("hospital.trip")).toBeLessThanOrEqual(tripIds.length);
    const { rows: units } = await all.source.query<{ count: string }>('select count(*) from "Unit"');
    expect(rowsOf("ems.archive.Unit")).toBe(3);
    expect(rowsOf("ems.unit")).toBeGreaterThan(Number(units[0]?.count) / 2);
  }, 60_000);

  it("finds a change that was not brought over, of those that it is told of", async () => {
    const { rows } = await all.silos.hospital.query<{ id: string }>(
      "select id from trip where status = 'PENDING' and priority = 'LOW' order by id limit 2",
    );
    const [one, other] = rows.map(({ id }) => id);
    const setPriority = (priority: string) =>
      all.source.query(`update "TransportRequest" set priority = '${priority}' where id = any($1)`, [[one, other]]);
    await setPriority("HIGH");
    const { found } = await verifyMove({ ...urls(), scope: { tripIds: [one ?? ""], changed: new Map() } });
    await setPriority("LOW");
    expect(found.map(({ table, column }) => `${table} ${column}`)).toContain("hospital.trip priority");
    expect(new Set(found.map(({ pk }) => pk.split(" ")[0]))).toEqual(new Set([one]));
  }, 60_000);

  async function keysOf(table: string, count: number): Promise<readonly string[]> {
    const { rows } = await all.source.query<{ id: string }>(`select id from "${table}" order by id desc limit $1`, [
      count,
    ]);
    return rows.map(({ id }) => id);
  }

  it("finds every row that was changed, taken away or added, and tells which", async () => {
    const admins = {
      hospital: await all.connect("hospital", "admin"),
      ems: await all.connect("ems", "admin"),
      center: await all.connect("center", "admin"),
    };
    expect(await plantCorruption(admins, { changed: 100, deleted: 50, added: 50 })).toBe(200);
    const found = await verifyMove(urls());
    const sums = { missing: 0, extra: 0, different: 0 };
    for (const { missing, extra, different } of found.tables) {
      sums.missing += missing;
      sums.extra += extra;
      sums.different += different;
    }
    expect(sumsOf(found)).toEqual(sums);
    // Another key is a row that is missing and one too many.
    expect(found.differences).toBe(200);
    expect(found.verified).toBe(false);
    expect(found.checks.filter(({ ok }) => !ok).length).toBeGreaterThan(0);
  }, 60_000);

  it("tells nothing that somebody wrote, and nothing of a patient", async () => {
    const { found } = await verifyMove(urls());
    const told = new Set(found.filter(({ expected }) => expected !== undefined).map(({ column }) => column));
    for (const column of ["patient_id", "special_requirements", "notes", "password_hash", "email", "name"]) {
      if (column !== "name") expect(told).not.toContain(column);
    }
    expect(found).toContainEqual(
      expect.objectContaining({
        table: "hospital.trip",
        column: "request_time",
        kind: "different",
        expected: expect.any(String),
      }),
    );
    expect(found).toContainEqual({
      table: "hospital.trip",
      pk: expect.any(String),
      kind: "different",
      column: "patient_id",
    });
    expect(found.some(({ kind }) => kind === "missing")).toBe(true);
  }, 60_000);

  it("stops when it is asked to", async () => {
    const stop = new AbortController();
    const stopped = verifyMove({ ...urls(), signal: stop.signal, onProgress: () => stop.abort() });
    await expect(stopped).rejects.toThrow("aborted");
  }, 60_000);

  function sumsOf({ found }: Verification): object {
    const rows = new Map(found.map(({ table, pk, kind }) => [`${table} ${pk} ${kind}`, kind]));
    const sums = { missing: 0, extra: 0, different: 0 };
    for (const kind of rows.values()) sums[kind]++;
    return sums;
  }
});
