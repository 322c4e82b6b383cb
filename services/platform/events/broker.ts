import {
  connect,
  type ConnectionOptions,
  createInbox,
  Events,
  headers as natsHeaders,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NatsError,
} from "nats";
import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import type { EventHeaders } from "./cloud-event.ts";
import { inboxPrefix } from "./topology.ts";
import { WakeUp } from "./wake-up.ts";

export interface BrokerOptions {
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  readonly name: ServiceName;
  readonly log: Logger;
}

/** A message from the broker, free of the client library's types. */
export interface BrokerMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** Names in lower case. */
  readonly headers: EventHeaders;
  /** Where an acknowledgement goes; absent if none is wanted. */
  readonly reply?: string;
  /** Set if this is the broker's own word, not a message; 408 for instance says that a request has run out. */
  readonly status?: number;
}

export interface OutgoingMessage {
  readonly payload?: Uint8Array | string;
  readonly headers?: EventHeaders;
  readonly reply?: string;
}

/** The broker could not be asked, or did not answer: whether it did what was asked is unknown. */
export class BrokerAway extends Error {
  constructor(subject: string, options?: ErrorOptions) {
    super(`the broker did not answer ${subject}`, options);
    this.name = "BrokerAway";
  }
}

export type BrokerState = "connecting" | "connected" | "closed";

/** A connection to the broker that never gives up. Losing it fails what was being asked and nothing else. */
export interface Broker extends AsyncDisposable {
  readonly name: ServiceName;
  readonly state: BrokerState;
  /** How often it has connected. After each time, what was learned before may be wrong: the broker may be another. */
  readonly connections: number;
  /** The version of the server, if it was ever reached. */
  readonly serverVersion: string | undefined;
  /** What is wrong with the broker's set-up, in sentences for the operator; empty if all is well. */
  readonly problems: readonly string[];
  /** Replaces what is wrong with one part, such as a stream. Logs what is new. */
  report(part: string, problems: readonly string[]): void;
  /** Told when the connection comes or goes; answers how to stop that. */
  onChange(listener: () => void): () => void;
  /**
   * Asks, and waits for one answer; 5 seconds unless said otherwise.
   * @throws BrokerAway if none comes.
   */
  request(subject: string, message?: OutgoingMessage, timeoutMs?: number): Promise<BrokerMessage>;
  /** Sends without waiting. While the connection is down, the client keeps it for later. @throws BrokerAway if it cannot. */
  send(subject: string, message: OutgoingMessage): void;
  /** Listens at an inbox of its own, until disposed. @throws BrokerAway if there is no connection. */
  openInbox(listener: (message: BrokerMessage) => void): Inbox;
}

/** A subject that only this listener hears. Disposing it still hears what is on its way, then nothing more. */
export interface Inbox extends AsyncDisposable {
  readonly subject: string;
}

/**
 * Connects to the broker. Answers once it is connected, or after a second at most: a broker that is away is not an
 * error, and the connection is made when it comes.
 */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const broker = new NatsBroker(options);
  await broker.settle(1_000);
  return broker;
}

/**
 * Our side of the connection. A class because it owns the connection and remembers what is wrong. Its file is a long one
 * because it alone may know the client library.
 */
class NatsBroker implements Broker {
  readonly name: ServiceName;
  readonly #log: Logger;
  readonly #options: ConnectionOptions;
  readonly #problems = new Map<string, readonly string[]>();
  readonly #listeners = new Set<() => void>();
  readonly #pause = new WakeUp();
  readonly #life: Promise<void>;
  #connection: NatsConnection | undefined;
  #state: BrokerState = "connecting";
  #connections = 0;
  #serverVersion: string | undefined;

