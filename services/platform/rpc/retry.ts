import type { DescMethod } from "@bufbuild/protobuf";
import { isIdempotent } from "#platform/rpc/policy.ts";

const firstPauseMs = 50;
const longestPauseMs = 1_000;

/**
 * How long to wait before retry number `attempt` (1 is the first): anything from nothing to a ceiling that doubles, so
 * that callers who failed together do not come back together.
 * @param random a number in [0, 1).
 * @returns milliseconds.
 */
export function fullJitterMs(attempt: number, random: () => number): number {
  return random() * Math.min(firstPauseMs * 2 ** attempt, longestPauseMs);
}

/** True if the same request may be sent twice: the method says so, or the request carries an id that tells a repetition. */
export function isRepeatable(method: DescMethod, request: unknown): boolean {
  if (isIdempotent(method)) return true;
  if (typeof request !== "object" || request === null || !("requestId" in request)) return false;
  return typeof request.requestId === "string" && request.requestId !== "";
}

/** Tenths, so that sums stay whole. */
const tokensPerRetry = 10;

/**
 * Keeps retries a small part of all calls: ten successes earn one retry. A peer that fails
 * every call is then asked hardly more often than its callers ask. A class because it remembers.
 */
export class RetryBudget {
  readonly #capacity: number;
  #tokens: number;

  constructor(retries = 20) {
    this.#capacity = retries * tokensPerRetry;
    this.#tokens = this.#capacity;
  }

  /** Pays for a retry. @returns false if it cannot be afforded. */
  spend(): boolean {
    if (this.#tokens < tokensPerRetry) return false;
    this.#tokens -= tokensPerRetry;
    return true;
  }

  earn(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + 1);
  }
}
