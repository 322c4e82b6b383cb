import type { ServiceName } from "#platform/service-name.ts";

/** One kind of event that a service listens to: all aggregates of one type, of one producer. */
export interface Subscription {
  readonly producer: ServiceName;
  readonly aggregate: string;
}

/** Who listens to what in the whole mesh. The broker's permissions are made from it. */
export type Subscriptions = Readonly<Record<ServiceName, readonly Subscription[]>>;

/** The stream that holds every event of one producer. */
export function streamName(producer: ServiceName): string {
  return `EVT_${producer.toUpperCase()}`;
}

/** The subjects of everything that one producer may say. */
export function producerSubjects(producer: ServiceName): string {
  return `evt.${producer}.>`;
}

/** The subjects of one kind of event; also the one filter of the durable that listens to it. */
export function subscriptionSubjects({ producer, aggregate }: Subscription): string {
  return `evt.${producer}.${aggregate}.>`;
}

/** The durable consumer of one service for one aggregate type. It lives on the producer's stream. */
export function durableName(consumer: ServiceName, { aggregate }: Subscription): string {
  return `${consumer}_${aggregate}`;
}

/** What a client's reply subjects begin with; the broker lets each user read only its own. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}
