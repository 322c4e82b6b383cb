import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { type Arrival, arrivalFromMessage, strayFromMessage } from "./arrival.ts";
import type { Broker } from "./broker.ts";
import { Deliveries, type Delivery } from "./deliveries.ts";
import { ensureDurable } from "./durable.ts";
import type { RetrySchedule } from "./failure.ts";
import type { EventHandlers } from "./handler.ts";
import { Receiver, type ReceiverStats } from "./receiver.ts";
import { durableName, streamName, type Subscription } from "./topology.ts";
import { WakeUp } from "./wake-up.ts";

export interface ConsumerOptions extends Subscription {
  readonly database: Database;
  readonly broker: Broker;
  /** Who listens. */
  readonly service: ServiceName;
  readonly handlers: EventHandlers;
  /** See `ReceiverOptions`. */
  readonly oneAggregatePerTransaction?: boolean;
  /** When a failed event is tried again; see `usualRetries`. */
  readonly retries?: RetrySchedule;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface ConsumerStats extends ReceiverStats {
  /** Events that the broker has for us and has not delivered, at the last look; undefined before the first. */
  readonly pending: number | undefined;
}

/** Listens to one aggregate type of one producer for as long as the service runs. */
export interface Consumer extends AsyncDisposable {
  /**
   * Until when we know what the producer told: now, as long as the broker answers that there is nothing more; while
   * catching up, when the newest applied event happened. Undefined until the broker was heard. Never goes back. What the
   * producer's relay still owes to the broker is not seen from here.
   */
  readonly lastHeard: Date | undefined;
  stats(): ConsumerStats;
}

/**
 * Starts to listen. The durable is made when the producer's stream is there, and made again if the broker loses it.
 * Losing PostgreSQL or the broker only delays it.
 * @throws Error if a handler is for another aggregate, or two are for one type: mistakes in the composition root.
 */
export function startConsumer(options: ConsumerOptions): Consumer {
  assertHandlers(options);
  return new EventConsumer(options);
}

const batchSize = 50;
const retryMs = 500;
const drainEveryMs = 500;
const lookEveryMs = 2_000;

/** The consumer's loop. A class because it remembers how far it has heard. */
class EventConsumer implements Consumer {
  readonly #options: ConsumerOptions;
  readonly #durable: string;
  readonly #stream: string;
  readonly #receiver: Receiver;
  readonly #wakeUp = new WakeUp();
  readonly #forgetBroker: () => void;
  readonly #life: Promise<void>;
  #deliveries: Deliveries | undefined;
  #isStopping = false;
  #lastHeard: Date | undefined;
  #pending: number | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #drainedAtMs = Number.NEGATIVE_INFINITY;
  #lastComplaint = "";

  constructor(options: ConsumerOptions) {
    const { database, broker, service, handlers, log, clock, retries, aggregate, producer } = options;
    const { oneAggregatePerTransaction = false } = options;
    this.#options = options;
    this.#durable = durableName(service, options);
    this.#stream = streamName(producer);
    const owner = { consumer: this.#durable, aggregate };
    this.#receiver = new Receiver({
      ...{ database, owner, handlers, oneAggregatePerTransaction, log, clock },
      ...(retries ? { retries } : {}),
    });
    this.#forgetBroker = broker.onChange(() => this.#wake());
    this.#life = this.#live();
  }

  get lastHeard(): Date | undefined {
    return this.#lastHeard;
  }

  stats(): ConsumerStats {
    return { ...this.#receiver.stats(), pending: this.#pending };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#forgetBroker();
    this.#wake();
    await this.#life;
  }

  #wake(): void {
    this.#wakeUp.wake();
    this.#deliveries?.wake();
  }

