import { setTimeout as sleep } from "node:timers/promises";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import type { Revocation, Revocations, TokenOrigin } from "./revocations.ts";

/** An account some of whose tokens are worth nothing. */
export interface RevokedAccount {
  /** False if it was shut. */
  readonly active: boolean;
  /** Tokens issued before are worth nothing. */
  readonly tokensValidFrom: Date;
}

/** Everything that was revoked and that a token alive could rest on. Small: tokens live for minutes. */
export interface RevokedAccess {
  /** By id. */
  readonly endedSessions: ReadonlySet<string>;
  /** By user id. */
  readonly accounts: ReadonlyMap<string, RevokedAccount>;
}

/** What the revocations of a silo need. */
export interface HeardRevocationsOptions {
  /** Reads what this silo has heard; see `loadRevokedAccess`. */
  readonly load: () => Promise<RevokedAccess>;
  readonly log: Logger;
  /** Milliseconds for which an answer is good; 2 000 if absent. */
  readonly refreshMs?: number;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonicMs?: () => number;
}

/** A database that does not answer must not hold up callers for longer than this. */
const patienceMs = 1_000;

/** Makes the revocations of a silo that hears of them by events. Nothing runs while nobody asks. */
export function createHeardRevocations(options: HeardRevocationsOptions): Revocations {
  return new HeardRevocations(options);
}

/**
 * Keeps what was heard in memory and reads it again when it is old and somebody asks. While the database is away the
 * last known state goes on to count: what it lacks was heard by nobody in this silo either. A class because it remembers.
 */
class HeardRevocations implements Revocations {
  readonly #options: HeardRevocationsOptions;
  readonly #monotonicMs: () => number;
  readonly #refreshMs: number;
  #known: RevokedAccess | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  /** Settles with `#asking`, or when it takes too long to be waited for. */
  #answer: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(options: HeardRevocationsOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#refreshMs = options.refreshMs ?? 2_000;
  }

  async find({ userId, sessionId, issuedAtMs }: TokenOrigin): Promise<Revocation | undefined> {
    if (this.#isOld()) this.#ask();
    await this.#answer;
    const known = this.#known;
    if (!known) throw refuse(Reason.DEPENDENCY_DOWN, "it is not known yet which sessions have ended");
    if (known.endedSessions.has(sessionId)) return "ENDED";
    const account = known.accounts.get(userId);
    if (!account || issuedAtMs >= account.tokensValidFrom.getTime()) return undefined;
    return account.active ? "SUPERSEDED" : "ENDED";
  }

  #isOld(): boolean {
    return this.#asking === undefined && this.#monotonicMs() - this.#askedAtMs >= this.#refreshMs;
  }

  /** Asks once, however many wait for the answer. */
  #ask(): void {
    this.#askedAtMs = this.#monotonicMs();
    const enough = new AbortController();
    const asking = this.#load().finally(() => {
      this.#asking = undefined;
      enough.abort();
    });
    this.#asking = asking;
    const tooLong = sleep(patienceMs, undefined, { signal: enough.signal, ref: false }).catch(() => undefined);
    this.#answer = Promise.race([asking, tooLong]);
  }

  /** Never rejects: what is known stays known. */
  async #load(): Promise<void> {
    try {
      this.#known = await this.#options.load();
      this.#isFailing = false;
    } catch (error) {
      // Not rethrown: see the class. Logged once, however long the database is away.
      if (!this.#isFailing) this.#options.log.warn({ event: "revocations.refresh_failed", error });
      this.#isFailing = true;
    }
  }
}
