import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { eventSubject, type EventType, eventTypeOf } from "#platform/events/event-type.ts";
import { heldBack, importedEpoch } from "#platform/events/imported-events.ts";
import { durableName, type Subscription } from "#platform/events/topology.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { subscriptions as centerSubscriptions } from "../../../center/src/subscriptions.ts";
import { subscriptions as emsSubscriptions } from "../../../ems/src/subscriptions.ts";
import { subscriptions as hospitalSubscriptions } from "../../../hospital/src/subscriptions.ts";
import { eventIdOf } from "./imported-ids.ts";
import type { TargetRow } from "./target-tables.ts";

/** The one event of a record that was imported. */
export interface ImportedEvent<Schema extends DescMessage> {
  readonly schema: Schema;
  readonly message: MessageInitShape<Schema>;
  readonly aggregateId: string;
  /** Whether the record was over when it was imported. Its event is kept for subscribers to come, and told to nobody. */
  readonly isOver: boolean;
  readonly importedAt: Date;
}

/** Imported records are in their first version. */
export const importedVersion = 1;

/**
 * An imported record's event in its owner's outbox, and the cursors of all who listen to such events: they have what it
 * says already. It is held back until the cut-over, or for ever.
 * @throws Error if the id is longer than a subject can name.
 */
export function importedEvent<Schema extends DescMessage>({
  schema,
  message,
  aggregateId,
  isOver,
  importedAt,
}: ImportedEvent<Schema>): readonly TargetRow[] {
  const type = eventTypeOf(schema);
  const event = {
    aggregate_id: aggregateId,
    aggregate_type: type.aggregate,
    aggregate_ver: importedVersion,
    event_id: eventIdOf(type.aggregate, aggregateId),
    event_type: type.typeName,
    headers: {},
    occurred_at: importedAt,
    payload: toBinary(schema, create(schema, message)),
    published_at: isOver ? importedAt : heldBack,
    stream_epoch: isOver ? importedEpoch : null,
    subject: eventSubject(type, aggregateId),
  } as const;
  return [{ table: outboxes[type.producer], row: event }, ...cursorsOf(type, aggregateId)];
}

const outboxes = {
  hospital: "hospital.outbox_event",
  ems: "ems.outbox_event",
  center: "center.outbox_event",
} as const satisfies Record<ServiceName, string>;

function cursorsOf(type: EventType, aggregateId: string): readonly TargetRow[] {
  return (subscribers.get(subscriptionKey(type)) ?? []).map(({ table, consumer }) => ({
    table,
    row: {
      aggregate_id: aggregateId,
      aggregate_type: type.aggregate,
      blocked: false,
      consumer,
      last_ver: importedVersion,
    },
  }));
}

interface Subscriber {
  readonly table: "hospital.inbox_cursor" | "ems.inbox_cursor" | "center.inbox_cursor";
  readonly consumer: string;
}

const listening = [
  { service: "hospital", table: "hospital.inbox_cursor", subscriptions: hospitalSubscriptions },
  { service: "ems", table: "ems.inbox_cursor", subscriptions: emsSubscriptions },
  { service: "center", table: "center.inbox_cursor", subscriptions: centerSubscriptions },
] as const;

/** Who listens to which kind of event. */
const subscribers: ReadonlyMap<string, readonly Subscriber[]> = new Map(
  [
    ...Map.groupBy(
      listening.flatMap(({ service, table, subscriptions }) =>
        subscriptions.map((subscription) => ({
          key: subscriptionKey(subscription),
          subscriber: { table, consumer: durableName(service, subscription) },
        })),
      ),
      ({ key }) => key,
    ),
  ].map(([key, found]) => [key, found.map(({ subscriber }) => subscriber)]),
);

function subscriptionKey({ producer, aggregate }: Subscription): string {
  return `${producer} ${aggregate}`;
}
