import type { DescMessage } from "@bufbuild/protobuf";
import type { Tx } from "#platform/database/database.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";

/** A change under way, whoever makes it: a call, an event of another silo, or the system on its own. */
export interface Change {
  readonly tx: Tx;
  /** The time of the whole change. */
  readonly now: Date;
  /** Tells the world when the transaction commits. */
  emit<Schema extends DescMessage>(event: PendingEvent<Schema>): void;
  /** Names a record that was changed, for the audit log. */
  touched(entityType: string, id: string): void;
}
