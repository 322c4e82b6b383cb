import type { Clock } from "#platform/clock.ts";
import type { Database, Tx } from "#platform/database/database.ts";
import { isConnectionFailure } from "#platform/database/database-error.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import type { Arrival, Stray } from "./arrival.ts";
import { eventTypes } from "./event-registry.ts";
import { findDrainable, hasParked, keepStray, type RetrySchedule, setAside, usualRetries } from "./failure.ts";
import type { EventHandler, EventHandlers } from "./handler.ts";
import { drain, type InboxOwner, parkedInTurn, receive } from "./inbox.ts";
import { appendEvents, type PendingEvent } from "./outbox.ts";

export interface ReceiverOptions {
  readonly database: Database;
  readonly owner: InboxOwner;
  readonly handlers: EventHandlers;
  /**
   * Events of different aggregates are applied in transactions of their own, a few at once, instead of many in one. For
   * handlers that lock what calls lock, too: a transaction over many aggregates would make calls wait for all of it, and
   * deadlock with them.
   */
  readonly oneAggregatePerTransaction?: boolean;
  readonly retries?: RetrySchedule;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What became of the events of one consumer since this process started. */
export interface ReceiverStats {
  readonly applied: number;
  readonly duplicates: number;
  /** Put aside because they came before their predecessors, or behind a blocked one. */
  readonly parked: number;
  /** Failures of handlers, each time counted. */
  readonly failures: number;
  readonly dead: number;
  /** Of types that this version does not know: passed over, so that a newer producer does not stop us. */
  readonly unknownTypes: number;
}

const drainSize = 50;

/** How many aggregates are worked on at once where each has a transaction of its own. */
const groupsAtOnce = 3;

/** Brings events into the database, once each and in order. A class because it counts and knows if some are parked. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #handlers: ReadonlyMap<string, EventHandler>;
  readonly #retries: RetrySchedule;
  readonly #counts = { applied: 0, duplicates: 0, parked: 0, failures: 0, dead: 0, unknownTypes: 0 };
  /** True at first: an earlier process may have left some. */
  #mayHaveParked = true;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.type.typeName, handler]));
    this.#retries = options.retries ?? usualRetries;
  }

  stats(): ReceiverStats {
    return { ...this.#counts };
  }

  /**
   * Settles each event: applied, known already, parked or put aside. May be repeated.
   * @throws what PostgreSQL says if it is away; then nothing is known of those that were not settled yet.
   */
  async receive(arrivals: readonly Arrival[]): Promise<void> {
    if (!this.#options.oneAggregatePerTransaction) return this.#receiveTogether(arrivals);
    const groups = Map.groupBy(arrivals, ({ aggregateId }) => aggregateId).values();
    // Each worker takes the next group; all of them end before an error is told, or work would go on behind its back.
    const worker = async (): Promise<void> => {
      for (const group of groups) await this.#receiveTogether(group);
    };
    const workers = Array.from({ length: groupsAtOnce }, worker);
    await Promise.allSettled(workers);
    await Promise.all(workers);
  }

  async #receiveTogether(arrivals: readonly Arrival[]): Promise<void> {
    if (arrivals.length === 0) return;
    const { database, owner } = this.#options;
    try {
      const received = await database.transaction((tx) => receive(tx, owner, arrivals, this.#apply));
      this.#counts.applied += received.applied;
      this.#counts.duplicates += received.duplicates;
      this.#counts.parked += received.parked;
      if (received.parked > 0 || received.areSuccessorsParked) this.#mayHaveParked = true;
    } catch (error) {
      if (isConnectionFailure(error)) throw error;
      const [first] = arrivals;
      if (arrivals.length === 1 && first) return this.#setAside(first, error);
      // By halves until the culprit stands alone: about twelve transactions for one among fifty.
      const middle = arrivals.length >> 1;
      await this.#receiveTogether(arrivals.slice(0, middle));
      await this.#receiveTogether(arrivals.slice(middle));
    }
  }

  /** Keeps what is not one of our events, for an operator. */
  async keep(stray: Stray): Promise<void> {
    const { database, owner, log } = this.#options;
    await database.transaction((tx) => keepStray(tx, owner, stray));
    this.#counts.dead += 1;
    log.error({ event: "consumer.stray", consumer: owner.consumer, subject: stray.subject, eventId: stray.eventId });
  }

  /** Applies what was put aside and whose turn, or next try, has come. Costs nothing if nothing was put aside. */
  async drainParked(): Promise<void> {
    if (!this.#mayHaveParked) return;
    const { database, owner } = this.#options;
    for (const aggregateId of await findDrainable(database.fork(), owner, this.#retries)) {
      await this.#drain(aggregateId);
    }
    this.#mayHaveParked = await hasParked(database.fork(), owner);
  }

  async #drain(aggregateId: string): Promise<void> {
    for (const most of [drainSize, 1]) {
      try {
        while ((await this.#drainSome(aggregateId, most)) > 0);
        return;
      } catch (error) {
        if (isConnectionFailure(error)) throw error;
        if (most > 1) continue;
        const { database, owner } = this.#options;
        const [failed] = await database.transaction((tx) => parkedInTurn(tx, owner, aggregateId, 1));
        if (failed) await this.#setAside(failed, error);
      }
    }
  }

  async #drainSome(aggregateId: string, most: number): Promise<number> {
    const { database, owner } = this.#options;
    const count = await database.transaction((tx) => drain(tx, owner, { aggregateId, most, apply: this.#apply }));
    this.#counts.applied += count;
    return count;
  }

  async #setAside(arrival: Arrival, error: unknown): Promise<void> {
    const { database, owner, log } = this.#options;
    const failure = { arrival, error, schedule: this.#retries };
    const fate = await database.transaction((tx) => setAside(tx, owner, failure));
    if (fate === "settled") return;
    this.#mayHaveParked = true;
    this.#counts.failures += 1;
    if (fate === "dead") this.#counts.dead += 1;
    const { typeName, eventId, aggregateId, version } = arrival;
    log[fate === "dead" ? "error" : "warn"]({
      event: fate === "dead" ? "consumer.dead" : "consumer.handler_failed",
      consumer: owner.consumer,
      type: typeName,
      eventId,
      aggregateId,
      version: String(version),
      error,
    });
  }

  readonly #apply = async (tx: Tx, arrival: Arrival): Promise<void> => {
    const handler = this.#handlers.get(arrival.typeName);
    if (!handler) return this.#passOver(arrival);
    const emitted: PendingEvent[] = [];
    const { eventId, aggregateId, version, occurredAt, context, payload } = arrival;
    const receivedAt = this.#options.clock();
    const emit = (event: PendingEvent): void => void emitted.push(event);
    await handler.handle(tx, payload, { eventId, aggregateId, version, occurredAt, receivedAt, context, emit });
    // Before its own events, for the row locks that keep those in order; and before the next event of the batch, so that
    // it finds what it would find if it were alone.
    await tx.flush();
    await appendEvents(tx, emitted, { ...context, causationId: eventId });
    tx.clear();
  };

  #passOver({ typeName, eventId }: Arrival): void {
    // Known, but of no interest here.
    if (eventTypes.has(typeName)) return;
    this.#counts.unknownTypes += 1;
    const { log, owner } = this.#options;
    log.warn({ event: "consumer.unknown_type", consumer: owner.consumer, type: typeName, eventId });
  }
}
