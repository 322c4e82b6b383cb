import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import type { Tx } from "#platform/database/database.ts";
import { findUnstorable } from "#platform/database/unstorable.ts";
import type { EventContext } from "./event-context.ts";
import { type EventType, eventTypeOf } from "./event-type.ts";
import type { PendingEvent } from "./outbox.ts";

/** What a handler is told about an event beside the event itself. */
export interface EventMeta {
  readonly eventId: string;
  readonly aggregateId: string;
  /** The aggregate's version after the change. A handler sees each version once, in order. */
  readonly version: bigint;
  /** When the producer wrote it, by the producer's clock. */
  readonly occurredAt: Date;
  /** When it came here, by ours. */
  readonly receivedAt: Date;
  /** Who caused it, and in which request. */
  readonly context: EventContext;
  /** Tells an event of our own, in the same transaction. It names this one as its cause. */
  emit<Schema extends DescMessage>(event: PendingEvent<Schema>): void;
}

/** The payload is not what its type says. Trying again will not help. */
export class PoisonedEvent extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PoisonedEvent";
  }
}

/** What a service does about one type of event; made by `on`. */
export interface EventHandler {
  readonly type: EventType;
  /** @throws PoisonedEvent if the payload is not an event of this type; otherwise what the work throws. */
  handle(tx: Tx, payload: Uint8Array, meta: EventMeta): Promise<void>;
}

/** What a service does about the events of one aggregate type. Types without a handler are passed over. */
export type EventHandlers = readonly EventHandler[];

const validator = createValidator();

/**
 * Says what to do about one type of event. The work runs in a transaction that also notes the event as received, so its
 * effect happens once; it must do nothing outside of `tx`. What it leaves in the unit of work is flushed after it.
 */
export function on<Schema extends DescMessage>(
  schema: Schema,
  work: (tx: Tx, message: MessageShape<Schema>, meta: EventMeta) => Promise<void>,
): EventHandler {
  return {
    type: eventTypeOf(schema),
    handle: (tx, payload, meta) => work(tx, decoded(schema, payload), meta),
  };
}

/**
 * Makes one list of several about one aggregate type: where more than one has something to do about a type of event, all
 * of them do it, in their order and in one transaction.
 */
export function together(...lists: readonly EventHandlers[]): EventHandlers {
  const handlers = lists.flat();
  const types = new Map(handlers.map(({ type }) => [type.typeName, type]));
  return Array.from(types.values(), (type) => ({
    type,
    handle: async (tx, payload, meta) => {
      for (const handler of handlers) {
        if (handler.type.typeName === type.typeName) await handler.handle(tx, payload, meta);
      }
    },
  }));
}

function decoded<Schema extends DescMessage>(schema: Schema, payload: Uint8Array): MessageShape<Schema> {
  let message: MessageShape<Schema>;
  try {
    message = fromBinary(schema, payload);
  } catch (error) {
    throw new PoisonedEvent(`the payload is not a ${schema.typeName}`, { cause: error });
  }
  const result = validator.validate(schema, message);
  if (result.kind !== "valid") {
    throw new PoisonedEvent(`the payload is not a valid ${schema.typeName}`, { cause: result.error });
  }
  const unstorable = findUnstorable(reflect(schema, message));
  if (unstorable.length === 0) return message;
  const fields = unstorable.map(({ field }) => field).join(", ");
  throw new PoisonedEvent(`no database can keep this ${schema.typeName}: ${fields}`);
}
