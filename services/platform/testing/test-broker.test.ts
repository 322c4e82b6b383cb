import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { connect, type NatsConnection } from "nats";
import { startTestBroker, type TestBroker } from "./test-broker.ts";

describe("a test's broker", () => {
  let broker: TestBroker;

  beforeAll(async () => {
    broker = await startTestBroker();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  async function asHospital(): Promise<NatsConnection> {
    const { url, user, password } = broker.users.hospital;
    return connect({ servers: url, user, pass: password, inboxPrefix: "_INBOX_hospital", reconnect: false });
  }

  async function publish(id: string): Promise<number> {
    const connection = await asHospital();
    const ack = await connection.jetstream().publish(`evt.hospital.trip.${id}.created`);
    await connection.close();
    return ack.seq;
  }

  it("refuses a stranger", async () => {
    await expect(connect({ servers: broker.url, reconnect: false })).rejects.toThrow("Authorization Violation");
  });

  it("keeps its streams when it is killed and started again", async () => {
    const connection = await asHospital();
    const { streams } = await connection.jetstreamManager();
    await streams.add({ name: "EVT_HOSPITAL", subjects: ["evt.hospital.>"] });
    await connection.close();
    expect(await publish("a")).toBe(1);
    await broker.kill();
    await expect(asHospital()).rejects.toThrow("CONNECTION_REFUSED");
    await broker.restart();
    expect(await publish("b")).toBe(2);
  });

  it("has lost its streams when it is wiped", async () => {
    await broker.wipe();
    await expect(publish("c")).rejects.toThrow("503");
  });
});
