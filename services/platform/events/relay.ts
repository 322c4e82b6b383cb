import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { type Broker, BrokerAway } from "./broker.ts";
import type { OwedEvent } from "./owed-event.ts";
import { publishBatch } from "./publish-batch.ts";
import { reconcile } from "./reconcile.ts";
import { RelaySession } from "./relay-session.ts";
import { findOwnStream, type StreamOptions } from "./stream.ts";
import { streamName } from "./topology.ts";
import { WakeUp } from "./wake-up.ts";

export interface RelayOptions {
  /** A database of the service; straight to PostgreSQL, since a pooler may not keep advisory locks. */
  readonly databaseUrl: string;
  readonly broker: Broker;
  readonly service: ServiceName;
  readonly stream?: StreamOptions;
  readonly log: Logger;
}

/** Figures of one relay since it started. `pending` and `oldestAgeSeconds` are of the last look, a second ago at most. */
export interface RelayStats {
  readonly isLeader: boolean;
  readonly published: number;
  readonly republished: number;
  readonly fenced: number;
  readonly epochChanges: number;
  readonly mismatches: number;
  readonly pending: number;
  readonly oldestAgeSeconds: number;
}

/** Carries committed events from the outbox to the broker, in order, for as long as the service runs. */
export interface Relay extends AsyncDisposable {
  /** Says that events were committed. Only a hint: without it they are found within a second. */
  wake(): void;
  stats(): RelayStats;
}

/** Starts the relay of a service. Several may run; one of them leads. Losing PostgreSQL or the broker only delays it. */
export function startRelay(options: RelayOptions): Relay {
  return new OutboxRelay(options);
}

const pollMs = 1_000;
const batchSize = 500;
/** A relay that has lost the broker for this long lets another try: the fault may be its own. */
const patienceMs = 5_000;
/** How often the stream is looked at when there is nothing to publish: it may be deleted under a healthy connection. */
const checkMs = 5_000;
const notifyMs = 10;

/** What the relay has learned from one connection to the broker; void with the next. */
interface Position {
  readonly connection: number;
  readonly epoch: string;
  readonly lastSequence: number | undefined;
  readonly checkedAtMs: number;
}

