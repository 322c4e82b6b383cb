import type { DescService } from "@bufbuild/protobuf";
import {
  type CallOptions,
  type Client,
  createClient,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Logger } from "#platform/telemetry/log.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { callerOf } from "#platform/auth/caller.ts";
import type { ServiceTokens } from "#platform/auth/service-token.ts";
import { callKey } from "#platform/rpc/call.ts";
import { mayRetryKey, PeerTransport } from "#platform/rpc/peer-transport.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** How another service of the mesh is reached. */
export interface PeerOptions {
  /** host:port. */
  readonly address: string;
  readonly target: ServiceName;
  readonly serviceTokens: ServiceTokens;
  readonly log: Logger;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** Another service of the mesh. All its clients share one connection, which is opened by the first call. */
export interface Peer extends Disposable {
  client<S extends DescService>(service: S): Client<S>;
  /** Closes the connection; calls under way fail. */
  close(): void;
}

/** Milliseconds of a call's time that stay with us, so that the peer's "too late" still finds a caller who listens. */
const reserveMs = 100;
/** Bytes of one answer; a full page of the largest records is well below. */
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Makes the way to another service. Its errors are mapped: a peer's "no" to what the user wants is thrown as a Refusal
 * with the same reason, a peer out of reach as DEPENDENCY_DOWN, and what goes wrong between the services as an Error.
 */
export function connectPeer(options: PeerOptions): Peer {
  const baseUrl = `http://${options.address}`;
  // Our own session, without pings: when a session dies, connect's ping can throw where nobody catches it.
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = new PeerTransport({
    target: options.target,
    serviceTokens: options.serviceTokens,
    log: options.log,
    inner: createGrpcTransport({ baseUrl, sessionManager, readMaxBytes: maxAnswerBytes }),
    dropConnection: () => sessionManager.abort(),
    random: options.random ?? Math.random,
    monotonicMs: () => performance.now(),
  });
  const close = (): void => sessionManager.abort();
  return { client: (service) => createClient(service, transport), close, [Symbol.dispose]: close };
}

/** A client of one service, with a connection of its own. Use `connectPeer` where several services are asked. */
export function createPeerClient<S extends DescService>(service: S, options: PeerOptions): Client<S> & Disposable {
  const peer = connectPeer(options);
  return Object.assign(peer.client(service), { [Symbol.dispose]: () => peer.close() });
}

/**
 * The options with which a handler passes a call on: in the user's name, under the same request id, until the time of
 * the call at hand is over.
 * @throws Refusal HANDLER_TIMEOUT if no time is left.
 */
export function forward(context: Pick<HandlerContext, "values" | "signal" | "timeoutMs">): CallOptions {
  const call = context.values.get(callKey);
  const { user, service } = callerOf(context);
  const leftMs = call ? call.remainingMs() : context.timeoutMs();
  const timeoutMs = leftMs === undefined ? undefined : leftMs - reserveMs;
  if (timeoutMs !== undefined && timeoutMs <= 0) {
    throw refuse(Reason.HANDLER_TIMEOUT, "no time is left to ask another service");
  }
  return {
    headers: {
      ...(user && { authorization: `Bearer ${user.token}` }),
      ...(call && { "x-request-id": call.requestId }),
      ...(call?.traceparent !== undefined && { traceparent: call.traceparent }),
    },
    signal: context.signal,
    contextValues: createContextValues().set(mayRetryKey, service === undefined),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

/** What a call that a service makes on its own may carry. */
export interface SystemCall {
  readonly requestId?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds; the method's policy sets the limit if absent. */
  readonly timeoutMs?: number;
}

/** The options of a call that a service makes on its own, with no user behind it. */
export function system({ requestId, signal, timeoutMs }: SystemCall = {}): CallOptions {
  return {
    ...(requestId !== undefined && { headers: { "x-request-id": requestId } }),
    ...(signal && { signal }),
    ...(timeoutMs !== undefined && { timeoutMs: Math.max(1, timeoutMs) }),
  };
}
