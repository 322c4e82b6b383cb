import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { connect, type NatsConnection } from "nats";
import { durableName, inboxPrefix, streamName, subscriptionSubjects } from "#platform/events/topology.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestBroker, type TestBroker } from "#platform/testing/test-broker.ts";
import { brokerUsers, type BrokerUser, natsServerConfig } from "./nats-config.ts";

const trips = { producer: "hospital", aggregate: "trip" } as const;
const subscriptions = { hospital: [], ems: [trips], center: [trips] };

const passwords = {
  hospital: { password: "h" },
  ems: { password: "e" },
  center: { variable: "C" },
  doctor: { password: "d" },
};
const written = { host: "127.0.0.1", port: 4222, storeDir: "/data", passwords, subscriptions };

describe("the broker's configuration", () => {
  it("holds every user inside accounts and none beside them", () => {
    const text = natsServerConfig({ ...written, version: "2.10.27" });
    expect(text).not.toMatch(/^\s*authorization/m);
    expect(text.slice(0, text.indexOf("accounts {"))).not.toContain("user:");
    for (const user of brokerUsers) expect(text).toContain(`user: ${user}\n`);
  });

  it("syncs every message to disk where the server knows how", () => {
    expect(natsServerConfig({ ...written, version: "2.10.27" })).toContain("sync_interval: always");
    expect(natsServerConfig({ ...written, version: "2.9.10" })).not.toContain("sync_interval");
  });

  it("can leave a password to a variable", () => {
    expect(natsServerConfig({ ...written, version: "2.10.27" })).toContain("password: $C\n");
  });

  it("refuses text that would end a string", () => {
    const broken = { ...passwords, ems: { password: 'a" b: "c' } };
    expect(() => natsServerConfig({ ...written, passwords: broken, version: "2.10.27" })).toThrow("cannot stand");
  });
});

describe("what the broker lets each user do", () => {
  let broker: TestBroker;
  const connections = new Map<BrokerUser, NatsConnection>();
  /** The first thing that each user was last refused. */
  const refusals = new Map<BrokerUser, string>();

  beforeAll(async () => {
    broker = await startTestBroker({ subscriptions });
    for (const name of brokerUsers) {
      const { url, user, password } = broker.users[name];
      const connection = await connect({ servers: url, user, pass: password, inboxPrefix: inboxPrefix(name) });
      connections.set(name, connection);
      void watchRefusals(name, connection);
    }
    for (const service of serviceNames) await createStream(service);
  });
  afterAll(async () => {
    for (const connection of connections.values()) await connection.close();
    await broker[Symbol.asyncDispose]();
  });

  function as(user: BrokerUser): NatsConnection {
    const connection = connections.get(user);
    if (!connection) throw new Error(`${user} is not connected`);
    return connection;
  }

  async function watchRefusals(user: BrokerUser, connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "error") refusals.set(user, status.permissionContext?.subject ?? status.type);
    }
  }

  async function createStream(service: ServiceName): Promise<void> {
    const { streams } = await as(service).jetstreamManager();
    await streams.add({ name: streamName(service), subjects: [`evt.${service}.>`] });
  }

  async function expectRefusal(user: BrokerUser, subject: string, attempt: () => unknown): Promise<void> {
    refusals.delete(user);
    await Promise.resolve(attempt()).catch(() => undefined);
    await eventually(() => expect(refusals.get(user)).toBe(subject));
  }

  it("a service publishes its own events", async () => {
    const ack = await as("hospital").jetstream().publish("evt.hospital.trip.a.created");
    expect(ack.stream).toBe("EVT_HOSPITAL");
  });

  it("a service makes its own durable, reads what it listens to, and acknowledges it", async () => {
    const manager = await as("ems").jetstreamManager();
    await manager.consumers.add("EVT_HOSPITAL", {
      durable_name: durableName("ems", trips),
      filter_subject: subscriptionSubjects(trips),
      ack_policy: "explicit",
    } as never);
    const consumer = await as("ems").jetstream().consumers.get("EVT_HOSPITAL", "ems_trip");
    const message = await consumer.next({ expires: 2_000 });
    expect(message?.subject).toBe("evt.hospital.trip.a.created");
    expect(await message?.ackAck()).toBe(true);
  });

  it("a producer reads the state and the messages of its own stream", async () => {
    const manager = await as("hospital").jetstreamManager();
    expect((await manager.streams.info("EVT_HOSPITAL")).state.messages).toBe(1);
    expect((await manager.streams.getMessage("EVT_HOSPITAL", { seq: 1 })).subject).toBe("evt.hospital.trip.a.created");
  });

  it("the doctor sees every stream and durable, and changes nothing", async () => {
    const manager = await as("doctor").jetstreamManager();
    expect((await manager.streams.names().next()).toSorted()).toEqual(["EVT_CENTER", "EVT_EMS", "EVT_HOSPITAL"]);
    expect((await manager.consumers.info("EVT_HOSPITAL", "ems_trip")).name).toBe("ems_trip");
    await expectRefusal("doctor", "$JS.API.STREAM.PURGE.EVT_EMS", () => manager.streams.purge("EVT_EMS"));
  });

  const forbidden: readonly (readonly [BrokerUser, string, string])[] = serviceNames.flatMap((user) => {
    const others = serviceNames.filter((other) => other !== user);
    return [
      ...others.flatMap((other) =>
        [
          `evt.${other}.trip.a.created`,
          `$JS.API.STREAM.CREATE.${streamName(other)}`,
          `$JS.API.STREAM.MSG.GET.${streamName(other)}`,
          `$JS.API.CONSUMER.CREATE.${streamName(other)}`,
          `$JS.API.CONSUMER.CREATE.${streamName(other)}.${user}_spy`,
          `$JS.API.CONSUMER.CREATE.${streamName(other)}.${user}_trip.evt.${other}.>`,
          `$JS.API.CONSUMER.DURABLE.CREATE.${streamName(other)}.${user}_trip`,
          `$JS.API.CONSUMER.MSG.NEXT.${streamName(other)}.${other}_trip`,
          `$JS.ACK.${streamName(other)}.${other}_trip.1.1.1.1.1`,
        ].map((subject) => [user, "publish", subject] as const),
      ),
      ...serviceNames.flatMap((any) =>
        ["UPDATE", "DELETE", "PURGE", "MSG.DELETE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN"].map(
          (verb) => [user, "publish", `$JS.API.STREAM.${verb}.${streamName(any)}`] as const,
        ),
      ),
      [user, "publish", "$JS.API.CONSUMER.DELETE.EVT_HOSPITAL.ems_trip"],
      [user, "publish", "$SYS.REQ.SERVER.PING"],
      [user, "subscribe", ">"],
      [user, "subscribe", "_INBOX.>"],
      [user, "subscribe", "evt.>"],
      [user, "subscribe", "$JS.>"],
      ...others.map((other) => [user, "subscribe", `${inboxPrefix(other)}.>`] as const),
    ];
  });

  it.each(forbidden)("%s may not %s %s", async (user, verb, subject) => {
    await expectRefusal(user, subject, () => {
      const connection = as(user);
      if (verb === "publish") connection.publish(subject, "{}");
      else connection.subscribe(subject, { callback: () => undefined });
    });
  });

  it("has not lost anything to all these attempts", async () => {
    const manager = await as("doctor").jetstreamManager();
    expect((await manager.streams.info("EVT_HOSPITAL")).state.messages).toBe(1);
    expect((await manager.consumers.info("EVT_HOSPITAL", "ems_trip")).name).toBe("ems_trip");
  });
});