/** The relay's loop. A class because it remembers where the stream stands and counts what it does. */
class OutboxRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #wakeUp = new WakeUp();
  readonly #forgetBroker: () => void;
  readonly #life: Promise<void>;
  readonly #counts = { published: 0, republished: 0, fenced: 0, epochChanges: 0, mismatches: 0 };
  #backlog = { pending: 0, oldestAgeSeconds: 0 };
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #isLeader = false;
  #isStopping = false;
  #position: Position | undefined;
  #session: RelaySession | undefined;
  #notifying: NodeJS.Timeout | undefined;
  #lastComplaint = "";

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#forgetBroker = options.broker.onChange(() => this.#wakeUp.wake());
    this.#life = this.#live();
  }

  wake(): void {
    if (this.#isLeader) this.#wakeUp.wake();
    else this.#notifyLeaderSoon();
  }

  stats(): RelayStats {
    return { isLeader: this.#isLeader, ...this.#counts, ...this.#backlog };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#forgetBroker();
    clearTimeout(this.#notifying);
    this.#wakeUp.wake();
    await this.#life;
  }

  async #live(): Promise<void> {
    const { databaseUrl, service, log } = this.#options;
    const stream = streamName(service);
    while (!this.#isStopping) {
      try {
        await using session = await RelaySession.open({ databaseUrl, stream, onNotify: () => this.#wakeUp.wake() });
        this.#session = session;
        await this.#serve(session);
      } catch (error) {
        // Not rethrown: what was not published is still in the outbox, and the next session begins with RECONCILE.
        this.#complain("relay.session_lost", error);
      } finally {
        if (this.#isLeader) log.info({ event: "relay.leads_no_more", stream });
        this.#isLeader = false;
        this.#session = undefined;
        this.#position = undefined;
      }
      if (!this.#isStopping) await this.#wakeUp.sleep(pollMs);
    }
  }

  async #serve(session: RelaySession): Promise<void> {
    let awaySinceMs = performance.now();
    while (!this.#isStopping && !session.isOver) {
      const isConnected = this.#options.broker.state === "connected";
      if (isConnected) awaySinceMs = performance.now();
      if (this.#isLeader && performance.now() - awaySinceMs > patienceMs) await this.#stepBack(session);
      if (!this.#isLeader && isConnected) await this.#tryLead(session);
      const isBusy = this.#isLeader && isConnected && (await this.#work(session));
      await this.#count(session, isBusy);
      if (!isBusy) await this.#wakeUp.sleep(pollMs);
    }
  }

  /** Looks how much is owed; not after each batch of many. */
  async #count(session: RelaySession, isBusy: boolean): Promise<void> {
    if (isBusy && performance.now() - this.#countedAtMs < pollMs) return;
    this.#backlog = await session.backlog();
    this.#countedAtMs = performance.now();
  }

  async #tryLead(session: RelaySession): Promise<void> {
    if (!(await session.tryLead())) return;
    this.#isLeader = true;
    this.#position = undefined;
    this.#options.log.info({ event: "relay.leads", stream: streamName(this.#options.service) });
  }

  async #stepBack(session: RelaySession): Promise<void> {
    this.#isLeader = false;
    await session.stopLeading();
    this.#options.log.info({ event: "relay.steps_back", stream: streamName(this.#options.service) });
  }

  /** Reconciles if it must, then publishes one batch. Answers whether there may be more to do at once. */
  async #work(session: RelaySession): Promise<boolean> {
    try {
      const position = await this.#currentPosition(session);
      const events = await session.owedEvents(batchSize);
      if (events.length === 0) return false;
      return await this.#publish(session, position, events);
    } catch (error) {
      if (session.isOver || !(error instanceof Error) || !isOfBroker(error)) throw error;
      // Not rethrown: the session is good. Whether the broker did what it was asked is unknown, so look first.
      this.#position = undefined;
      this.#complain("relay.broker_failed", error);
      return false;
    }
  }

  async #currentPosition(session: RelaySession): Promise<Position & { readonly lastSequence: number }> {
    const { broker } = this.#options;
    const known = this.#position;
    const connection = broker.connections;
    if (known?.connection === connection) {
      const isRecent = performance.now() - known.checkedAtMs < checkMs;
      if (isRecent && known.lastSequence !== undefined) return { ...known, lastSequence: known.lastSequence };
      const live = await findOwnStream(broker);
      const isAsLeft = known.lastSequence === undefined || live?.lastSequence === known.lastSequence;
      if (live?.epoch === known.epoch && isAsLeft) return this.#remember({ connection, ...live });
    }
    return this.#remember({ connection, ...(await this.#reconcile(session)) });
  }

  #remember({ connection, epoch, lastSequence }: Pick<Position, "connection" | "epoch"> & { lastSequence: number }) {
    const position = { connection, epoch, lastSequence, checkedAtMs: performance.now() };
    this.#position = position;
    return position;
  }

  async #reconcile(session: RelaySession): Promise<{ epoch: string; lastSequence: number }> {
    const { broker, stream, log, service } = this.#options;
    const found = await reconcile({ session, broker, log, ...(stream ? { stream } : {}) });
    this.#counts.republished += found.republished;
    this.#counts.mismatches += found.mismatches;
    if (found.isNewEpoch) this.#counts.epochChanges += 1;
    log.info({ event: "relay.reconciled", stream: streamName(service), ...found });
    return found;
  }

  /** Answers whether to go on at once. */
  async #publish(
    session: RelaySession,
    position: Position & { readonly lastSequence: number },
    events: readonly OwedEvent[],
  ): Promise<boolean> {
    const { broker, log } = this.#options;
    const { stored, lastSequence, failure } = await publishBatch(broker, events, position.lastSequence);
    if (stored.length > 0) await session.markStored(position.epoch, stored);
    this.#counts.published += stored.length;
    this.#position = failure ? undefined : { ...position, lastSequence };
    if (!failure) {
      this.#lastComplaint = "";
      return true;
    }
    if (failure.isFenced) {
      this.#counts.fenced += 1;
      log.warn({ event: "relay.fenced", seq: failure.seq });
      return true;
    }
    await session.markFailed(failure.seq, String(failure.error));
    this.#complain("relay.publish_failed", failure.error);
    return false;
  }

  /** At most one hint in ten milliseconds: each takes a lock that every committing writer of the cluster needs. */
  #notifyLeaderSoon(): void {
    if (this.#notifying || this.#isStopping) return;
    this.#notifying = setTimeout(() => {
      this.#notifying = undefined;
      this.#session?.notifyLeader().catch((error: unknown) => this.#complain("relay.notify_failed", error));
    }, notifyMs);
  }

  /** Logs once for each new reason: an outage of an hour is one entry, not four thousand. */
  #complain(event: string, error: unknown): void {
    const complaint = `${event} ${String(error)}`;
    if (complaint !== this.#lastComplaint) this.#options.log.warn({ event, error });
    this.#lastComplaint = complaint;
  }
}

function isOfBroker(error: Error): boolean {
  return error instanceof BrokerAway || error.name === "JetStreamRefusal";
}
