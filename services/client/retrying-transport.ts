import type { DescMessage, DescMethodStreaming, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextValues,
  type StreamResponse,
  type Transport,
  type UnaryResponse,
} from "@connectrpc/connect";
import { policy } from "#gen/medport/policy/v1/policy_pb.ts";
import type { IdSource } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";

/** How long and how a client keeps trying. */
export interface RetryOptions {
  /** Milliseconds after which a call that keeps failing is given up. */
  readonly retryForMs: number;
  /** Milliseconds that one attempt may take where the method's policy names none. */
  readonly attemptTimeoutMs: number;
  readonly newId: IdSource;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly nowMs: () => number;
}

type CallHeaders = Parameters<Transport["unary"]>[3];

/** Where a call finds the caller's token, and how it gets a fresh one. */
export interface Tokens {
  /** The access token for the next attempt; undefined for a caller who has not logged in. */
  current(): Promise<string | undefined>;
  /**
   * Called when a server says that the token's time is over.
   * @param stale the token that was refused; another call may have renewed it meanwhile.
   */
  renew(stale: string | undefined): Promise<void>;
}

/**
 * A transport that sends a unary call again when its outcome is unknown or the service was out of reach, for a bounded
 * time and with full jitter. Only calls that are safe to repeat are repeated: idempotent methods, and methods with a
 * `request_id`, which it fills in once and keeps over all attempts, so that the service answers a repetition with the
 * first answer. A stream is not repeated, because only its reader knows where it stood; when one ends because the token's
 * time is over, the token has been renewed by then.
 */
export function retryingTransport(inner: Transport, tokens: Tokens, options: RetryOptions): Transport {
  return {
    async unary<I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: CallHeaders,
      input: MessageInitShape<I>,
      contextValues?: ContextValues,
    ): Promise<UnaryResponse<I, O>> {
      const message = withRequestId(method, input, options.newId);
      const longestMs = timeoutMs ?? policyTimeoutMs(method) ?? options.attemptTimeoutMs;
      let token: string | undefined;
      const attempt = async (): Promise<UnaryResponse<I, O>> => {
        token = await tokens.current();
        return inner.unary(method, signal, longestMs, withToken(header, token), message, contextValues);
      };
      const giveUpAt = options.nowMs() + options.retryForMs;
      let renewed = false;
      for (let count = 1; ; count += 1) {
        try {
          return await attempt();
        } catch (error) {
          if (reasonOf(error) === "TOKEN_EXPIRED" && !renewed) {
            renewed = true;
            await tokens.renew(token);
            continue;
          }
          const pauseMs = options.random() * Math.min(100 * 2 ** count, 2_000);
          if (signal?.aborted || !isWorthRetrying(method, error) || options.nowMs() + pauseMs > giveUpAt) throw error;
          await pause(pauseMs, signal);
        }
      }
    },

    async stream<I extends DescMessage, O extends DescMessage>(
      method: DescMethodStreaming<I, O>,
      signal: AbortSignal | undefined,
      timeoutMs: number | undefined,
      header: CallHeaders,
      input: AsyncIterable<MessageInitShape<I>>,
      contextValues?: ContextValues,
    ): Promise<StreamResponse<I, O>> {
      const token = await tokens.current();
      const response = await inner.stream(method, signal, timeoutMs, withToken(header, token), input, contextValues);
      return { ...response, message: renewingAtTheEnd(response.message, () => tokens.renew(token)) };
    },
  };
}

/** The messages of a stream; if it ends with the token's time, whoever calls again finds a fresh one. */
async function* renewingAtTheEnd<T>(messages: AsyncIterable<T>, renew: () => Promise<void>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    if (reasonOf(error) === "TOKEN_EXPIRED") await renew();
    throw error;
  }
}

function policyTimeoutMs(method: DescMethodUnary): number | undefined {
  const timeout = getOption(method, policy).timeout;
  return timeout && Number(timeout.seconds) * 1_000 + timeout.nanos / 1_000_000;
}

function withRequestId<I extends DescMessage>(
  method: DescMethodUnary<I>,
  input: MessageInitShape<I>,
  newId: IdSource,
): MessageInitShape<I> {
  if (!method.input.field["requestId"]) return input;
  // An empty request_id means that the caller leaves the choice to us.
  const given = Reflect.get(input, "requestId");
  return { ...input, requestId: given || newId() };
}

function withToken(header: CallHeaders, token: string | undefined): Headers {
  const headers = new Headers(header);
  if (token !== undefined && !headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  return headers;
}

function isWorthRetrying(method: DescMethodUnary, error: unknown): boolean {
  const repeatable = getOption(method, policy).idempotent || method.input.field["requestId"] !== undefined;
  if (!repeatable || !(error instanceof ConnectError)) return false;
  const reason = reasonOf(error);
  // Every answer of a service names its reason. An error without one was made on the way: the connection broke, which
  // can look like any code, CANCELED among them.
  if (reason === undefined) return true;
  return error.code === Code.Unavailable || error.code === Code.DeadlineExceeded || reason === "CONCURRENT_CHANGE";
}

/** Waits, or ends early when the caller gives up; the next attempt then fails with the caller's own signal. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done);
  });
}
