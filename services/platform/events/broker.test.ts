import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestBroker, type TestBroker } from "#platform/testing/test-broker.ts";
import { type Broker, BrokerAway, connectBroker } from "./broker.ts";
import { ensureDurable } from "./durable.ts";
import { quietLog } from "./events.builder.ts";
import { ensureOwnStream } from "./stream.ts";

describe("a connection to the broker", () => {
  let server: TestBroker;

  beforeEach(async () => {
    server = await startTestBroker({ subscriptions: { ems: [{ producer: "hospital", aggregate: "trip" }] } });
  });
  afterEach(() => server[Symbol.asyncDispose]());

  function connect(over: { readonly password?: string; readonly name?: "hospital" | "ems" } = {}): Promise<Broker> {
    const { name = "hospital" } = over;
    const { url, user, password } = server.users[name];
    return connectBroker({ url, user, password, name, log: quietLog, ...over });
  }

  it("comes back by itself as often as the broker does", async () => {
    await using broker = await connect();
    expect(broker).toMatchObject({ state: "connected", connections: 1 });
    await server.kill();
    await eventually(() => expect(broker.state).toBe("connecting"));
    await expect(broker.request("$JS.API.INFO")).rejects.toThrow(BrokerAway);
    await server.restart();
    await eventually(() => expect(broker).toMatchObject({ state: "connected", connections: 2 }));
    expect(await ensureOwnStream(broker)).toMatchObject({ lastSequence: 0 });
  });

  it("is made when the broker comes, however late", async () => {
    await server.stop();
    await using broker = await connect();
    expect(broker.state).toBe("connecting");
    await server.restart();
    await eventually(() => expect(broker.state).toBe("connected"));
    expect(broker.serverVersion).toBe(server.version);
  });

  it("is not refused for good: a wrong password is only another reason to wait", async () => {
    await using broker = await connect({ password: "wrong" });
    expect(broker.state).toBe("connecting");
  });

  it("ends while it waits for the broker", async () => {
    await server.stop();
    const broker = await connect();
    await broker[Symbol.asyncDispose]();
    expect(broker.state).toBe("closed");
  });

  it("makes the stream once, and reports one that is not as it should be", async () => {
    await using broker = await connect();
    const { epoch } = await ensureOwnStream(broker);
    expect(await ensureOwnStream(broker)).toMatchObject({ epoch });
    expect(broker.problems).toEqual([]);
    await ensureOwnStream(broker, { maxBytes: 1_000_000 });
    expect(broker.problems).toEqual(["stream EVT_HOSPITAL has max_bytes 536870912, and 1000000 is wanted"]);
    await ensureOwnStream(broker);
    expect(broker.problems).toEqual([]);
  });

  it("makes a durable once its producer's stream is there", async () => {
    await using hospital = await connect();
    await using ems = await connect({ name: "ems" });
    const subscription = { producer: "hospital", aggregate: "trip" } as const;
    expect(await ensureDurable(ems, subscription)).toBeUndefined();
    await ensureOwnStream(hospital);
    expect(await ensureDurable(ems, subscription)).toEqual({ pending: 0, unacknowledged: 0 });
    expect(await ensureDurable(ems, subscription)).toEqual({ pending: 0, unacknowledged: 0 });
    expect(ems.problems).toEqual([]);
  });
});
