import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { markEventsAppended, type Tx } from "#platform/database/database.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { type IdSource, newId } from "#platform/id.ts";
import { type EventContext, eventContext } from "./event-context.ts";
import { eventSubject, eventTypeOf } from "./event-type.ts";

/** An event that will be told when the transaction commits. */
export interface PendingEvent<Schema extends DescMessage = DescMessage> {
  readonly schema: Schema;
  readonly message: MessageInitShape<Schema>;
  readonly aggregateId: string;
  /** The aggregate's version after the change. Every version has exactly one event, and the first is 1. */
  readonly version: bigint | number;
}

/** Larger payloads than this are refused: the broker takes 256 KiB, headers included. */
export const largestPayloadBytes = 200 * 1024;

/**
 * Puts events into the outbox, in the caller's transaction: they are told if it commits, and only then. To be called at
 * its end, when the changes have been flushed: the row lock of the changed aggregate is what keeps its events in order.
 * @throws Error if an event has no subject or is too large; DatabaseFailure 23505 if a version was told before.
 */
export async function appendEvents(
  tx: Tx,
  events: readonly PendingEvent[],
  context: EventContext = {},
  eventIds: IdSource = newId,
): Promise<void> {
  if (events.length === 0) return;
  const headers = JSON.stringify(eventContext(context));
  const rows = events.map((event) => ({ event_id: eventIds(), ...columns(event), headers }));
  await platformTables(tx).insertInto("outbox_event").values(rows).execute();
  markEventsAppended(tx);
}

function columns({ schema, message, aggregateId, version }: PendingEvent) {
  const type = eventTypeOf(schema);
  const payload = toBinary(schema, create(schema, message));
  if (payload.length > largestPayloadBytes) {
    throw new Error(`${type.typeName} of ${payload.length} bytes is larger than the broker takes`);
  }
  if (BigInt(version) < 1n) throw new Error(`${type.typeName} has version ${version}; the first is 1`);
  return {
    aggregate_type: type.aggregate,
    aggregate_id: aggregateId,
    aggregate_ver: BigInt(version),
    event_type: type.typeName,
    subject: eventSubject(type, aggregateId),
    payload,
  };
}
