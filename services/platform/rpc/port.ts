import { createServer as createHttp1Server, type Server as Http1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net";
import type { RequestListener } from "#platform/rpc/adapter.ts";
import type { RpcLimits } from "#platform/rpc/limits.ts";

/** What every HTTP/2 client says first (RFC 9113, 3.4); no HTTP/1.1 request begins like it. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "ascii");
const keepAliveMs = 30_000;

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * One cleartext port for HTTP/1.1 and for HTTP/2 with prior knowledge. Node has no such server, so this looks at the
 * first bytes of each connection and hands it to the right one. A class because it owns sockets, sessions and timers;
 * `close` lets go of all of them.
 */
export class Port {
  readonly #limits: RpcLimits;
  readonly #tcp: TcpServer;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  readonly #sockets = new Set<Socket>();
  readonly #undecided = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(listener: RequestListener, limits: RpcLimits) {
    this.#limits = limits;
    this.#http1 = createHttp1Server(
      { maxHeaderSize: limits.maxHeaderBytes, headersTimeout: limits.headersMs, connectionsCheckingInterval: 1_000 },
      listener,
    );
    this.#http2 = createHttp2Server(
      {
        settings: { maxConcurrentStreams: limits.maxConcurrentStreams, maxHeaderListSize: limits.maxHeaderBytes },
        // Calls begun only to be reset at once cost the caller nothing; past this burst the connection is closed.
        streamResetBurst: 200,
        streamResetRate: 33,
      },
      listener,
    );
    this.#http2.on("session", (session) => this.#track(session));
    this.#tcp = createTcpServer(
      // Half open, as HTTP servers are: a caller may close its side as soon as it has asked.
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs },
      (socket) => this.#sniff(socket),
    );
    this.#tcp.maxConnections = limits.maxConnections;
  }

  /** Starts to listen. @throws Error if the address is taken. */
  async listen({ host, port }: Address): Promise<Address> {
    const listening = Promise.withResolvers<void>();
    this.#tcp.once("error", listening.reject);
    this.#tcp.listen(port, host, listening.resolve);
    await listening.promise;
    this.#tcp.off("error", listening.reject);
    // Node starts to watch over slow HTTP/1.1 requests when that server listens, which it never does by itself here.
    this.#http1.emit("listening");
    const bound = this.#tcp.address();
    if (bound === null || typeof bound === "string") throw new Error("the port has no address");
    return { host, port: bound.port };
  }

  /** Takes no more connections and no more calls on the open ones; calls under way go on. */
  stopAccepting(): void {
    this.#tcp.close();
    for (const socket of this.#undecided) socket.destroy();
    for (const session of this.#sessions) session.close();
    this.#http1.closeIdleConnections();
  }

  /** Cuts every connection. Resolves when the last one is gone. */
  async close(): Promise<void> {
    this.stopAccepting();
    const closed = Promise.withResolvers<void>();
    this.#tcp.close(() => closed.resolve());
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#http1.close();
    this.#http2.close();
    await closed.promise;
  }

  #sniff(socket: Socket): void {
    this.#sockets.add(socket);
    this.#undecided.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#undecided.delete(socket);
    });
    // A connection that breaks is closed by that; there is nobody to tell.
    socket.on("error", () => undefined);
    const impatience = setTimeout(() => socket.destroy(), this.#limits.handshakeMs);
    socket.once("close", () => clearTimeout(impatience));

    let seen = Buffer.alloc(0);
    const onReadable = (): void => {
      const part: unknown = socket.read();
      if (!Buffer.isBuffer(part)) return;
      seen = Buffer.concat([seen, part]);
      const length = Math.min(seen.length, preface.length);
      const mayBeHttp2 = seen.compare(preface, 0, length, 0, length) === 0;
      if (mayBeHttp2 && length < preface.length) return;
      socket.off("readable", onReadable);
      socket.off("end", onEnd);
      clearTimeout(impatience);
      this.#undecided.delete(socket);
      socket.unshift(seen);
      (mayBeHttp2 ? this.#http2 : this.#http1).emit("connection", socket);
    };
    const onEnd = (): void => void socket.destroy();
    socket.on("readable", onReadable);
    socket.on("end", onEnd);
  }

  #track(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    // A client that has said its preface and then falls silent has not finished its handshake.
    const impatience = setTimeout(() => session.destroy(), this.#limits.handshakeMs);
    session.once("remoteSettings", () => clearTimeout(impatience));
    session.once("close", () => {
      clearTimeout(impatience);
      this.#sessions.delete(session);
    });
    // Broken frames and broken connections end the session by themselves.
    session.on("error", () => undefined);
  }
}
