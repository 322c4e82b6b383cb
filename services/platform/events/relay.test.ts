import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { sql } from "kysely";
import { Client } from "pg";
import { platformTables } from "#platform/database/platform-tables.ts";
import { eventually } from "#platform/testing/eventually.ts";
import type { Broker } from "./broker.ts";
import { change, effects, owed, startTestMesh, type TestMesh, versionsOf } from "./events.builder.ts";
import { heldBack, importedEpoch } from "./imported-events.ts";
import { publishBatch } from "./publish-batch.ts";
import type { Relay } from "./relay.ts";
import { RelaySession } from "./relay-session.ts";
import { ensureOwnStream, findOwnStream } from "./stream.ts";

const stream = "EVT_HOSPITAL";

describe("the relay", () => {
  let mesh: TestMesh;
  let hospital: Broker;

  beforeEach(async () => {
    mesh = await startTestMesh("relay");
    hospital = await mesh.connect("hospital");
  });
  afterEach(async () => mesh[Symbol.asyncDispose]());

  async function published(count: number): Promise<void> {
    await eventually(async () => {
      expect(await owed(mesh.hospital.database)).toBe(0);
      expect(await findOwnStream(hospital)).toMatchObject({ lastSequence: count });
    });
  }

  function openSession(): Promise<RelaySession> {
    return RelaySession.open({ databaseUrl: mesh.hospital.silo.appUrl, stream, onNotify: () => undefined });
  }

  it("loses nothing and reorders nothing while transactions commit late and in any order", async () => {
    const { database, silo } = mesh.hospital;
    const bystander = new Client(silo.appUrl);
    await bystander.connect();
    // Holds a transaction id below all that follow: a relay that waits for older transactions would wait for ever.
    await bystander.query("begin; select pg_current_xact_id()");
    mesh.startRelay(hospital);
    mesh.startConsumer(await mesh.connect("ems"));
    const writers = Array.from({ length: 120 }, (_, index) =>
      change(database, `trip-${index % 12}`, { holdMs: (index * 37) % 100 }),
    );
    await Promise.all(writers);
    await eventually(async () => expect(await effects(mesh.ems.database)).toHaveLength(120));
    for (let index = 0; index < 12; index += 1) {
      expect(await versionsOf(mesh.ems.database, `trip-${index}`)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    await bystander.end();
  });

  it("publishes a backlog in the order in which it was written", async () => {
    for (let version = 0; version < 120; version += 1) await change(mesh.hospital.database, "a");
    mesh.startRelay(hospital);
    await published(120);
    const consumer = mesh.startConsumer(await mesh.connect("ems"));
    await eventually(() => expect(consumer.stats()).toMatchObject({ applied: 120, parked: 0 }));
  });

  it("has no second effect if it dies between the broker's answer and its own note", async () => {
    const { database } = mesh.hospital;
    for (let version = 0; version < 10; version += 1) await change(database, "a");
    await ensureOwnStream(hospital);
    const session = await openSession();
    const { stored } = await publishBatch(hospital, await session.owedEvents(100), 0);
    expect(stored).toHaveLength(10);
    await session[Symbol.asyncDispose]();

    await change(database, "a");
    mesh.startRelay(hospital);
    mesh.startConsumer(await mesh.connect("ems"));
    await published(11);
    await eventually(async () => {
      expect(await versionsOf(mesh.ems.database, "a")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    });
  });

  it("cannot write to the stream with an expectation from before another relay wrote", async () => {
    const { database } = mesh.hospital;
    await ensureOwnStream(hospital);
    await change(database, "a");
    await change(database, "b");
    const zombie = await openSession();
    const events = await zombie.owedEvents(100);
    const relay = mesh.startRelay(hospital);
    await published(2);
    // Frozen for longer than the broker remembers ids, so that only the fence is left to stop it.
    const strangers = events.map((event) => ({ ...event, eventId: crypto.randomUUID() }));
    const { stored, failure } = await publishBatch(hospital, strangers, 0);
    expect(stored).toEqual([]);
    expect(failure).toMatchObject({ isFenced: true });
    expect(await findOwnStream(hospital)).toMatchObject({ lastSequence: 2 });
    expect(relay.stats()).toMatchObject({ published: 2, fenced: 0 });
    await zombie[Symbol.asyncDispose]();
  });

  it("notices that somebody wrote behind its back, looks at the stream, and goes on", async () => {
    const { database } = mesh.hospital;
    const relay = mesh.startRelay(hospital);
    await change(database, "a");
    await published(1);
    await hospital.request("evt.hospital.trip.x.created", { payload: "not an event" });
    await change(database, "a");
    await published(3);
    expect(relay.stats()).toMatchObject({ published: 2, fenced: 1, republished: 0 });
  });

  it("publishes everything again, once, after the broker was wiped", async () => {
    const { database } = mesh.hospital;
    const relay = mesh.startRelay(hospital);
    const consumer = mesh.startConsumer(await mesh.connect("ems"));
    for (let index = 0; index < 40; index += 1) await change(database, `trip-${index % 4}`);
    await published(40);
    await eventually(async () => expect(await effects(mesh.ems.database)).toHaveLength(40));

    await mesh.broker.wipe();
    for (let index = 0; index < 4; index += 1) await change(database, `trip-${index}`);
    await published(44);
    await eventually(async () => expect(await effects(mesh.ems.database)).toHaveLength(44));
    for (let index = 0; index < 4; index += 1) {
      expect(await versionsOf(mesh.ems.database, `trip-${index}`)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    }
    expect(relay.stats()).toMatchObject({ epochChanges: 1, republished: 40, mismatches: 0 });
    await eventually(() => expect(consumer.stats().duplicates).toBe(40));
  });

  it("fills a wiped stream even if nothing new happens", async () => {
    mesh.startRelay(hospital);
    await change(mesh.hospital.database, "a");
    await published(1);
    await mesh.broker.wipe();
    await eventually(async () => expect(await findOwnStream(hospital)).toMatchObject({ lastSequence: 1 }));
  });

  it("leaves alone what is held back, and what was over when it was imported, also when the broker was wiped", async () => {
    const { database } = mesh.hospital;
    for (const id of ["held", "over", "live"]) await change(database, id);
    const tables = platformTables(database.fork());
    await sql`update outbox_event set published_at = ${heldBack}::timestamptz where aggregate_id = 'held'`.execute(
      tables,
    );
    await sql`update outbox_event set published_at = now(), stream_epoch = ${importedEpoch}
               where aggregate_id = 'over'`.execute(tables);
    const relay = mesh.startRelay(hospital);
    await published(1);
    expect(relay.stats()).toMatchObject({ pending: 0, published: 1, republished: 0 });

    await mesh.broker.wipe();
    await published(1);
    expect(relay.stats()).toMatchObject({ pending: 0, published: 2, republished: 1 });

    await sql`update outbox_event set published_at = null where aggregate_id = 'held'`.execute(tables);
    await published(2);
    await sql`update outbox_event set published_at = null, stream_epoch = null
               where aggregate_id = 'over'`.execute(tables);
    await published(3);
  });

  it("publishes again what the stream has lost at its end or in its middle", async () => {
    const { database } = mesh.hospital;
    const first = mesh.startRelay(hospital);
    for (let index = 0; index < 5; index += 1) await change(database, `trip-${index}`);
    await published(5);
    await first[Symbol.asyncDispose]();
    // As if the stream had held two more, and another event where trip-1's is.
    const tables = platformTables(database.fork());
    await sql`update outbox_event set stream_seq = 7 where aggregate_id = 'trip-4'`.execute(tables);
    await sql`update outbox_event set stream_seq = 1 where aggregate_id = 'trip-1'`.execute(tables);
    await sql`update relay_state set last_seq = 7`.execute(tables);
    const second = mesh.startRelay(hospital);
    await eventually(() => expect(second.stats()).toMatchObject({ republished: 3, mismatches: 2 }));
    await eventually(async () => expect(await owed(database)).toBe(0));
  });

  it("waits for a broker that is away at the start, and counts what it owes", async () => {
    await mesh.broker.stop();
    const late = await mesh.connect("hospital");
    expect(late.state).toBe("connecting");
    const relay = mesh.startRelay(late);
    await change(mesh.hospital.database, "a");
    await eventually(() => expect(relay.stats()).toMatchObject({ pending: 1, published: 0 }));
    await mesh.broker.restart();
    await eventually(() => expect(relay.stats()).toMatchObject({ pending: 0, published: 1 }));
  });

  it("is led by one of several, and another takes over when that one ends", async () => {
    const { database } = mesh.hospital;
    const relays: readonly Relay[] = [mesh.startRelay(hospital), mesh.startRelay(hospital), mesh.startRelay(hospital)];
    const leaders = (): readonly Relay[] => relays.filter((relay) => relay.stats().isLeader);
    await eventually(() => expect(leaders()).toHaveLength(1));
    await change(database, "a");
    await published(1);
    await leaders()[0]?.[Symbol.asyncDispose]();
    await change(database, "a");
    await published(2);
    expect(leaders()).toHaveLength(1);
  });

  it("is woken by other processes' commits", async () => {
    const { database } = mesh.hospital;
    const leader = mesh.startRelay(hospital);
    await eventually(() => expect(leader.stats().isLeader).toBe(true));
    const follower = await openSession();
    const startMs = performance.now();
    for (let index = 1; index <= 10; index += 1) {
      // Not told to the leader of this process, as if it were in another.
      await sql`insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload)
        values (gen_random_uuid(), 'trip', 'a', ${index}, 'medport.events.v1.TripCreated', 'evt.hospital.trip.a.created', '')`.execute(
        platformTables(database.fork()),
      );
      await follower.notifyLeader();
      await published(index);
    }
    // Ten polls would take ten seconds.
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await follower[Symbol.asyncDispose]();
  });

  it("gets over a lost session with PostgreSQL", async () => {
    const { database, silo } = mesh.hospital;
    const relay = mesh.startRelay(hospital);
    await change(database, "a");
    await published(1);
    const admin = new Client(silo.adminUrl);
    await admin.connect();
    const { rowCount } = await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'medport-relay%'",
    );
    await admin.end();
    expect(rowCount).toBe(1);
    await change(database, "a");
    await published(2);
    expect(relay.stats()).toMatchObject({ published: 2, fenced: 0, republished: 0 });
  });
});
