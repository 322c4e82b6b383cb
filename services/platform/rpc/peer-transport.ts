import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  createContextKey,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { Logger } from "#platform/telemetry/log.ts";
import { serviceTokenHeader, type ServiceTokens } from "#platform/auth/service-token.ts";
import { pause } from "#platform/rpc/abort.ts";
import {
  errorFromPeer,
  isNeverProcessed,
  isRefusedStream,
  isTransient,
  type PeerCall,
  peerDown,
} from "#platform/rpc/peer-error.ts";
import { fullNameOf, timeoutMsOf } from "#platform/rpc/policy.ts";
import { fullJitterMs, isRepeatable, RetryBudget } from "#platform/rpc/retry.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** What the transport to a peer needs. */
export interface PeerTransportOptions {
  readonly target: ServiceName;
  readonly serviceTokens: ServiceTokens;
  readonly log: Logger;
  /** Sends one attempt. */
  readonly inner: Transport;
  /** Called when the peer has left several calls in a row without a sign of life: its connection may be dead. */
  readonly dropConnection: () => void;
  readonly random: () => number;
  readonly monotonicMs: () => number;
}

/**
 * False for calls made for another service's call: that service retries, and if every link of a chain did, three
 * retries would become nine and then twenty-seven.
 */
export const mayRetryKey: ContextKey<boolean> = createContextKey<boolean>(true, { description: "may retry" });

const maxAttempts = 4;
const maxRefusedStreams = 3;
const silentCallsBeforeDrop = 2;

/**
 * A transport that carries out a method's policy on the calling side. Outermost first: deadline, retry, one attempt with
 * a fresh token, retry of refused streams. A class because it remembers how the peer has answered lately.
 */
export class PeerTransport implements Transport {
  readonly #options: PeerTransportOptions;
  readonly #budget = new RetryBudget();
  #silentCalls = 0;

  constructor(options: PeerTransportOptions) {
    this.#options = options;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const { target, inner, log, monotonicMs } = this.#options;
    const call = this.#peerCall(fullNameOf(method), header, signal);
    const deadlineMs = monotonicMs() + Math.min(timeoutMs ?? Infinity, timeoutMsOf(method) ?? Infinity);
    const mayRetry = contextValues?.get(mayRetryKey) ?? true;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await this.#attempt(header, deadlineMs, (fresh, leftMs) =>
          inner.unary(method, signal, leftMs, fresh, input, contextValues),
        );
        this.#budget.earn();
        return response;
      } catch (error) {
        const pauseMs = fullJitterMs(attempt, this.#options.random);
        const isSafe = isNeverProcessed(error) || (isTransient(error) && isRepeatable(method, input));
        const inTime = monotonicMs() + pauseMs < deadlineMs;
        if (!isSafe || !mayRetry || !inTime || signal?.aborted || attempt === maxAttempts || !this.#budget.spend()) {
          throw errorFromPeer(error, call);
        }
        log.debug({ event: "rpc.peer_retry", target, method: call.method, attempt, pauseMs });
        await pause(pauseMs, signal);
      }
    }
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const { inner, monotonicMs } = this.#options;
    const call = this.#peerCall(fullNameOf(method), header, signal);
    const deadlineMs = monotonicMs() + Math.min(timeoutMs ?? Infinity, timeoutMsOf(method) ?? Infinity);
    try {
      const response = await this.#attempt(header, deadlineMs, (fresh, leftMs) =>
        inner.stream(method, signal, leftMs, fresh, input, contextValues),
      );
      return { ...response, message: mapErrors(response.message, (error) => errorFromPeer(error, call)) };
    } catch (error) {
      throw errorFromPeer(error, call);
    }
  }

  /** Sends once, and at once again if the peer was just closing the connection. */
  async #attempt<T>(
    header: HeadersInit | undefined,
    deadlineMs: number,
    send: (header: Headers, leftMs: number | undefined) => Promise<T>,
  ): Promise<T> {
    const { target, serviceTokens, monotonicMs } = this.#options;
    for (let refused = 0; ; refused += 1) {
      const fresh = new Headers(header);
      fresh.set(serviceTokenHeader, await serviceTokens.tokenFor(target));
      const leftMs = deadlineMs - monotonicMs();
      // The protocol library takes zero for "as long as it likes".
      if (leftMs <= 0)
        throw new ConnectError("no time is left", Code.DeadlineExceeded, undefined, undefined, peerDown({ target }));
      try {
        const answer = await send(fresh, wholeMs(leftMs));
        this.#silentCalls = 0;
        return answer;
      } catch (error) {
        this.#noteSilence(error);
        if (!isRefusedStream(error) || refused === maxRefusedStreams) throw error;
      }
    }
  }

  /**
   * A connection whose other end vanished without a word stays open for minutes. Pings would find that out; so do calls
   * that end without an answer, one after the other.
   */
  #noteSilence(error: unknown): void {
    const isSilence =
      error instanceof ConnectError && error.code === Code.DeadlineExceeded && error.details.length === 0;
    this.#silentCalls = isSilence ? this.#silentCalls + 1 : 0;
    if (this.#silentCalls < silentCallsBeforeDrop) return;
    this.#silentCalls = 0;
    this.#options.log.warn({ event: "rpc.peer_silent", target: this.#options.target });
    this.#options.dropConnection();
  }

  #peerCall(method: string, header: HeadersInit | undefined, signal: AbortSignal | undefined): PeerCall {
    return { target: this.#options.target, method, hasUser: new Headers(header).has("authorization"), signal };
  }
}

async function* mapErrors<T>(items: AsyncIterable<T>, map: (error: unknown) => Error): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw map(error);
  }
}

/** The deadline header has no room for fractions; connect would write them all the same, and no server could read it. */
function wholeMs(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.max(1, Math.floor(ms)) : undefined;
}