  async #live(): Promise<void> {
    while (!this.#isStopping) {
      try {
        await this.#drainWhenDue();
        if (this.#options.broker.state === "connected") await this.#listen();
      } catch (error) {
        // Not rethrown: what was not acknowledged is delivered again.
        this.#complain("consumer.interrupted", error);
      }
      if (!this.#isStopping) await this.#wakeUp.sleep(retryMs);
    }
  }

  /** Listens over one connection, until it is gone or the durable is. */
  async #listen(): Promise<void> {
    const { broker } = this.#options;
    const connection = broker.connections;
    this.#deliveries = undefined;
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
    if (!(await this.#look())) return;
    await using deliveries = new Deliveries(broker, { stream: this.#stream, durable: this.#durable });
    this.#deliveries = deliveries;
    this.#lastComplaint = "";
    while (!this.#isStopping && broker.connections === connection && broker.state === "connected") {
      const batch = await deliveries.take(batchSize, drainEveryMs);
      if (batch.length > 0) await this.#receive(deliveries, batch);
      await this.#drainWhenDue();
      if (deliveries.isLost || !(await this.#look())) return;
    }
  }

  /** Makes sure now and then that the durable is there. Answers false if the producer's stream is not there yet. */
  async #look(): Promise<boolean> {
    if (performance.now() - this.#lookedAtMs < lookEveryMs) return true;
    const before = this.#options.clock();
    const state = await ensureDurable(this.#options.broker, this.#options);
    if (!state) return false;
    this.#lookedAtMs = performance.now();
    this.#pending = state.pending;
    if (state.pending === 0 && (this.#deliveries?.isSettled ?? true)) this.#hear(before);
    return true;
  }

  async #receive(deliveries: Deliveries, batch: readonly Delivery[]): Promise<void> {
    const arrivals: Arrival[] = [];
    for (const delivery of batch) {
      const arrival = arrivalFromMessage(delivery.message);
      if (arrival) arrivals.push(arrival);
      else await this.#untilDone(() => this.#keep(delivery));
    }
    if (!(await this.#untilDone(() => this.#receiver.receive(arrivals)))) return;
    deliveries.acknowledge(batch);
    const last = batch.at(-1);
    const newest = arrivals.at(-1);
    this.#pending = last?.pending;
    if (last?.pending === 0) this.#hear(this.#options.clock());
    else if (newest) this.#hear(newest.occurredAt);
    // Successors of what was just applied may be waiting.
    this.#drainedAtMs = Number.NEGATIVE_INFINITY;
  }

  #keep({ message, sequence }: Delivery): Promise<void> {
    return this.#receiver.keep(strayFromMessage(message, `${this.#stream} ${sequence} ${message.subject}`));
  }

  /** Tries until it is done, since the order would suffer from going on without. Answers false if we are told to stop. */
  async #untilDone(work: () => Promise<void>): Promise<boolean> {
    for (;;) {
      try {
        await work();
        return true;
      } catch (error) {
        // Not rethrown: the handlers' own errors are dealt with, so this is the database.
        this.#complain("consumer.database_failed", error);
      }
      if (this.#isStopping) return false;
      await this.#wakeUp.sleep(retryMs);
    }
  }

  async #drainWhenDue(): Promise<void> {
    if (performance.now() - this.#drainedAtMs < drainEveryMs) return;
    this.#drainedAtMs = performance.now();
    await this.#receiver.drainParked();
  }

  #hear(until: Date): void {
    if (!this.#lastHeard || until > this.#lastHeard) this.#lastHeard = until;
  }

  /** Logs once for each new reason. */
  #complain(event: string, error: unknown): void {
    const complaint = `${event} ${String(error)}`;
    if (complaint !== this.#lastComplaint) this.#options.log.warn({ event, consumer: this.#durable, error });
    this.#lastComplaint = complaint;
  }
}

function assertHandlers({ producer, aggregate, handlers }: ConsumerOptions): void {
  const seen = new Set<string>();
  for (const { type } of handlers) {
    if (type.producer !== producer || type.aggregate !== aggregate) {
      throw new Error(`${type.typeName} is not an event of ${producer}.${aggregate}`);
    }
    if (seen.has(type.typeName)) throw new Error(`${type.typeName} has two handlers`);
    seen.add(type.typeName);
  }
}
