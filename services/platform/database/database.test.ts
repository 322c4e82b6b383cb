import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { defineEntity, OptimisticLockError, p } from "@mikro-orm/postgresql";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCluster, type TestCluster } from "#platform/testing/test-cluster.ts";
import { startTestPostgres, type TestPostgres, testPostgresOn } from "#platform/testing/test-postgres.ts";
import { openAdminSession } from "./admin-session.ts";
import { createMemoryLog, openSiloDatabase, type SiloDatabase } from "./database.builder.ts";
import { markEventsAppended, openDatabase } from "./database.ts";
import { isConcurrentChange, isConnectionFailure, violatedConstraint } from "./database-error.ts";

const Trip = defineEntity({
  name: "Trip",
  tableName: "trip",
  properties: { id: p.text().primary(), note: p.text().nullable(), version: p.integer().version() },
});
const statements = ["create table trip (id text primary key, note text, version int not null default 1)"];

describe("a silo's database", () => {
  let postgres: TestPostgres;
  let silo: SiloDatabase;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    silo = await openSiloDatabase("database", { postgres, entities: [Trip], statements, poolSize: 3 });
  });
  afterEach(() => silo[Symbol.asyncDispose]());

  const notes = async (): Promise<unknown> =>
    (await silo.database.fork().execute<{ id: string; note: string }[]>("select id, note from trip order by id")).map(
      ({ id, note }) => [id, note],
    );
  const insert = (id: string, note = "first"): Promise<unknown> =>
    silo.database.transaction((tx) => tx.execute("insert into trip (id, note) values (?, ?)", [id, note]));

  it("commits what a transaction did, and nothing of one that failed", async () => {
    await insert("trip-1");
    const failing = silo.database.transaction(async (tx) => {
      await tx.execute("insert into trip (id) values ('trip-2')");
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(await notes()).toEqual([["trip-1", "first"]]);
  });

  it("saves entities that were changed, without being told to", async () => {
    await insert("trip-1");
    await silo.database.transaction(async (tx) => {
      const trip = await tx.findOneOrFail(Trip, "trip-1");
      trip.note = "second";
    });
    expect(await notes()).toEqual([["trip-1", "second"]]);
  });

  it("notices that somebody else has changed an entity meanwhile", async () => {
    await insert("trip-1");
    const stale = silo.database.transaction(async (tx) => {
      const trip = await tx.findOneOrFail(Trip, "trip-1");
      await silo.database.transaction((other) => other.execute("update trip set version = version + 1"));
      trip.note = "second";
    });
    const error = await stale.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OptimisticLockError);
    expect(isConcurrentChange(error)).toBe(true);
  });

  it("fails a transaction in which somebody swallowed an error, instead of saying that it was committed", async () => {
    await insert("trip-1");
    const swallowing = silo.database.transaction(async (tx) => {
      await tx.execute("insert into trip (id) values ('trip-2')");
      await tx.execute("insert into trip (id) values ('trip-1')").catch(() => undefined);
    });
    await expect(swallowing).rejects.toThrow("PostgreSQL 25P02");
    expect(await notes()).toEqual([["trip-1", "first"]]);
  });

  it("runs both of two transactions that block each other, one of them twice", async () => {
    await insert("trip-1");
    await insert("trip-2");
    let runs = 0;
    const change = (note: string, [first, second]: readonly [string, string]): Promise<void> =>
      silo.database.transaction(async (tx) => {
        runs += 1;
        await tx.execute("update trip set note = ? where id = ?", [note, first]);
        await sleep(200);
        await tx.execute("update trip set note = ? where id = ?", [note, second]);
      });
    await Promise.all([change("a", ["trip-1", "trip-2"]), change("b", ["trip-2", "trip-1"])]);
    expect(runs).toBe(3);
    expect(
      ["a", "b"].map((note) => [
        ["trip-1", note],
        ["trip-2", note],
      ]),
    ).toContainEqual(await notes());
  });

  it("gives up after a few tries when they keep failing", async () => {
    let runs = 0;
    const hopeless = silo.database.transaction(async (tx) => {
      runs += 1;
      await tx.execute("do $$ begin raise exception using errcode = '40001'; end $$");
    });
    const error = await hopeless.catch((reason: unknown) => reason);
    expect(isConcurrentChange(error)).toBe(true);
    expect(runs).toBe(4);
  });

  it("tells no value in its errors, but the constraint", async () => {
    await insert("Mrs-Smith");
    const error = await insert("Mrs-Smith").catch((reason: unknown) => reason);
    expect(violatedConstraint(error)).toBe("trip_pkey");
    expect(error).toMatchObject({ name: "DatabaseFailure", code: "23505", table: "trip" });
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain("Smith");
    expect((error as Error).stack).toContain("database.test.ts");
    expect(silo.logged.join()).not.toContain("Smith");
  });

  it("wakes its listeners after a transaction that appended events, and after no other", async () => {
    let calls = 0;
    silo.database.onCommit(() => (calls += 1));
    await insert("trip-1");
    await silo.database
      .transaction(async (tx) => {
        markEventsAppended(tx);
        throw new Error("rolled back");
      })
      .catch(() => undefined);
    expect(calls).toBe(0);
    await silo.database.transaction(async (tx) => markEventsAppended(tx));
    expect(calls).toBe(1);
  });

  it("ends the statement of a caller who leaves, and gives the connection back", async () => {
    const caller = new AbortController();
    const left = silo.database.transaction(
      async (tx) => {
        await tx.execute("insert into trip (id) values ('trip-1')");
        await tx.execute("select pg_sleep(20)");
      },
      { signal: caller.signal },
    );
    const startMs = performance.now();
    setTimeout(() => caller.abort(new Error("left")), 200);
    await expect(left).rejects.toThrow("left");
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await eventually(async () => {
      const sql =
        "select count(*)::int as running from pg_stat_activity where query like '%pg_sleep(20)%' and state = 'active' and pid <> pg_backend_pid()";
      expect(await silo.database.fork().execute(sql)).toEqual([{ running: 0 }]);
    });
    expect(await notes()).toEqual([]);
    await Promise.all(Array.from({ length: 6 }, () => silo.database.ping()));
  });

  it("sets limits, a name and UTC on its sessions", async () => {
    const names = [
      "statement_timeout",
      "lock_timeout",
      "idle_in_transaction_session_timeout",
      "TimeZone",
      "application_name",
    ];
    const values = names.map((name) => `current_setting('${name}')`).join(" || ' ' || ");
    expect(await silo.database.fork().execute(`select ${values} as settings`)).toEqual([
      { settings: "15s 5s 15s UTC medport-hospital" },
    ]);
  });

  it("says at once that a database is out of reach", async () => {
    const url = new URL(silo.silo.appUrl);
    url.password = "not-the-password";
    const { log } = createMemoryLog();
    for (const href of [url.href, "postgresql://nobody:secret@127.0.0.1:1/nothing"]) {
      const error = await openDatabase({ url: href, service: "ems", entities: [], log }).catch(
        (reason: unknown) => reason,
      );
      expect(isConnectionFailure(error)).toBe(true);
      expect(String(error)).not.toMatch(/not-the-password|secret/);
    }
  });

  it("loses a session that an administrator ends, and goes on", async () => {
    await using admin = await openAdminSession(silo.silo.adminUrl, "test");
    const killAll =
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'medport-hospital' and datname = current_database()";
    // Idle in the pool.
    await silo.database.ping();
    await admin.run(killAll);
    await eventually(() => silo.database.ping());
    // In the middle of a transaction.
    const lost = silo.database.transaction(async (tx) => {
      await tx.execute("insert into trip (id) values ('trip-1')");
      await admin.run(killAll);
      await tx.execute("insert into trip (id) values ('trip-2')");
    });
    const error = await lost.catch((reason: unknown) => reason);
    expect(isConnectionFailure(error)).toBe(true);
    await eventually(async () => expect(await notes()).toEqual([]));
    expect(silo.logged.join()).toContain("database.connection_lost");
  });
});

