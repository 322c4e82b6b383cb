import type { EventContext } from "./event-context.ts";

/** An event that the outbox owes to the broker. */
export interface OwedEvent {
  /** Its place in the outbox. */
  readonly seq: string;
  readonly eventId: string;
  readonly typeName: string;
  readonly aggregateId: string;
  readonly version: bigint;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly context: EventContext;
  readonly occurredAt: Date;
}

/** An event's place in the outbox and in the stream. */
export interface StoredEvent {
  readonly seq: string;
  readonly streamSequence: number;
}

/** An event that the outbox believes to be in the stream. */
export interface PublishedEvent extends StoredEvent {
  readonly eventId: string;
}
