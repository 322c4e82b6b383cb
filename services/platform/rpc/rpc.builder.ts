import { connect, createServer, type Server, type Socket } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type ServiceImpl } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type Logger, pino } from "pino";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { createTestKeys, type TestKeys } from "#platform/auth/auth.builder.ts";
import type { Denial } from "#platform/rpc/denial-sink.ts";
import type { HealthSource, HealthStatus } from "#platform/rpc/health.ts";
import { type RpcServer, type RpcServerOptions, startRpcServer } from "#platform/rpc/server.ts";

/** A log whose entries a test can read. */
export interface TestLog {
  readonly log: Logger;
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  /** The text of the entries, as it would stand in a file. */
  text(): string;
}

/** Makes a log that is kept in memory. */
export function aTestLog(): TestLog {
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  return {
    log,
    get entries() {
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    text: () => lines.join(""),
  };
}

/** A health source that a test can turn. */
export interface TestHealth extends HealthSource {
  set(name: string, status: HealthStatus): void;
}

/** Makes a health source where all is well. */
export function aTestHealth(): TestHealth {
  const statuses = new Map<string, HealthStatus>([
    ["", "SERVING"],
    ["broker", "SERVING"],
  ]);
  const listeners = new Set<() => void>();
  return {
    statuses: () => statuses,
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set: (name, status) => {
      statuses.set(name, status);
      for (const listener of listeners) listener();
    },
  };
}

/** A running server, and everything that a test wants to see of it. */
export interface TestRpc extends AsyncDisposable {
  readonly server: RpcServer;
  readonly keys: TestKeys;
  readonly health: TestHealth;
  readonly log: TestLog;
  readonly denials: readonly Denial[];
  /** How often a handler ran. */
  readonly handled: () => number;
  /** A gRPC client over one connection of its own, closed with the server. */
  client<S extends DescService>(service: S): Client<S>;
  /** Headers with the token of a hospital's dispatcher. */
  headers(): Promise<{ authorization: string }>;
}

/** What a test may set. */
export interface TestRpcOptions extends Partial<RpcServerOptions> {
  readonly facilities?: Partial<ServiceImpl<typeof FacilityService>>;
  readonly claims?: Partial<ServiceImpl<typeof TripClaimService>>;
  readonly keys?: TestKeys;
}

/** Starts a hospital that knows one facility and needs no database. */
export async function startTestRpc(over: TestRpcOptions = {}): Promise<TestRpc> {
  const keys = over.keys ?? (await createTestKeys());
  const health = aTestHealth();
  const log = aTestLog();
  const denials: Denial[] = [];
  let handled = 0;
  const server = await startRpcServer({
    service: "hospital",
    host: "127.0.0.1",
    port: 0,
    routes: (router) => {
      router.service(FacilityService, {
        getFacility: ({ facilityId }) => {
          handled += 1;
          return { facility: { id: facilityId, name: "Mercy General" } };
        },
        createFacility: ({ name }) => {
          handled += 1;
          return { facility: { id: "facility-2", name } };
        },
        ...over.facilities,
      });
      router.service(TripClaimService, {
        claimTrip: () => {
          handled += 1;
          return {};
        },
        resolveClaim: () => {
          handled += 1;
          return {};
        },
        ...over.claims,
      });
    },
    authenticator: await keys.authenticator("hospital"),
    health,
    audit: { record: (denial) => Promise.resolve(void denials.push(denial)) },
    log: log.log,
    drainMs: 1_000,
    ...over,
  });
  const sessions = new Http2SessionManager(server.url);
  const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: sessions });
  return {
    server,
    keys,
    health,
    log,
    denials,
    handled: () => handled,
    client: (service) => createClient(service, transport),
    headers: async () => ({ authorization: `Bearer ${await keys.userToken()}` }),
    [Symbol.asyncDispose]: async () => {
      sessions.abort();
      await server.close();
    },
  };
}

/** A relay between a client and a server that a test can cut. */
export interface TestProxy extends AsyncDisposable {
  readonly address: string;
  /** Leads new connections to another port. */
  pointTo(port: number): void;
  /** Breaks every open connection. */
  cut(): void;
  /** Passes nothing on any more, without closing anything: as if a cable had been pulled. */
  freeze(): void;
}

/** Puts a relay in front of a port. */
export async function startTestProxy(port: number): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  let target = port;
  const proxy: Server = createServer((inward) => {
    const outward = connect(target, "127.0.0.1");
    for (const socket of [inward, outward]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        inward.destroy();
        outward.destroy();
      });
    }
    inward.pipe(outward).pipe(inward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const bound = proxy.address();
  const cut = (): void => sockets.forEach((socket) => void socket.resetAndDestroy());
  return {
    address: `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`,
    pointTo: (next) => {
      target = next;
    },
    cut,
    freeze: () =>
      sockets.forEach((socket) => {
        socket.unpipe();
        socket.pause();
      }),
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
