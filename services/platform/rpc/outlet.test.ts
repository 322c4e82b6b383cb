import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";

const path = "/medport.hospital.v1.FacilityService/GetFacility";

/** A server whose answers are longer than any buffer on the way. */
const startLong = (): Promise<TestRpc> =>
  startTestRpc({
    limits: { stallMs: 300 },
    facilities: { getFacility: () => ({ facility: { name: "x".repeat(20_000_000) } }) },
  });

describe("a caller who does not take its answer", () => {
  it("is given up over HTTP/2", async () => {
    await using rpc = await startLong();
    const session = connectHttp2(rpc.server.url);
    session.on("error", () => undefined);
    const headers = { "content-type": "application/json", ...(await rpc.headers()) };
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    stream.on("error", () => undefined);
    stream.end('{"facilityId":"f1"}');
    await once(stream, "response");
    // Nothing is read.
    await eventually(
      () => expect(rpc.log.entries.at(-1)).toMatchObject({ event: "rpc.call", reason: "CANCELLED_BY_CALLER" }),
      { withinMs: 3_000 },
    );
    expect(rpc.log.entries.some(({ event }) => event === "rpc.answer_failed")).toBe(false);
    session.destroy();
  });

  it("is given up over HTTP/1.1", async () => {
    await using rpc = await startLong();
    const { authorization } = await rpc.headers();
    const socket = connect(rpc.server.address.port, rpc.server.address.host);
    socket.on("error", () => undefined);
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nauthorization: ${authorization}\r\ncontent-length: 19\r\n\r\n{"facilityId":"f1"}`,
    );
    await eventually(() => expect(rpc.log.entries.at(-1)).toMatchObject({ event: "rpc.call" }), { withinMs: 3_000 });
    socket.destroy();
  });

  it("leaves nothing behind when it goes in the middle of a long answer", async () => {
    await using rpc = await startLong();
    const headers = { "content-type": "application/json", ...(await rpc.headers()) };
    for (let i = 0; i < 10; i += 1) {
      const session = connectHttp2(rpc.server.url);
      session.on("error", () => undefined);
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      stream.on("error", () => undefined);
      stream.end('{"facilityId":"f1"}');
      await once(stream, "response");
      session.destroy();
    }
    await eventually(() => expect(rpc.log.entries.filter(({ event }) => event === "rpc.call")).toHaveLength(10), {
      withinMs: 3_000,
    });
  });
});
