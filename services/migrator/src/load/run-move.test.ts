import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { ChangeApplier } from "../capture/apply-changes.ts";
import { moveSteps } from "../capture/move-steps.ts";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { noOverrides } from "../directory/overrides.ts";
import { type GeneratedLegacy, generateLegacy } from "../legacy/generator/generate-legacy.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import { keepResult } from "../report/kept-results.ts";
import { plantCorruption } from "../verify/planted-corruption.builder.ts";
import { verifyMove } from "../verify/verify-move.ts";
import { targetHashes } from "./target-hashes.builder.ts";
import { expectBalance, readBalanceOf } from "../work/balance.ts";
import { applyMoved } from "./apply-moved.ts";
import { type MoveRequest, readMoveOptions, retryQuarantined, runMove } from "./run-move.ts";
import { readRun } from "../work/run-facts.ts";

describe("moving an old database", () => {
  let all: TestDatabases;
  let made: GeneratedLegacy;
  const request = (over: Partial<MoveRequest> = {}): MoveRequest => ({
    sourceUrl: all.databases.source.ownerUrl,
    siloUrls: {
      hospital: all.databases.hospital.ownerUrl,
      ems: all.databases.ems.ownerUrl,
      center: all.databases.center.ownerUrl,
    },
    ...{ rolePolicy: "evidence", strict: false, overrides: noOverrides, dryRun: false, maxQuarantine: 0.001 },
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...over,
  });

  beforeAll(async () => {
    all = await createTestDatabases();
    await createLegacySchema(all.source);
    made = await generateLegacy(all.source, { trips: 300, seed: 7, oddities: true });
  }, 120_000);
  afterAll(async () => {
    await all[Symbol.asyncDispose]();
  });

  it("as a rehearsal tells what would be and leaves nothing behind", async () => {
    const { tables } = await runMove(request({ dryRun: true }));
    expect(tables?.find(({ name }) => name === "TransportRequest")?.migrated).toBeGreaterThan(250);
    for (const service of serviceNames) {
      expect(await schemasOf(service)).toEqual(["public"]);
      expect(await count(service, service === "ems" ? "agency" : "hospital")).toBe(0);
    }
    expect(await readRun(all.silos)).toBeUndefined();
  }, 60_000);

  it("says which account that was there before has the address of somebody who is to be moved", async () => {
    const { rows } = await all.source.query<{ id: string; email: string }>(
      `select id, email from "User" where role = 'ADMIN' and email = lower(btrim(email)) order by id limit 1`,
    );
    const [person] = rows;
    await all.silos.center.query(
      `insert into user_account (id, email, name, password_hash, user_type, roles, is_active, must_change_password, version, created_at, updated_at)
       values ('native', $1, 'Native', 'x', 'CENTER', '{viewer}', true, false, 1, now(), now())`,
      [person?.email],
    );
    try {
      await expect(runMove(request({ dryRun: true }))).rejects.toThrow(`${person?.id} is to be moved, native is there`);
    } finally {
      await all.silos.center.query("delete from user_account where id = 'native'");
    }
  }, 60_000);

  it("that is stopped goes on, and comes to what it comes to undisturbed", async () => {
    const stop = new AbortController();
    const stopped = runMove(
      request({
        signal: stop.signal,
        onProgress: ({ step }) => {
          if (step === "archive TransportBid") stop.abort();
        },
      }),
    );
    await expect(stopped).rejects.toThrow("aborted");
    expect((await readRun(all.silos))?.phase).toBe("COPYING");
    // Only a whole copy can be decided anew.
    await expect(runMove(request({ rolePolicy: "guide" }))).rejects.toThrow("--role-policy");
    await runMove(request());
    expect((await readRun(all.silos))?.phase).toBe("COPIED");
  }, 60_000);

  it("accounts for every row of every table", async () => {
    const sums = await readBalanceOf(all.source, all.silos);
    expectBalance(sums);
    expect(sums).toHaveLength(41);
    expect(Object.fromEntries(sums.map(({ name, read }) => [name, read]))).toMatchObject(made.counts);
  });

  it("quarantines exactly what it must", async () => {
    const found = await Promise.all(
      serviceNames.map(
        async (service) =>
          (
            await all.silos[service].query<{ row: string }>(
              "select source_table || ' ' || pk || ' ' || reason as row from migration.quarantine",
            )
          ).rows,
      ),
    );
    const expected = made.quarantined.map(({ table, pk, reason }) => `${table} ${pk} ${reason}`);
    expect(
      found
        .flat()
        .map(({ row }) => row)
        .toSorted(),
    ).toEqual(expected.toSorted());
  });

  it("quarantines a trip that a silo does not take, alone and with what PostgreSQL said", async () => {
    const { rows } = await all.source.query<{ id: string }>(
      `select t.id from "TransportRequest" t join "TransportBid" b on b."transportRequestId" = t.id
        where t.status = 'COMPLETED' order by t.id limit 1`,
    );
    const id = rows[0]?.id ?? "";
    await all.silos.hospital.query(
      `delete from trip_history where trip_id = '${id}'; delete from trip where id = '${id}'`,
    );
    await all.silos.hospital.query(`alter table trip add constraint picky check (id <> '${id}') not valid`);
    await touchTrips();
    try {
      await catchUp();
      expect(await quarantineOf("hospital", id)).toEqual([
        { reason: "REFUSED_BY_DATABASE", sqlstate: "23514", hasRaw: true },
      ]);
      expect(await countOf("ems", "select count(*) from bid where trip_id = $1", [id])).toBe(0);
      expectBalance(await readBalanceOf(all.source, all.silos));
    } finally {
      await all.silos.hospital.query("alter table trip drop constraint picky");
    }
    await retryQuarantined(request());
    expect(await quarantineOf("hospital", id)).toEqual([]);
    expect(await countOf("hospital", "select count(*) from trip where id = $1", [id])).toBe(1);
    expectBalance(await readBalanceOf(all.source, all.silos));
  }, 60_000);

  it("changes nothing when it is run again", async () => {
    const before = await targetHashes(all.silos);
    const rows = await all.silos.hospital.query("select sum(xmin::text::bigint) as versions from trip");
    await runMove(request());
    expect(await targetHashes(all.silos)).toEqual(before);
    const again = await all.silos.hospital.query("select sum(xmin::text::bigint) as versions from trip");
    expect(again.rows).toEqual(rows.rows);
  }, 60_000);

  it("brings over what people have changed since", async () => {
    const trip = "select id from \"TransportRequest\" where status = 'PENDING' order by id limit 1";
    await all.source.query(`update "TransportRequest" set "specialRequirements" = 'oxygen' where id = (${trip})`);
    await all.source.query(
      `delete from "TransportBid" where id = (select id from "TransportBid" where status = 'EXPIRED' limit 1)`,
    );
    const { tables } = await runMove(request());
    expectBalance(tables);
    expect(await countOf("hospital", "select count(*) from trip where special_requirements = 'oxygen'", [])).toBe(1);
    expect((await verified()).found).toEqual([]);
  }, 60_000);

  it("decides anew by other overrides, and keeps those it was told when none are told", async () => {
    const { rows } = await all.silos.center.query<{ email: string }>(
      "select email from user_account where user_type = 'CENTER' and is_active order by email limit 1",
    );
    const email = rows[0]?.email ?? "";
    const typeOf = async (): Promise<string | undefined> => {
      const sql = "select user_type as type from user_account where email = $1";
      return (await all.silos.center.query<{ type: string }>(sql, [email])).rows[0]?.type;
    };
    const users = new Map([[email, { type: "EMS" as const }]]);
    await runMove(request({ overrides: { users, facilities: new Map() } }));
    expect(await typeOf()).toBe("EMS");
    expect((await verified()).found).toEqual([]);
    await runMove(request({ overrides: undefined }));
    expect(await typeOf()).toBe("EMS");
    await runMove(request({ overrides: noOverrides }));
    expect(await typeOf()).toBe("CENTER");
    expect((await verified()).found).toEqual([]);
  }, 60_000);

  it("decides anew by other overrides when it tries quarantine again, whatever waits there", async () => {
    const { rows } = await all.silos.center.query<{ email: string }>(
      "select email from user_account where user_type = 'CENTER' and is_active order by email limit 1",
    );
    const users = new Map([[rows[0]?.email ?? "", { type: "EMS" as const }]]);
    const waiting = "migration.quarantine";
    for (const service of serviceNames) {
      await all.silos[service].query(`create temp table waiting as table ${waiting}; delete from ${waiting}`);
    }
    await retryQuarantined(request({ overrides: { users, facilities: new Map() } }));
    expect(
      await countOf("center", "select count(*) from user_account where email = $1 and user_type = 'EMS'", [
        rows[0]?.email,
      ]),
    ).toBe(1);
    for (const service of serviceNames) {
      await all.silos[service].query(`insert into ${waiting} table waiting on conflict do nothing; drop table waiting`);
    }
    await runMove(request({ overrides: noOverrides }));
    expect((await verified()).found).toEqual([]);
  }, 60_000);

  it("repairs what the last verification found to be other than it should be", async () => {
    const admins = {
      hospital: await all.connect("hospital", "admin"),
      ems: await all.connect("ems", "admin"),
      center: await all.connect("center", "admin"),
    };
    expect(await plantCorruption(admins, { changed: 40, deleted: 20, added: 0 })).toBe(60);
    const spoiled = await verified();
    expect(spoiled.differences).toBe(60);
    await keepResult(all.silos.center, "verify", spoiled);
    await runMove(request());
    expect((await verified()).found).toEqual([]);
  }, 60_000);

  const verified = () => {
    const { sourceUrl, siloUrls, signal } = request();
    return verifyMove({ sourceUrl, siloUrls, signal });
  };

  it("copies nothing while a switch is not done", async () => {
    await all.silos.center.query("update migration.run set phase = 'SWITCHING'");
    try {
      await expect(runMove(request())).rejects.toThrow("cutover");
    } finally {
      await all.silos.center.query("update migration.run set phase = 'COPIED'");
    }
  });

  it("refuses an old database that it does not know before it writes anything", async () => {
    await all.source.query('alter table "Unit" add column colour text');
    try {
      await expect(runMove(request())).rejects.toThrow("colour");
    } finally {
      await all.source.query('alter table "Unit" drop column colour');
    }
  });

  const countOf = async (service: ServiceName, sql: string, values: readonly unknown[]): Promise<number> => {
    const { rows } = await all.silos[service].query<{ count: string }>(sql, [...values]);
    return Number(rows[0]?.count);
  };

  async function quarantineOf(service: ServiceName, pk: string): Promise<readonly unknown[]> {
    const { rows } = await all.silos[service].query<{ reason: string }>(
      `select reason, sqlstate, raw is not null as "hasRaw" from migration.quarantine where pk = $1`,
      [pk],
    );
    return rows;
  }

  /** As if the old application had written them again. */
  async function touchTrips(): Promise<void> {
    await all.source.query(`update "TransportRequest" set "updatedAt" = "updatedAt" where status = 'COMPLETED'`);
  }

  async function catchUp(): Promise<void> {
    const options = await readMoveOptions(all.silos);
    const source = await all.connect("source");
    const silos = {
      hospital: await all.connect("hospital"),
      ems: await all.connect("ems"),
      center: await all.connect("center"),
    };
    await new ChangeApplier({ source, silos, options, steps: moveSteps(options, applyMoved) }).drain();
  }

  async function schemasOf(service: ServiceName): Promise<readonly string[]> {
    const { rows } = await all.silos[service].query<{ name: string }>(
      "select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1",
    );
    return rows.map(({ name }) => name);
  }

  async function count(service: ServiceName, table: string): Promise<number> {
    const { rows } = await all.silos[service].query<{ count: string }>(`select count(*) from ${table}`);
    return Number(rows[0]?.count);
  }
});
