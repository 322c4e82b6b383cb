import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Client } from "pg";
import type { SiloClients } from "../cutover/close-silos.ts";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { plan } from "../plan/plan.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { ChangeApplier, followChanges } from "./apply-changes.ts";
import { copyAll, differencesFromCopy, options, prepareMove, snapshot } from "./first-copy.builder.ts";
import { inTransaction } from "./in-transaction.ts";
import { moveSteps } from "./move-steps.ts";
import { OldLife } from "./old-life.builder.ts";
import { applyMoved } from "../load/apply-moved.ts";

describe("changes of the old database", () => {
  let test: TestDatabases;
  let source: Client;
  let life: OldLife;
  beforeAll(async () => {
    test = await createTestDatabases();
    source = test.source;
    await prepareMove(test);
    const people = await test.connect("source");
    life = new OldLife(people, 7);
    await life.begin(60);
    // A first copy, while others write.
    const writing = act(150);
    await copyAll(test);
    await writing;
  }, 60_000);
  afterAll(async () => test[Symbol.asyncDispose]());

  const applier = (silos: SiloClients = test.silos, from = source): ChangeApplier =>
    new ChangeApplier({ source: from, silos, options, steps: moveSteps(options, applyMoved) });

  async function act(times: number): Promise<void> {
    for (let index = 0; index < times; index++) await life.act();
  }

  let seeds = 1_000;
  /** Nothing about people, whose rows wait for a transaction that refers to them. */
  async function actOnTrips(): Promise<void> {
    const others = new OldLife(await test.connect("source"), ++seeds, 0);
    for (let index = 0; index < 5; index++) await others.newTrip();
  }

  const differences = (): Promise<readonly string[]> => differencesFromCopy(test);

  it("that were made while it was copied are there after the delta", async () => {
    expect(await differences()).not.toEqual([]);
    const { applied } = await applier().drain();
    expect(applied).toBeGreaterThan(100);
    expect(await differences()).toEqual([]);
  }, 30_000);
  it("are brought over as of a moment, and no later ones", async () => {
    await applier().drain();
    const other = await test.connect("source");
    const atWork = applier(test.silos, other);
    await actOnTrips();
    await inTransaction(
      source,
      async () => {
        const { rows } = await source.query<{ id: string }>("select pg_export_snapshot() as id");
        const later = await anyTrip();
        await other.query(`update "TransportRequest" set "specialRequirements" = 'later' where id = $1`, [later]);
        expect((await atWork.applyAsOf(rows[0]?.id ?? "")).applied).toBeGreaterThan(0);
        expect(await requirementsOf(later)).not.toBe("later");
        expect(atWork.takeTouched().tripIds.length).toBeGreaterThan(0);
        await atWork.drain();
        expect(await requirementsOf(later)).toBe("later");
        const touched = atWork.takeTouched();
        expect(touched).toEqual({ tripIds: [later], changed: new Map([["TransportRequest", [later]]]) });
      },
      snapshot,
    );
    expect(await differences()).toEqual([]);
  });

  const anId = async (silo: "hospital" | "ems", table: string): Promise<string | undefined> =>
    (await test.silos[silo].query<{ id: string }>(`select id from ${table} order by id limit 1`)).rows[0]?.id;
  const twoAgencies = async (): Promise<readonly string[]> =>
    (await test.silos.ems.query<{ id: string }>("select id from agency order by id limit 2")).rows.map(({ id }) => id);

  it("of a hospital's preferences alone are told to EMS by an applier that has worked before", async () => {
    const atWork = applier();
    await atWork.drain();
    await source.query(
      `insert into "HospitalAgencyPreference" (id, "hospitalId", "agencyId", "isActive", "preferenceOrder", "createdAt", "updatedAt")
       select 'preferred-' || n, $1, id, true, n, now(), now()
         from (select row_number() over (order by id) as n, id from unnest($2::text[]) a (id)) a`,
      [await anId("hospital", "hospital_user"), await twoAgencies()],
    );
    await atWork.drain();
    const told = async (): Promise<number | undefined> => {
      const { rows } = await test.silos.ems.query<{ agencies: number }>(
        "select cardinality(agency_ids) as agencies from hospital_preference where cardinality(agency_ids) > 0",
      );
      return rows[0]?.agencies;
    };
    expect([await told(), await differences()]).toEqual([2, []]);
    await source.query(`delete from "HospitalAgencyPreference" where id = 'preferred-1'`);
    await atWork.drain();
    expect([await told(), await differences()]).toEqual([1, []]);
    await source.query(`delete from "HospitalAgencyPreference" where id = 'preferred-2'`);
    await atWork.drain();
    expect([await told(), await differences()]).toEqual([undefined, []]);
  });

  it("are told to boards that are open already", async () => {
    const [gone, still] = [await anyTrip(), await anyTrip(1)];
    await source.query(`update "TransportRequest" set status = 'CANCELLED' where id = $1`, [gone]);
    await source.query(`update "TransportRequest" set priority = 'URGENT' where id = $1`, [still]);
    await applier().drain();
    const { rows } = await test.silos.ems.query<{ told: string }>(
      "select trip_id || ' ' || is_open as told from available_trip_change where trip_id = any($1) order by seq",
      [[gone, still]],
    );
    const told = rows.map((row) => row.told);
    expect(told.findLast((line) => line.startsWith(gone))).toBe(`${gone} false`);
    // Taken off, and there again.
    expect(told.filter((line) => line.startsWith(still)).slice(-2)).toEqual([`${still} false`, `${still} true`]);
    expect(await differences()).toEqual([]);
  });

  async function anyTrip(place = 0): Promise<string> {
    const { rows } = await test.silos.hospital.query<{ id: string }>(
      "select id from trip where status = 'PENDING' order by id limit 1 offset $1",
      [place],
    );
    return rows[0]?.id ?? "";
  }

  async function requirementsOf(id: string): Promise<string | undefined> {
    const { rows } = await test.silos.hospital.query<{ text: string }>(
      "select special_requirements as text from trip where id = $1",
      [id],
    );
    return rows[0]?.text;
  }

  it("are followed while people go on", async () => {
    const stop = new AbortController();
    const from = await test.connect("source");
    const batches: number[] = [];
    const following = followChanges(applier(test.silos, from), {
      signal: stop.signal,
      onBatch: ({ applied }) => void batches.push(applied),
    });
    while (batches.filter((applied) => applied > 0).length < 3) await act(20);
    stop.abort();
    await following;
    await applier().drain();
    expect(await differences()).toEqual([]);
  }, 30_000);

  it("change nothing when they are applied a second time", async () => {
    await applier().drain();
    for (const { name, primaryKey } of plan) {
      const key = primaryKey.map((column) => `"${column}"`).join(" || ' ' || ");
      await source.query(
        `insert into medport_migration.change (table_name, pk, op) select '${name}', ${key}, 'update' from "${name}"`,
      );
    }
    const { applied } = await applier().drain();
    expect(applied).toBeGreaterThan(150);
    expect(await differences()).toEqual([]);
  });

  it("that are committed late are not missed", async () => {
    const late = await test.connect("source");
    await late.query("begin");
    await new OldLife(late, 99).newTrip();
    await actOnTrips();
    expect(await applier().catchUp()).toMatchObject({ applied: expect.any(Number) });
    await late.query("commit");
    const { applied } = await applier().drain();
    expect(applied).toBe(1);
    expect(await differences()).toEqual([]);
  });

  it("that are committed while others are applied are not taken for those", async () => {
    const late = await test.connect("source");
    await late.query("begin");
    await new OldLife(late, 98).newTrip();
    await actOnTrips();
    let isLate = true;
    const steps = moveSteps(options, async (silos, moved, context) => {
      if (isLate) await late.query("commit");
      isLate = false;
      await applyMoved(silos, moved, context);
    });
    await new ChangeApplier({ source, silos: test.silos, options, steps }).applyChanges();
    expect(isLate).toBe(false);
    expect(await applier().drain()).toEqual({ applied: 1 });
    expect(await differences()).toEqual([]);
  });

  it("are applied by an applier that failed before", async () => {
    let calls = 0;
    const steps = moveSteps(options, async (silos, moved, context) => {
      if (++calls === 2) throw new Error("the disk is full");
      await applyMoved(silos, moved, context);
    });
    const failing = new ChangeApplier({ source, silos: test.silos, options, steps });
    await act(60);
    await expect(failing.applyChanges()).rejects.toThrow("the disk is full");
    await failing.drain();
    expect(await differences()).toEqual([]);
  });

  describe("that are applied by somebody who dies", () => {
    beforeEach(async () => {
      await applier().drain();
    });

    /** Sessions that break off at the query with this number, all of them. */
    async function dyingAt(limit: number) {
      let queries = 0;
      const opened: Client[] = [];
      const dying = async (name: ServiceName | "source"): Promise<Client> => {
        const client = await test.connect(name);
        opened.push(client);
        const query = client.query.bind(client);
        Reflect.set(client, "query", (...given: Parameters<typeof query>): unknown => {
          if (++queries < limit) return query(...given);
          const error = new Error("killed");
          // A stream comes at once, and not as a promise.
          if (typeof given[0] === "object" && "submit" in given[0]) throw error;
          return Promise.reject(error);
        });
        return client;
      };
      const from = await dying("source");
      const silos = { hospital: await dying("hospital"), ems: await dying("ems"), center: await dying("center") };
      const end = async (): Promise<void> => {
        for (const client of opened) await client.end();
      };
      return { applier: applier(silos, from), end, count: () => queries };
    }

    it("at whatever moment, are there when somebody else goes on", async () => {
      await act(40);
      const whole = await dyingAt(Number.POSITIVE_INFINITY);
      const notes = await source.query("select * from medport_migration.change");
      expect(notes.rows.length).toBeGreaterThan(20);
      let deaths = 0;
      for (let limit = 5; ; limit += 29) {
        const { applier: dying, end } = await dyingAt(limit);
        const outcome = await dying.applyChanges().catch((error: unknown) => error);
        await end();
        if (!(outcome instanceof Error)) break;
        expect(outcome.message).toBe("killed");
        deaths++;
        // Something else happens in between.
        await act(3);
      }
      expect(deaths).toBeGreaterThan(5);
      await whole.applier.drain();
      await whole.end();
      expect(await differences()).toEqual([]);
    }, 120_000);
  });
});