  constructor({ url, user, password, name, log }: BrokerOptions) {
    this.name = name;
    this.#log = log;
    this.#options = {
      servers: url,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { pass: password }),
      name: `medport-${name}`,
      inboxPrefix: inboxPrefix(name),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      reconnectJitter: 100,
      // A changed password is mended by an operator; giving up after two refusals would demand a restart as well.
      ignoreAuthErrorAbort: true,
      // Half-open connections are noticed after ten to fifteen seconds instead of six minutes.
      pingInterval: 5_000,
      maxPingOut: 2,
      timeout: 3_000,
      noAsyncTraces: true,
    };
    this.#life = this.#live();
  }

  get state(): BrokerState {
    return this.#state;
  }

  get connections(): number {
    return this.#connections;
  }

  get serverVersion(): string | undefined {
    return this.#serverVersion;
  }

  get problems(): readonly string[] {
    return [...this.#problems.values()].flat();
  }

  report(part: string, problems: readonly string[]): void {
    const before = this.#problems.get(part) ?? [];
    for (const problem of problems) {
      if (!before.includes(problem)) this.#log.error({ event: "broker.problem", part, problem });
    }
    if (problems.length > 0) this.#problems.set(part, problems);
    else this.#problems.delete(part);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async request(subject: string, message: OutgoingMessage = {}, timeoutMs = 5_000): Promise<BrokerMessage> {
    try {
      const headers = wireHeaders(message.headers);
      const answer = await this.#connected(subject).request(subject, message.payload, {
        timeout: timeoutMs,
        ...(headers ? { headers } : {}),
      });
      return fromWire(answer);
    } catch (error) {
      throw away(error, subject);
    }
  }

  send(subject: string, { payload, headers, reply }: OutgoingMessage): void {
    try {
      const wire = wireHeaders(headers);
      this.#connected(subject).publish(subject, payload, {
        ...(wire ? { headers: wire } : {}),
        ...(reply === undefined ? {} : { reply }),
      });
    } catch (error) {
      throw away(error, subject);
    }
  }

  openInbox(listener: (message: BrokerMessage) => void): Inbox {
    const subject = createInbox(inboxPrefix(this.name));
    try {
      const subscription = this.#connected(subject).subscribe(subject, {
        callback: (error, message) => {
          if (error) this.#log.error({ event: "broker.inbox_refused", error: error.message });
          else listener(fromWire(message));
        },
      });
      return { subject, [Symbol.asyncDispose]: () => atMostASecond(() => subscription.drain()) };
    } catch (error) {
      throw away(error, subject);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "closed") return this.#life;
    this.#become("closed");
    this.#pause.wake();
    const connection = this.#connection;
    if (connection) {
      // The last acknowledgements are still on their way out.
      await atMostASecond(() => connection.flush());
      await connection.close();
    }
    await this.#life;
  }

  /** Waits until connected, at most so long. */
  async settle(longestMs: number): Promise<void> {
    const changed = new WakeUp();
    const forget = this.onChange(() => changed.wake());
    if (this.#state === "connecting") await changed.sleep(longestMs);
    forget();
  }

  /** Connects, and again whenever the client library gives up for good, until closed. */
  async #live(): Promise<void> {
    let lastRefusal = "";
    while (this.#state !== "closed") {
      try {
        const connection = await connect(this.#options);
        lastRefusal = "";
        await this.#serve(connection);
      } catch (error) {
        const refusal = error instanceof Error ? error.message : String(error);
        // Once for each new reason: a broker that is away for an hour is one entry, not ten thousand.
        if (refusal !== lastRefusal) this.#log.warn({ event: "broker.away", reason: refusal });
        lastRefusal = refusal;
      }
      if (this.#isClosed()) return;
      await this.#pause.sleep(250);
    }
  }

  async #serve(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    // Closed while it was being made.
    if (this.#isClosed()) return connection.close();
    this.#arrived(connection);
    // Not awaited: the client's reports do not end with its connection.
    this.#watch(connection).catch((error: unknown) => this.#log.error({ event: "broker.error", error }));
    const reason = await connection.closed();
    this.#lost(reason ?? undefined);
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type, data } of connection.status()) {
      if (type === Events.Reconnect) this.#arrived(connection);
      else if (type === Events.Disconnect) this.#lost();
      else if (type === Events.Error) this.#log.error({ event: "broker.error", error: JSON.stringify(data) });
    }
  }

  #arrived(connection: NatsConnection): void {
    if (this.#isClosed()) return;
    this.#connections += 1;
    this.#serverVersion = connection.info?.version;
    this.#log.info({ event: "broker.connected", version: this.#serverVersion, connections: this.#connections });
    this.#become("connected");
  }

  #lost(reason?: Error): void {
    if (this.#state !== "connected") return;
    this.#log.warn({ event: "broker.lost", reason: reason?.message });
    this.#become("connecting");
  }

  #become(state: BrokerState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  /** Asked anew after each wait: `state` may have changed meanwhile, which the compiler cannot see. */
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #connected(subject: string): NatsConnection {
    if (this.#state !== "connected" || !this.#connection) throw new BrokerAway(subject);
    return this.#connection;
  }
}

/** For what is better done before an end, but cannot be over a connection that is down. */
async function atMostASecond(work: () => Promise<void>): Promise<void> {
  const isDone = new WakeUp();
  const doIt = async (): Promise<void> => {
    try {
      await work();
    } catch {
      // The end comes all the same, and a broker that did not hear from us delivers again.
    } finally {
      isDone.wake();
    }
  };
  void doIt();
  await isDone.sleep(1_000);
}

function away(error: unknown, subject: string): unknown {
  return error instanceof NatsError ? new BrokerAway(subject, { cause: error }) : error;
}

function wireHeaders(headers: EventHeaders | undefined): MsgHdrs | undefined {
  if (!headers) return undefined;
  const wire = natsHeaders();
  for (const [name, value] of Object.entries(headers)) wire.set(name, value);
  return wire;
}

function fromWire({ subject, data, headers, reply }: Msg): BrokerMessage {
  const plain: Record<string, string> = {};
  for (const [name, values] of headers ?? []) plain[name.toLowerCase()] = values[0] ?? "";
  return {
    subject,
    payload: data,
    headers: plain,
    ...(reply ? { reply } : {}),
    ...(headers && headers.code > 0 ? { status: headers.code } : {}),
  };
}
