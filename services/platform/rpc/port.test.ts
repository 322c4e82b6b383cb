import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fetchJson } from "./fetch.builder.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";

let rpc: TestRpc;
beforeAll(async () => {
  rpc = await startTestRpc({ limits: { handshakeMs: 300, headersMs: 600 } });
});
afterAll(async () => {
  await rpc[Symbol.asyncDispose]();
});

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** Opens a socket, says something, and tells how many milliseconds it took the server to close it. */
async function closedAfterMs(...parts: readonly string[]): Promise<number> {
  const socket = connect(rpc.server.address.port, rpc.server.address.host);
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "connect");
  const opened = performance.now();
  const closed = once(socket, "close");
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await closed;
  return performance.now() - opened;
}

describe("a connection that does nothing useful", () => {
  it.each([
    ["says nothing", []],
    ["stops within the preface", ["PRI * HT"]],
    ["sends the preface drop by drop and then stops", ["PRI", " * HTTP/2.0", "\r\n\r\nSM"]],
    ["says the preface and nothing after it", [preface]],
  ])("is closed soon if it %s", async (_how, parts) => {
    expect(await closedAfterMs(...parts)).toBeLessThan(1_500);
  });

  it("is closed if its HTTP/1.1 headers never end", async () => {
    expect(await closedAfterMs("POST / HTTP/1.1\r\n", "host: a\r\n")).toBeLessThan(4_000);
  });

  it("is closed at once if it speaks neither protocol", async () => {
    expect(await closedAfterMs("\x16\x03\x01 hello, this is TLS\r\n\r\n")).toBeLessThan(1_000);
  });

  it("does not keep others from being served", async () => {
    const idle: Socket[] = [];
    for (let i = 0; i < 200; i += 1) idle.push(connect(rpc.server.address.port, rpc.server.address.host));
    for (const socket of idle) socket.on("error", () => undefined).write("PRI");
    const { status } = await fetchJson(`${rpc.server.url}/grpc.health.v1.Health/Check`, {}, "{}");
    expect(status).toBe(200);
    await Promise.all(idle.map(async (socket) => socket.closed || once(socket.resume(), "close")));
  });
});

describe("the port", () => {
  it("recognizes HTTP/2 however its preface is cut", async () => {
    const socket = connect(rpc.server.address.port, rpc.server.address.host);
    await once(socket, "connect");
    const write = socket.write.bind(socket);
    // The client's first bytes, one by one.
    const session = connectHttp2(rpc.server.url, { createConnection: () => drip(socket, write) });
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/json",
    });
    stream.end("{}");
    const [head] = (await once(stream, "response")) as [{ ":status": number }];
    expect(head[":status"]).toBe(200);
    session.destroy();
  });

  it("refuses headers beyond its limit", async () => {
    const response = await fetch(`${rpc.server.url}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-large": "x".repeat(64 * 1024) },
      body: "{}",
    });
    await response.text();
    expect(response.status).toBe(431);
  });

  it("offers HTTP/2 callers a bounded number of streams", async () => {
    const session = connectHttp2(rpc.server.url);
    const [settings] = (await once(session, "remoteSettings")) as [{ maxConcurrentStreams: number }];
    session.destroy();
    expect(settings.maxConcurrentStreams).toBe(256);
  });

  it("says so if the address is taken", async () => {
    await expect(startTestRpc({ port: rpc.server.address.port })).rejects.toThrow("EADDRINUSE");
  });
});

/** Passes the first bytes on one at a time. */
function drip(socket: Socket, write: Socket["write"]): Socket {
  let dripped = false;
  socket.write = (chunk: Uint8Array, ...rest: never[]) => {
    if (dripped) return write(chunk, ...rest);
    dripped = true;
    for (const byte of chunk) write(Uint8Array.of(byte));
    return write(new Uint8Array(), ...rest);
  };
  socket.setNoDelay(true);
  return socket;
}
