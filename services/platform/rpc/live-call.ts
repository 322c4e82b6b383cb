import type { DescMethod } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type Call, callKey, type Outcome } from "#platform/rpc/call.ts";
import { timeoutMsOf } from "#platform/rpc/policy.ts";
import { refuse } from "#platform/rpc/refusal.ts";

/** Longer than any timer of the runtime can wait. */
const longestTimerMs = 2 ** 31 - 1;

/** The two steps of a stop: streams are asked to end at once, everything else only when the time for it is over. */
export interface Stopping {
  readonly soft: AbortSignal;
  readonly hard: AbortSignal;
}

/** What is known about a call when it arrives. */
export interface Arrival {
  readonly method: DescMethod;
  readonly requestId: string;
  readonly traceparent?: string;
  /** From the caller's deadline header; undefined if it set none. */
  readonly timeoutMs?: number;
  readonly stopping: Stopping;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonicMs?: () => number;
}

/**
 * One call from its arrival to its end: its deadline, and every reason for which it may be given up. A class because it
 * owns a timer and listeners; `finish` lets go of them.
 */
export class LiveCall implements Call {
  readonly method: DescMethod;
  readonly requestId: string;
  readonly traceparent?: string;
  readonly #monotonicMs: () => number;
  readonly #deadlineMs: number | undefined;
  readonly #startMs: number;
  readonly #soft = new AbortController();
  readonly #hard = new AbortController();
  readonly #released = new AbortController();
  #outcome: Outcome | undefined;
  #decoded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(arrival: Arrival) {
    this.method = arrival.method;
    this.requestId = arrival.requestId;
    if (arrival.traceparent !== undefined) this.traceparent = arrival.traceparent;
    this.#monotonicMs = arrival.monotonicMs ?? (() => performance.now());
    this.#startMs = this.#monotonicMs();
    const allowedMs = shorter(arrival.timeoutMs, timeoutMsOf(arrival.method));
    this.#deadlineMs = allowedMs === undefined ? undefined : this.#startMs + allowedMs;
    this.#startTimer(allowedMs);
    this.#listen(arrival.stopping);
  }

  get signal(): AbortSignal {
    return this.#soft.signal;
  }

  get hardSignal(): AbortSignal {
    return this.#hard.signal;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** True once the request has been decoded: an error after that is no longer one of decoding. */
  get isDecoded(): boolean {
    return this.#decoded;
  }

  remainingMs(): number | undefined {
    return this.#deadlineMs === undefined ? undefined : this.#deadlineMs - this.#monotonicMs();
  }

  elapsedMs(): number {
    return this.#monotonicMs() - this.#startMs;
  }

  markDecoded(): void {
    this.#decoded = true;
  }

  end(outcome: Outcome): void {
    this.#outcome ??= outcome;
  }

  /** Gives the call up because nobody waits for its answer any more. */
  leave(): void {
    this.#abort(refuse(Reason.CANCELLED_BY_CALLER, "the caller gave the call up"));
  }

  /** Lets go of the timer and the listeners; the call is over. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#released.abort();
  }

  #startTimer(allowedMs: number | undefined): void {
    if (allowedMs === undefined || allowedMs > longestTimerMs) return;
    this.#timer = setTimeout(() => {
      this.#abort(refuse(Reason.HANDLER_TIMEOUT, "the call was not finished before its deadline"));
    }, allowedMs);
  }

  #listen({ soft, hard }: Stopping): void {
    const once = (signal: AbortSignal, listener: () => void): void => {
      if (signal.aborted) listener();
      else signal.addEventListener("abort", listener, { once: true, signal: this.#released.signal });
    };
    once(hard, () => this.#abort(hard.reason));
    // A unary call is left alone: it ends by itself, and well before the stop does.
    if (this.method.methodKind !== "unary") once(soft, () => this.#soft.abort(soft.reason));
  }

  #abort(reason: unknown): void {
    this.#soft.abort(reason);
    this.#hard.abort(reason);
  }
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.min(one, other);
}

/**
 * The call at hand, for interceptors of this server.
 * @throws Error outside of it.
 */
export function liveCallOf(values: ContextValues): LiveCall {
  const call = values.get(callKey);
  if (!(call instanceof LiveCall)) throw new Error("the interceptor runs outside of the server that it belongs to");
  return call;
}
