import { z } from "zod";
import type { Broker } from "./broker.ts";
import { type EventHeaders, headersFromEnvelope } from "./cloud-event.ts";
import { jetStreamCodes, JetStreamRefusal, parseAnswer } from "./jetstream-api.ts";
import type { OwedEvent, StoredEvent } from "./owed-event.ts";

/** What came of publishing some events in order. */
export interface PublishedBatch {
  /** Those that the stream holds for certain, from the first without a gap. */
  readonly stored: readonly StoredEvent[];
  /** What the stream's last sequence is if nobody else writes to it; undefined if it must be asked. */
  readonly lastSequence: number | undefined;
  /** Why the next one was not stored; undefined if all are. */
  readonly failure?: PublishFailure;
}

export interface PublishFailure {
  readonly seq: string;
  /** Another relay has written to the stream, or the stream has lost something: the broker's fence. */
  readonly isFenced: boolean;
  readonly error: unknown;
}

/**
 * Publishes events in order, all at once: each demands that the stream's last sequence is the one that its predecessor
 * made, so that none can pass another and nobody else can write in between.
 * @param lastSequence what the stream's last sequence is believed to be.
 */
export async function publishBatch(
  broker: Broker,
  events: readonly OwedEvent[],
  lastSequence: number,
): Promise<PublishedBatch> {
  const answers = await Promise.allSettled(events.map((event, index) => publish(broker, event, lastSequence + index)));
  const stored: StoredEvent[] = [];
  let believed: number | undefined = lastSequence;
  for (const [index, event] of events.entries()) {
    const answer = answers[index];
    if (answer?.status !== "fulfilled") {
      return { stored, lastSequence: undefined, failure: failureOf(event, answer?.reason) };
    }
    stored.push({ seq: event.seq, streamSequence: answer.value.seq });
    // The stream had it already, under its old sequence: the successors' expectations were wrong by one.
    believed = answer.value.duplicate || believed === undefined ? undefined : answer.value.seq;
  }
  return { stored, lastSequence: believed };
}

/** A whole batch waits for a disk that is asked to be sure of each message. */
const publishTimeoutMs = 10_000;

const publishAnswer = z.object({ seq: z.number(), duplicate: z.boolean().default(false) });

async function publish(
  broker: Broker,
  event: OwedEvent,
  expectedLastSequence: number,
): Promise<z.infer<typeof publishAnswer>> {
  const headers = {
    ...headersOf(broker, event),
    "Nats-Msg-Id": event.eventId,
    "Nats-Expected-Last-Sequence": String(expectedLastSequence),
  };
  const message = { payload: event.payload, headers };
  const { payload } = await broker.request(event.subject, message, publishTimeoutMs);
  return parseAnswer(payload, publishAnswer);
}

function headersOf(
  broker: Broker,
  { eventId, typeName, aggregateId, version, occurredAt, context }: OwedEvent,
): EventHeaders {
  return headersFromEnvelope({ eventId, typeName, producer: broker.name, aggregateId, version, occurredAt, context });
}

function failureOf({ seq }: OwedEvent, error: unknown): PublishFailure {
  const isFenced = error instanceof JetStreamRefusal && error.code === jetStreamCodes.wrongLastSequence;
  return { seq, isFenced, error };
}