describe("a silo's database whose server dies", () => {
  let cluster: TestCluster;
  let silo: SiloDatabase;

  beforeAll(async () => {
    cluster = await startTestCluster();
    silo = await openSiloDatabase("dying", { postgres: testPostgresOn(cluster), statements, poolSize: 3 });
  }, 60_000);
  afterAll(async () => {
    await silo[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  }, 60_000);

  it("fails what was under way, keeps the process alive, and recovers with every place in its pool", async () => {
    const failures: unknown[] = [];
    const stop = new AbortController();
    const traffic = Array.from({ length: 8 }, async (_, worker) => {
      for (let round = 0; !stop.signal.aborted; round++) {
        await silo.database
          .transaction(async (tx) => {
            await tx.execute("insert into trip (id) values (?)", [`trip-${worker}-${round}`]);
            await sleep(5);
            await tx.execute("update trip set note = 'done' where id = ?", [`trip-${worker}-${round}`]);
          })
          .catch(async (error: unknown) => {
            failures.push(error);
            await sleep(20);
          });
      }
    });
    for (let death = 0; death < 3; death++) {
      await sleep(300);
      await cluster.kill();
      await sleep(300);
      await cluster.restart();
    }
    await eventually(() => silo.database.ping(), { withinMs: 10_000 });
    stop.abort();
    await Promise.all(traffic);

    expect(failures.length).toBeGreaterThan(0);
    expect(failures.filter((error) => !isConnectionFailure(error))).toEqual([]);
    // All three places of the pool at the same time.
    const together = Array.from({ length: 3 }, () =>
      silo.database.transaction((tx) => tx.execute("select pg_sleep(0.2)")),
    );
    await Promise.all(together);
    expect(await silo.database.fork().execute("select count(*)::int as half from trip where note is null")).toEqual([
      { half: 0 },
    ]);
  }, 60_000);
});
