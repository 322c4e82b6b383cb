import { v5 } from "uuid";
import type { BrokerMessage } from "./broker.ts";
import { type Envelope, envelopeFromHeaders, type EventHeaders } from "./cloud-event.ts";

/** An event that came to a consumer, from the broker or from where the inbox had put it aside. */
export interface Arrival extends Envelope {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** As the broker delivered them. */
  readonly headers: EventHeaders;
}

/** Something on our subjects that is not one of our events. */
export interface Stray {
  /** Made from its place in the stream, so that it is the same at each delivery. */
  readonly eventId: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: EventHeaders;
}

/** Reads an event from a message; undefined if it is not one of ours. */
export function arrivalFromMessage({ subject, payload, headers }: BrokerMessage): Arrival | undefined {
  const envelope = envelopeFromHeaders(headers);
  // The subject is what the broker's permissions speak of, so the headers may not claim another producer.
  if (!envelope || !subject.startsWith(`evt.${envelope.producer}.`)) return undefined;
  return { ...envelope, subject, payload, headers };
}

/** Names something that is not an event, so that it can be kept for an operator. */
export function strayFromMessage({ subject, payload, headers }: BrokerMessage, place: string): Stray {
  return { eventId: v5(place, strayNamespace), subject, payload, headers };
}

const strayNamespace = "0193b2c4-7d1e-7c6a-9a55-2f6f1f0b8e11";
const subjectKey = "nats-subject";

/** The headers as the inbox stores them: with the subject, for which its table has no column. */
export function storedHeaders({ subject, headers }: Arrival | Stray): string {
  return JSON.stringify({ ...headers, [subjectKey]: subject });
}

/**
 * Reads an event back from where the inbox had put it.
 * @throws Error if it is not one: somebody has changed the row.
 */
export function arrivalFromStored(payload: Uint8Array, headers: EventHeaders): Arrival {
  const envelope = envelopeFromHeaders(headers);
  const subject = headers[subjectKey];
  if (!envelope || subject === undefined) throw new Error("an event in the inbox has lost its headers");
  return { ...envelope, subject, payload, headers };
}
