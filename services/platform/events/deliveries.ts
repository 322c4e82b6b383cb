import { setImmediate as othersFirst } from "node:timers/promises";
import type { Broker, BrokerMessage, Inbox } from "./broker.ts";
import { ackWaitMs } from "./durable.ts";
import { WakeUp } from "./wake-up.ts";

/** One event as the broker delivered it. */
export interface Delivery {
  readonly message: BrokerMessage;
  /** Where it stands in the producer's stream. */
  readonly sequence: number;
  /** How many more the broker has for us after this one. */
  readonly pending: number;
}

/** How many events are asked for at a time; a reply that is lost with the connection holds up no more than these. */
const pullSize = 100;
const pullMs = 5_000;

/**
 * The events that a durable hands to this process. A class because it holds what was delivered and not yet settled, and
 * tells the broker now and then that they are still being worked on. It belongs to one connection: open another after.
 */
export class Deliveries implements AsyncDisposable {
  readonly #broker: Broker;
  readonly #subject: string;
  readonly #inbox: Inbox;
  readonly #arrived = new WakeUp();
  readonly #held = new Set<Delivery>();
  readonly #keepAlive: NodeJS.Timeout;
  #waiting: Delivery[] = [];
  /** How many the broker still owes us for the last request, and until when it is worth waiting for them. */
  #owed = 0;
  #owedUntilMs = 0;
  #isLost = false;

  /** @throws BrokerAway if there is no connection. */
  constructor(broker: Broker, { stream, durable }: { readonly stream: string; readonly durable: string }) {
    this.#broker = broker;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`;
    this.#inbox = broker.openInbox((message) => this.#receive(message));
    this.#keepAlive = setInterval(() => this.#sayWorking(), ackWaitMs / 3);
  }

  /** The durable answered that it is gone, or will not serve us: it should be looked at before more is asked of it. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Nothing that was delivered is still to be settled. */
  get isSettled(): boolean {
    return this.#held.size === 0;
  }

  /** Takes what is there, at most so many; waits for the first one, at most so long. */
  async take(most: number, longestMs: number): Promise<readonly Delivery[]> {
    this.#pull();
    if (this.#waiting.length === 0) await this.#arrived.sleep(longestMs);
    // What came in the same packet is still on its way to us.
    await othersFirst();
    const taken = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(most);
    this.#pull();
    return taken;
  }

  /** Ends the current wait of `take`. */
  wake(): void {
    this.#arrived.wake();
  }

  /** Tells the broker that these need not be delivered again. If that gets lost they are, and the inbox knows them. */
  acknowledge(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (this.#held.delete(delivery)) this.#answer(delivery, "+ACK");
    }
  }

  /** Gives back what was not settled, so that the next process need not wait for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#keepAlive);
    await this.#inbox[Symbol.asyncDispose]();
    for (const delivery of this.#held) this.#answer(delivery, "-NAK");
  }

  #pull(): void {
    if (this.#isLost || (this.#owed > 0 && performance.now() < this.#owedUntilMs)) return;
    if (this.#broker.state !== "connected") return;
    this.#owed = pullSize;
    // A little longer than the broker waits, for its word that the time is over.
    this.#owedUntilMs = performance.now() + pullMs + 1_000;
    const payload = JSON.stringify({ batch: pullSize, expires: pullMs * 1_000_000 });
    this.#broker.send(this.#subject, { payload, reply: this.#inbox.subject });
  }

  #receive(message: BrokerMessage): void {
    if (message.status === undefined) {
      this.#owed -= 1;
      const delivery = { message, ...placeFromAckSubject(message.reply ?? "") };
      this.#held.add(delivery);
      this.#waiting.push(delivery);
    } else if (message.status === timeIsOver || message.status === nothingThere) {
      this.#owed = 0;
    } else if (message.status !== stillThere) {
      this.#isLost = true;
    }
    this.#arrived.wake();
  }

  #sayWorking(): void {
    for (const delivery of this.#held) this.#answer(delivery, "+WPI");
  }

  #answer({ message }: Delivery, word: string): void {
    if (message.reply === undefined || this.#broker.state !== "connected") return;
    this.#broker.send(message.reply, { payload: word });
  }
}

const stillThere = 100;
const nothingThere = 404;
const timeIsOver = 408;

/**
 * Reads what the subject for acknowledgements tells: $JS.ACK.<stream>.<durable>.<delivered>.<stream sequence>.<durable
 * sequence>.<time>.<pending>, with two more tokens after ACK on servers with domains.
 */
function placeFromAckSubject(subject: string): Pick<Delivery, "sequence" | "pending"> {
  const tokens = subject.split(".");
  const shift = tokens.length > 9 ? 2 : 0;
  return { sequence: Number(tokens[5 + shift] ?? 0), pending: Number(tokens[8 + shift] ?? 0) };
}
