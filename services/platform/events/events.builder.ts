import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { type TripCreated, TripCreatedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { systemClock } from "#platform/clock.ts";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import type { Database } from "#platform/database/database.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { startTestBroker, type TestBroker } from "#platform/testing/test-broker.ts";
import type { Arrival } from "./arrival.ts";
import { type Broker, connectBroker } from "./broker.ts";
import { type Envelope, headersFromEnvelope } from "./cloud-event.ts";
import { type Consumer, type ConsumerOptions, startConsumer } from "./consumer.ts";
import { type EventHandler, on } from "./handler.ts";
import { appendEvents } from "./outbox.ts";
import { type Relay, startRelay } from "./relay.ts";
import { create, toBinary } from "@bufbuild/protobuf";

/** A hospital that tells about trips and an EMS that listens: real databases, a real broker. */
export interface TestMesh extends AsyncDisposable {
  readonly hospital: SiloDatabase;
  readonly ems: SiloDatabase;
  readonly broker: TestBroker;
  connect(service: ServiceName): Promise<Broker>;
  startRelay(broker: Broker): Relay;
  startConsumer(broker: Broker, over?: Partial<ConsumerOptions>): Consumer;
}

export const producerTables = ["create table subject (id text primary key, version bigint not null)"];
export const consumerTables = [
  "create table effect (n bigint generated always as identity, aggregate_id text, version bigint, at timestamptz(3))",
];

export async function startTestMesh(label: string): Promise<TestMesh> {
  await using parts = new AsyncDisposableStack();
  const hospital = parts.use(await openSiloDatabase(`${label}_hospital`, { statements: producerTables }));
  const ems = parts.use(await openSiloDatabase(`${label}_ems`, { service: "ems", statements: consumerTables }));
  const broker = parts.use(
    await startTestBroker({ subscriptions: { ems: [{ producer: "hospital", aggregate: "trip" }] } }),
  );
  const log = quietLog;
  const owned = parts.move();
  return {
    hospital,
    ems,
    broker,
    connect: async (service) => {
      const { url, user, password } = broker.users[service];
      return owned.use(await connectBroker({ url, user, password, name: service, log }));
    },
    startRelay: (connection) => {
      const relay = startRelay({ databaseUrl: hospital.silo.appUrl, broker: connection, service: "hospital", log });
      hospital.database.onCommit(() => relay.wake());
      return owned.use(relay);
    },
    startConsumer: (connection, over = {}) =>
      owned.use(
        startConsumer({
          database: ems.database,
          broker: connection,
          service: "ems",
          producer: "hospital",
          aggregate: "trip",
          handlers: [recordEffect],
          log,
          clock: systemClock,
          ...over,
        }),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Notes each effect in the order in which it happens, so that a second one or a wrong order shows. */
export const recordEffect: EventHandler = on(TripCreatedSchema, async (tx, _message, { aggregateId, version }) => {
  await sql`insert into effect (aggregate_id, version, at) values (${aggregateId}, ${version}, clock_timestamp())`.execute(
    platformTables(tx),
  );
});

/** Changes an aggregate as a silo does: the version first, then the event; answers the version. */
export async function change(database: Database, id: string, { holdMs = 0 } = {}): Promise<bigint> {
  return database.transaction(async (tx) => {
    const { rows } = await sql<{ version: string }>`
      insert into subject as s (id, version) values (${id}, 1)
      on conflict (id) do update set version = s.version + 1 returning version::text`.execute(platformTables(tx));
    const version = BigInt(rows[0]?.version ?? 0);
    await appendEvents(tx, [
      { schema: TripCreatedSchema, message: { trip: { tripId: id } }, aggregateId: id, version },
    ]);
    if (holdMs > 0) await sql`select pg_sleep(${holdMs / 1_000})`.execute(platformTables(tx));
    return version;
  });
}

/** Every effect, in the order in which they happened. */
export async function effects(database: Database): Promise<readonly { id: string; version: number }[]> {
  const { rows } = await sql<{ id: string; version: number }>`
    select aggregate_id as id, version::int as version from effect order by n`.execute(platformTables(database.fork()));
  return rows;
}

/** The versions of one aggregate that had an effect, in their order. */
export async function versionsOf(database: Database, id: string): Promise<readonly number[]> {
  return (await effects(database)).filter((effect) => effect.id === id).map(({ version }) => version);
}

/** How many events the outbox owes. */
export async function owed(database: Database): Promise<number> {
  const { count } = await platformTables(database.fork())
    .selectFrom("outbox_event")
    .select((eb) => eb.fn.countAll<string>().as("count"))
    .where("published_at", "is", null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** An event as it comes from the broker; name only what the test is about. */
export function anArrival(over: Partial<Envelope> & { readonly payload?: Uint8Array } = {}): Arrival {
  const { payload = toBinary(TripCreatedSchema, aTripCreated()), ...envelope } = over;
  const complete: Envelope = {
    eventId: randomUUID(),
    typeName: TripCreatedSchema.typeName,
    producer: "hospital",
    aggregateId: "trip-1",
    version: 1n,
    occurredAt: new Date("2026-01-01T00:00:00Z"),
    context: {},
    ...envelope,
  };
  return {
    ...complete,
    subject: `evt.hospital.trip.${complete.aggregateId}.created`,
    payload,
    headers: headersFromEnvelope(complete),
  };
}

function aTripCreated(): TripCreated {
  return create(TripCreatedSchema, { trip: { tripId: "trip-1" } });
}

/** Says nothing; what goes wrong shows in what the test expects. */
export const quietLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quietLog,
};
