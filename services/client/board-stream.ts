import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "#platform/rpc/refusal.ts";

/** How to watch a board. */
export interface WatchControl {
  /** From an item that was seen earlier, perhaps by another process; begins with a snapshot if absent. */
  readonly cursor?: string;
  /** Ends the watch, quietly. The way to end it from outside: `return` waits until there is something to tell. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a sign of life after which the connection is taken for dead. Three heartbeats if absent. */
  readonly silenceMs?: number;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** What happened on a board. Keep the cursor of the last item to go on after it. */
export type BoardItem<On, Off> =
  /** Everything that is on the board now; what was known before is void. */
  | {
      readonly kind: "snapshot";
      readonly trips: readonly On[];
      /** Changes may have been missed since the cursor; the snapshot replaces them. */
      readonly gap: boolean;
      readonly cursor: string;
    }
  /** A trip has come or has changed. */
  | { readonly kind: "trip"; readonly trip: On; readonly cursor: string }
  /** A trip has left the board. */
  | { readonly kind: "gone"; readonly gone: Off; readonly cursor: string };

/** A message of a board's stream, as both boards have it. */
export interface BoardMessage<On, Off> {
  readonly cursor: string;
  readonly item:
    | { readonly case: "snapshotStarted"; readonly value: { readonly gap: boolean } }
    | { readonly case: "snapshotCompleted" | "heartbeat"; readonly value: unknown }
    | { readonly case: "trip"; readonly value: On }
    | { readonly case: "gone"; readonly value: Off }
    | { readonly case: undefined; readonly value?: undefined };
}

/** Opens a board's stream after a cursor. */
export type OpenBoard<On, Off> = (cursor: string, signal: AbortSignal) => AsyncIterable<BoardMessage<On, Off>>;

const threeHeartbeatsMs = 45_000;
const longestPauseMs = 5_000;

/**
 * Watches a board for as long as the caller likes: each change once and in order, however often the service, the network
 * or the token's time interrupts the stream, which is then taken up again right behind the last message. A snapshot is
 * given as a whole.
 * @throws ConnectError where going on is no use, such as PAGE_TOKEN_MISMATCH for a cursor of another filter, or
 *   SESSION_ENDED.
 */
export async function* watchBoard<On, Off>(
  open: OpenBoard<On, Off>,
  { cursor = "", signal, silenceMs = threeHeartbeatsMs, random = Math.random }: WatchControl = {},
): AsyncGenerator<BoardItem<On, Off>, void> {
  const assembly = new Assembly<On, Off>(cursor);
  for (let failures = 0; !signal?.aborted; failures += 1) {
    try {
      for await (const message of withoutSilence((attempt) => open(assembly.cursor, attempt), silenceMs, signal)) {
        failures = 0;
        const item = assembly.take(message);
        if (item) yield item;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (!isWorthGoingOn(error)) throw error;
    }
    assembly.interrupt();
    const pauseMs = pauseAfter(failures, random());
    await sleep(pauseMs, undefined, signal && { signal }).catch(() => undefined);
  }
}

/** Longer and longer, and never the same for all of a crowd that was sent away in one moment. */
function pauseAfter(failures: number, chance: number): number {
  return Math.min(250 * 2 ** failures, longestPauseMs) * (0.5 + chance / 2);
}

/** Puts a stream's messages together. A class because it remembers where the stream stood. */
class Assembly<On, Off> {
  #cursor: string;
  #snapshot: { readonly gap: boolean; readonly trips: On[] } | undefined;

  constructor(cursor: string) {
    this.#cursor = cursor;
  }

  get cursor(): string {
    return this.#cursor;
  }

  /** A snapshot that was cut off begins anew. */
  interrupt(): void {
    this.#snapshot = undefined;
  }

  /** @returns what the message completes, if anything. */
  take({ cursor, item }: BoardMessage<On, Off>): BoardItem<On, Off> | undefined {
    if (cursor !== "") this.#cursor = cursor;
    switch (item.case) {
      case "snapshotStarted":
        // A snapshot that began behind a gap may itself be begun anew.
        this.#snapshot = { gap: item.value.gap || this.#snapshot?.gap === true, trips: [] };
        return undefined;
      case "snapshotCompleted": {
        const { gap = false, trips = [] } = this.#snapshot ?? {};
        this.#snapshot = undefined;
        return { kind: "snapshot", trips, gap, cursor };
      }
      case "trip":
        if (!this.#snapshot) return { kind: "trip", trip: item.value, cursor };
        this.#snapshot.trips.push(item.value);
        return undefined;
      case "gone":
        return { kind: "gone", gone: item.value, cursor };
      default:
        return undefined;
    }
  }
}

/** One attempt's messages; fails when none comes for too long. A reader that takes its time is not silence. */
async function* withoutSilence<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  silenceMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const attempt = new AbortController();
  const giveUp = (): void => attempt.abort();
  signal?.addEventListener("abort", giveUp, { once: true });
  const messages = open(attempt.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(giveUp, silenceMs);
      const next = await messages.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", giveUp);
    attempt.abort();
  }
}

/** An error without a reason was made on the way: the connection broke, which can look like any code. */
function isWorthGoingOn(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  const reason = reasonOf(error);
  return reason === undefined || reason === "TOKEN_EXPIRED" || error.code === Code.Unavailable;
}
