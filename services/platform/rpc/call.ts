import type { DescMethod } from "@bufbuild/protobuf";
import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";

/** How a call ended, as the access log tells it. */
export interface Outcome {
  /** The gRPC status code; 0 is OK. */
  readonly code: number;
  /** The reason of the refusal; absent if the call succeeded. */
  readonly reason?: string;
  /** Names the log entry that holds the cause of an error nobody foresaw. */
  readonly errorId?: string;
}

/** What the server knows about a call from its headers, before anything is decoded. */
export interface Call {
  /** From the caller's `x-request-id`, or made here; echoed in the answer and passed on. */
  readonly requestId: string;
  /** The W3C trace header, passed on unchanged. */
  readonly traceparent?: string;
  readonly method: DescMethod;
  /** Milliseconds until the call must be answered; undefined for a stream without end. Negative if that time is over. */
  remainingMs(): number | undefined;
  /** Aborted with a refusal that says why: the caller left, the time is over, or the service stops. */
  readonly signal: AbortSignal;
  /**
   * Like `signal`, but a stopping service does not abort it at once: a stream that has seen `signal` may still say its
   * last word.
   */
  readonly hardSignal: AbortSignal;
  /** Notes how the call ended; only the first note counts, because what follows is its echo. */
  end(outcome: Outcome): void;
}

/** Where the server keeps the call at hand; undefined only outside of this server. */
export const callKey: ContextKey<Call | undefined> = createContextKey<Call | undefined>(undefined, {
  description: "call",
});

/** The id that ties together everything done for one request; empty outside of this server. */
export function requestIdOf(context: Pick<HandlerContext, "values">): string {
  return context.values.get(callKey)?.requestId ?? "";
}
