import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { BidExpiredSchema } from "#gen/medport/events/v1/bid_events_pb.ts";
import { TripCancelledSchema, TripCreatedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { systemClock } from "#platform/clock.ts";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { eventually } from "#platform/testing/eventually.ts";
import type { Arrival } from "./arrival.ts";
import { inboxHealth, listDead, redrive, skip } from "./dead-letters.ts";
import { anArrival, consumerTables, effects, quietLog, recordEffect, versionsOf } from "./events.builder.ts";
import type { RetrySchedule } from "./failure.ts";
import { type EventHandlers, on } from "./handler.ts";
import { Receiver } from "./receiver.ts";

const owner = { consumer: "ems_trip", aggregate: "trip" };
const impatient: RetrySchedule = { delaysMs: [1], mostAttempts: 3, longestMs: 60_000 };
const healthy = { parked: 0, retrying: 0, dead: 0, blocked: 0 };

describe("receiving events", () => {
  let silo: SiloDatabase;

  beforeAll(async () => {
    silo = await openSiloDatabase("receiver", { service: "ems", statements: consumerTables });
  });
  afterAll(() => silo[Symbol.asyncDispose]());
  beforeEach(async () => {
    for (const table of ["effect", "inbox_event", "inbox_cursor", "inbox_parked", "inbox_dead", "outbox_event"]) {
      await silo.database.fork().execute(`delete from ${table}`);
    }
  });

  function aReceiver(handlers: EventHandlers = [recordEffect], retries = impatient): Receiver {
    return new Receiver({ database: silo.database, owner, handlers, retries, log: quietLog, clock: systemClock });
  }

  /** Records an effect, except for the aggregates that `isBad` names as long as it does. */
  function failingFor(isBad: (id: string, version: bigint) => boolean): EventHandlers {
    const [handler] = [recordEffect];
    return [
      {
        type: handler.type,
        handle: async (tx, payload, meta) => {
          await handler.handle(tx, payload, meta);
          if (isBad(meta.aggregateId, meta.version)) throw new Error("no");
        },
      },
    ];
  }

  function versions(id: string, count: number): readonly Arrival[] {
    return Array.from({ length: count }, (_, index) => anArrival({ aggregateId: id, version: BigInt(index + 1) }));
  }

  it("gives up at once an event with text that no database can keep, and goes on with the others", async () => {
    const keeps = on(TripCreatedSchema, async (tx, { trip }) => {
      await tx.execute("insert into effect (aggregate_id, version) values (?, 1)", [trip?.tripNumber]);
    });
    const payload = toBinary(TripCreatedSchema, create(TripCreatedSchema, { trip: { tripNumber: "T-\0" } }));
    const receiver = aReceiver([keeps]);
    await receiver.receive([anArrival({ aggregateId: "bad", payload }), anArrival({ aggregateId: "good" })]);
    expect(await inboxHealth(silo.database)).toEqual({ parked: 1, retrying: 0, dead: 1, blocked: 1 });
    expect(receiver.stats()).toMatchObject({ applied: 1, dead: 1 });
  });

  it("keeps aggregates apart where their handlers lock what others lock: one that waits does not hold up the rest", async () => {
    const blocked = Promise.withResolvers<void>();
    const waits: EventHandlers = [
      {
        type: recordEffect.type,
        handle: async (tx, payload, meta) => {
          if (meta.aggregateId === "slow") await blocked.promise;
          await recordEffect.handle(tx, payload, meta);
        },
      },
    ];
    const options = { database: silo.database, owner, handlers: waits, log: quietLog, clock: systemClock };
    const receiver = new Receiver({ ...options, oneAggregatePerTransaction: true });
    const received = receiver.receive([...versions("slow", 2), ...versions("quick", 2)]);
    await eventually(async () => expect(await versionsOf(silo.database, "quick")).toEqual([1, 2]));
    expect(await versionsOf(silo.database, "slow")).toEqual([]);
    blocked.resolve();
    await received;
    expect(await versionsOf(silo.database, "slow")).toEqual([1, 2]);
  });

  it("has one effect however often an event comes, also twice in one batch", async () => {
    const receiver = aReceiver();
    const [first, second] = versions("a", 2);
    if (!first || !second) throw new Error("there are two");
    await receiver.receive([first, first, second]);
    await receiver.receive([first, second]);
    await aReceiver().receive([second]);
    expect(await versionsOf(silo.database, "a")).toEqual([1, 2]);
    expect(receiver.stats()).toMatchObject({ applied: 2, duplicates: 3 });
  });

  it("knows an old version for ever, even when its id is forgotten", async () => {
    await aReceiver().receive(versions("a", 2));
    await silo.database.fork().execute("delete from inbox_event");
    await aReceiver().receive(versions("a", 2));
    expect(await versionsOf(silo.database, "a")).toEqual([1, 2]);
  });

  it("applies each aggregate's versions in order, whatever order and however often they come", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.integer({ min: 1, max: 20 }), async (any, batchSize) => {
        round += 1;
        const ids = ["a", "b", "c"].map((id) => `${id}${round}`);
        const events = ids.flatMap((id) => versions(id, 8));
        const mixed = [...events, ...events.filter(() => any(fc.nat) % 3 === 0)]
          .map((event) => ({ event, place: any(fc.nat) }))
          .toSorted((left, right) => left.place - right.place)
          .map(({ event }) => event);
        const receiver = aReceiver();
        for (let start = 0; start < mixed.length; start += batchSize) {
          await receiver.receive(mixed.slice(start, start + batchSize));
          await receiver.drainParked();
        }
        for (const id of ids) expect(await versionsOf(silo.database, id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        expect(await inboxHealth(silo.database)).toEqual(healthy);
      }),
      { numRuns: 10 },
    );
  });

  it("lets several processes receive the same events at once", async () => {
    const events = ["a", "b", "c", "d"].flatMap((id) => versions(id, 10));
    const receivers = [aReceiver(), aReceiver(), aReceiver()];
    await Promise.all(receivers.map((receiver, index) => receiver.receive(index % 2 ? events : events.toReversed())));
    for (const receiver of receivers) await receiver.drainParked();
    for (const id of ["a", "b", "c", "d"]) {
      expect(await versionsOf(silo.database, id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    expect(await effects(silo.database)).toHaveLength(40);
  });

  it("stops only the aggregate of an event that keeps failing, and keeps the event for an operator", async () => {
    const receiver = aReceiver(failingFor((id, version) => id === "bad" && version === 2n));
    await receiver.receive([...versions("good", 4), ...versions("bad", 4), ...versions("fine", 4)]);
    expect(await versionsOf(silo.database, "good")).toHaveLength(4);
    expect(await versionsOf(silo.database, "fine")).toHaveLength(4);
    await eventually(async () => {
      await receiver.drainParked();
      expect(await inboxHealth(silo.database)).toEqual({ parked: 3, retrying: 0, dead: 1, blocked: 1 });
    });
    expect(await versionsOf(silo.database, "bad")).toEqual([1]);
    expect(await listDead(silo.database, 10)).toMatchObject([{ attempts: 3, error: "Error: no" }]);
    await receiver.receive([anArrival({ aggregateId: "bad", version: 5n })]);
    expect(await versionsOf(silo.database, "bad")).toEqual([1]);
  });

  it("tries a failed event again, and goes on with its successors", async () => {
    let failures = 0;
    const receiver = aReceiver(failingFor((_id, version) => version === 1n && ++failures <= 2));
    await receiver.receive(versions("a", 3));
    await eventually(async () => {
      await receiver.drainParked();
      expect(await versionsOf(silo.database, "a")).toEqual([1, 2, 3]);
    });
    expect(await inboxHealth(silo.database)).toEqual(healthy);
  });

  it("blames the parked event that fails, not the one that let it in", async () => {
    const receiver = aReceiver(failingFor((_id, version) => version === 2n));
    await receiver.receive([anArrival({ version: 2n })]);
    await receiver.receive([anArrival({ version: 1n })]);
    await eventually(async () => {
      await receiver.drainParked();
      expect(await inboxHealth(silo.database)).toMatchObject({ dead: 1 });
    });
    expect(await versionsOf(silo.database, "trip-1")).toEqual([1]);
  });

  it("does not try again what is not what it says it is", async () => {
    const receiver = aReceiver();
    await receiver.receive([anArrival({ payload: Buffer.from("not a trip") }), anArrival({ version: 2n })]);
    expect(await inboxHealth(silo.database)).toEqual({ parked: 2, retrying: 0, dead: 1, blocked: 1 });
    expect(await listDead(silo.database, 10)).toMatchObject([{ attempts: 1 }]);
  });

  it("passes over a type that a newer producer invented, and over one that is of no interest", async () => {
    const receiver = aReceiver();
    await receiver.receive([
      anArrival({ typeName: "medport.events.v2.TripTeleported" }),
      anArrival({ typeName: TripCancelledSchema.typeName, version: 2n }),
      anArrival({ version: 3n }),
    ]);
    expect(await versionsOf(silo.database, "trip-1")).toEqual([3]);
    expect(receiver.stats()).toMatchObject({ unknownTypes: 1 });
    expect(await inboxHealth(silo.database)).toEqual(healthy);
  });

  it("tries a dead event again when an operator says so", async () => {
    let isBroken = true;
    const receiver = aReceiver(
      failingFor(() => isBroken),
      { ...impatient, mostAttempts: 1 },
    );
    await receiver.receive(versions("a", 3));
    const [letter] = await listDead(silo.database, 10);
    if (!letter) throw new Error("there is one");
    isBroken = false;
    expect(await silo.database.transaction((tx) => redrive(tx, letter, "operator"))).toBe(true);
    expect(await silo.database.transaction((tx) => redrive(tx, letter, "operator"))).toBe(false);
    await receiver.drainParked();
    expect(await versionsOf(silo.database, "a")).toEqual([1, 2, 3]);
    expect(await inboxHealth(silo.database)).toEqual(healthy);
  });

  it("goes on without a dead event when an operator says so", async () => {
    const receiver = aReceiver(
      failingFor((_id, version) => version === 1n),
      { ...impatient, mostAttempts: 1 },
    );
    await receiver.receive(versions("a", 3));
    const [letter] = await listDead(silo.database, 10);
    if (!letter) throw new Error("there is one");
    expect(await silo.database.transaction((tx) => skip(tx, letter, "operator: sent by mistake"))).toBe(true);
    await receiver.drainParked();
    expect(await versionsOf(silo.database, "a")).toEqual([2, 3]);
    expect(await inboxHealth(silo.database)).toEqual(healthy);
  });

  it("tells what a handler emits in the same transaction, with its cause", async () => {
    const cancelled = on(TripCancelledSchema, async (_tx, _message, meta) => {
      const bid = { bidId: "bid-1", tripId: meta.aggregateId };
      meta.emit({ schema: BidExpiredSchema, message: { bid }, aggregateId: "bid-1", version: 2 });
      if (meta.aggregateId === "bad") throw new Error("no");
    });
    const event = anArrival({ typeName: TripCancelledSchema.typeName, context: { user: "user-1" } });
    await aReceiver([cancelled]).receive([
      anArrival({ typeName: TripCancelledSchema.typeName, aggregateId: "bad" }),
      event,
    ]);
    const told = await platformTables(silo.database.fork())
      .selectFrom("outbox_event")
      .select(["subject", "headers"])
      .execute();
    expect(told).toEqual([
      { subject: "evt.ems.bid.bid-1.expired", headers: { user: "user-1", causationId: event.eventId } },
    ]);
  });

  it("gives a handler the message and what is known about it", async () => {
    const seen: unknown[] = [];
    const handler = on(TripCreatedSchema, async (_tx, { trip }, meta) => {
      seen.push(trip?.tripId, meta.aggregateId, meta.version, meta.occurredAt, meta.receivedAt);
    });
    const now = new Date("2026-02-02T02:02:02Z");
    await new Receiver({
      database: silo.database,
      owner,
      handlers: [handler],
      log: quietLog,
      clock: () => now,
    }).receive([anArrival()]);
    expect(seen).toEqual(["trip-1", "trip-1", 1n, new Date("2026-01-01T00:00:00Z"), now]);
  });
});
