import type { DescService } from "@bufbuild/protobuf";
import { type ConnectRouter, createConnectRouter } from "@connectrpc/connect";
import type { Logger } from "#platform/telemetry/log.ts";
import { Health } from "#gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "#gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "#gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Authenticator } from "#platform/auth/authenticator.ts";
import { type IdSource, newId } from "#platform/id.ts";
import { requestListener } from "#platform/rpc/adapter.ts";
import type { CorsOptions } from "#platform/rpc/cors.ts";
import type { DenialSink } from "#platform/rpc/denial-sink.ts";
import { compressions } from "#platform/rpc/error-completion.ts";
import { ErrorMask } from "#platform/rpc/error-masking.ts";
import { Front } from "#platform/rpc/front.ts";
import { HealthDesk, type HealthSource } from "#platform/rpc/health.ts";
import { deadline } from "#platform/rpc/interceptors/deadline.ts";
import { masking } from "#platform/rpc/interceptors/masking.ts";
import { validation } from "#platform/rpc/interceptors/validation.ts";
import { defaultLimits, type RpcLimits } from "#platform/rpc/limits.ts";
import { assertEveryMethodHasPolicy } from "#platform/rpc/policy.ts";
import { type Address, Port } from "#platform/rpc/port.ts";
import { createReflection } from "#platform/rpc/reflection.ts";
import { type Refusal, refuse, retryInfo } from "#platform/rpc/refusal.ts";
import { type RecordCall, recording } from "#platform/rpc/interceptors/recording.ts";
import { createTurnAway } from "#platform/rpc/turn-away.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** What a service needs to be called. */
export interface RpcServerOptions {
  readonly service: ServiceName;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Registers the service's own protocols; health and reflection are added here. */
  readonly routes: (router: ConnectRouter) => unknown;
  readonly authenticator: Authenticator;
  readonly health: HealthSource;
  readonly audit: DenialSink;
  /** Runs a handler and records its refusals; if absent they are the handlers' own business. */
  readonly recordCall?: RecordCall;
  readonly log: Logger;
  /** Knows the errors of the service's dependencies, such as a database out of reach; undefined for all others. */
  readonly refusalFrom?: (error: unknown) => Refusal | undefined;
  readonly limits?: Partial<RpcLimits>;
  /** Messages with fewer bytes leave uncompressed, whatever the caller accepts. 16 384 if absent. */
  readonly compressMinBytes?: number;
  /** Web pages from no other origin may call; none if absent. */
  readonly cors?: CorsOptions;
  /** Milliseconds that calls under way have to finish when the server stops. 10 000 if absent. */
  readonly drainMs?: number;
  readonly newId?: IdSource;
}

/** A server that listens. */
export interface RpcServer extends AsyncDisposable {
  readonly address: Address;
  /** Such as http://127.0.0.1:50051. */
  readonly url: string;
  /**
   * Stops without breaking a promise: says NOT_SERVING, takes no new calls, asks streams to end, lets calls under way
   * finish within `drainMs`, then closes every connection. May be repeated.
   */
  close(): Promise<void>;
}

/** Milliseconds that the last answers have to leave the machine once every handler has been stopped. */
const flushMs = 250;
const drainRetryMs = 1_000;
/** Packing one trip takes six times as long as sending it, and a live board sends it to thousands; lists are larger. */
const usualCompressMinBytes = 16 * 1024;

/**
 * Starts to serve gRPC, gRPC-Web, Connect and plain JSON over HTTP on one cleartext port.
 * @throws Error if a method has no policy, or if the address is taken.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { service, log, audit, drainMs = 10_000 } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const newRequestId = options.newId ?? newId;
  const soft = new AbortController();
  const hard = new AbortController();
  const stopping = { soft: soft.signal, hard: hard.signal };
  const mask = new ErrorMask({
    service,
    log,
    newId: newRequestId,
    ...(options.refusalFrom && { refusalFrom: options.refusalFrom }),
  });
  const turnAway = createTurnAway(audit, log);

  const router = createConnectRouter({
    readMaxBytes: limits.maxMessageBytes,
    acceptCompression: compressions,
    compressMinBytes: options.compressMinBytes ?? usualCompressMinBytes,
    interceptors: [
      masking(mask),
      deadline,
      validation(),
      ...(options.recordCall ? [recording(options.recordCall)] : []),
    ],
  });
  options.routes(router);
  const services: DescService[] = [...new Set(router.handlers.map((handler) => handler.service))];
  assertEveryMethodHasPolicy(services);

  const health = new HealthDesk(
    options.health,
    [...services, Health].map(({ typeName }) => typeName),
  );
  router.service(Health, health.service);
  const reflection = createReflection([...services, Health]);
  router.service(ServerReflection, reflection.v1);
  router.service(ServerReflectionAlpha, reflection.v1alpha);

  const front = new Front({
    handlers: router.handlers,
    authenticator: options.authenticator,
    mask,
    turnAway,
    stopping,
    cors: options.cors ?? { allowedOrigins: [] },
    newId: newRequestId,
    log,
  });
  const port = new Port(requestListener(front, log, limits.stallMs), limits);
  const address = await port.listen({ host: options.host, port: options.port });
  log.info({ event: "rpc.listening", ...address });

  const close = once(async () => {
    const reason = refuse(Reason.DRAINING, "the service is stopping", { details: [retryInfo(drainRetryMs)] });
    health.drain();
    soft.abort(reason);
    port.stopAccepting();
    const isIdle = await settledWithin(front.whenIdle(), drainMs);
    hard.abort(reason);
    if (!isIdle) {
      log.warn({ event: "rpc.drain_expired", drainMs });
      await settledWithin(front.whenIdle(), flushMs);
    }
    await port.close();
    health.close();
    log.info({ event: "rpc.closed" });
  });
  return { address, url: `http://${address.host}:${address.port}`, close, [Symbol.asyncDispose]: close };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** Waits for work, but not for longer. @returns whether it settled in time. */
async function settledWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const expired = Promise.withResolvers<boolean>();
  const timer = setTimeout(expired.resolve, ms, false);
  try {
    return await Promise.race([work.then(() => true), expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}
