import { createHash } from "node:crypto";
import type { Clock } from "#platform/clock.ts";

/** What is remembered of a token that was verified. */
export interface Verified {
  readonly expiresAtMs: number;
}

/**
 * Remembers verified tokens by their hash until they expire, the least recently used leaving first when it is full.
 * A class because it remembers; nothing to close.
 */
export class VerifiedTokens<T extends Verified> {
  readonly #clock: Clock;
  readonly #capacity: number;
  // A Map keeps the order of insertion: what is read is put last again.
  readonly #entries = new Map<string, T>();

  constructor(clock: Clock, capacity = 10_000) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** What is known of this very token; undefined if nothing is, or if it has expired. */
  find(token: string): T | undefined {
    const hash = hashOf(token);
    const entry = this.#entries.get(hash);
    if (!entry) return undefined;
    this.#entries.delete(hash);
    if (entry.expiresAtMs <= this.#clock().getTime()) return undefined;
    this.#entries.set(hash, entry);
    return entry;
  }

  /** Remembers a token until it expires. */
  add(token: string, entry: T): void {
    this.#entries.set(hashOf(token), entry);
    if (this.#entries.size <= this.#capacity) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
