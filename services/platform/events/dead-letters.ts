import { sql } from "kysely";
import type { Database, Tx } from "#platform/database/database.ts";
import { dateFromRow, platformTables } from "#platform/database/platform-tables.ts";
import { setBlocked } from "./failure.ts";
import { lockCursor, moveCursor } from "./inbox.ts";

/** An event that waits for an operator. Its payload is not shown. */
export interface DeadLetter {
  readonly consumer: string;
  readonly eventId: string;
  readonly subject: string;
  readonly error: string;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Names a dead letter. */
export type DeadLetterId = Pick<DeadLetter, "consumer" | "eventId">;

/** How the inbox is: all zeros if all is well. */
export interface InboxHealth {
  readonly parked: number;
  readonly retrying: number;
  readonly dead: number;
  readonly blocked: number;
}

/** Counts what is not as it should be, over all consumers. */
export async function inboxHealth(database: Database): Promise<InboxHealth> {
  const { rows } = await sql<InboxHealth>`
    select (select count(*)::int from inbox_parked) as parked,
           (select count(*)::int from inbox_dead where state = 'RETRYING') as retrying,
           (select count(*)::int from inbox_dead where state = 'DEAD') as dead,
           (select count(*)::int from inbox_cursor where blocked) as blocked`.execute(platformTables(database.fork()));
  return rows[0] ?? { parked: 0, retrying: 0, dead: 0, blocked: 0 };
}

/** The dead letters, the oldest first. */
export async function listDead(database: Database, most: number): Promise<readonly DeadLetter[]> {
  const rows = await platformTables(database.fork())
    .selectFrom("inbox_dead")
    .select(["consumer", "event_id", "subject", "error", "attempts", "first_at", "last_at"])
    .where("state", "=", "DEAD")
    .orderBy("first_at")
    .orderBy("event_id")
    .limit(most)
    .execute();
  return rows.map((row) => ({
    consumer: row.consumer,
    eventId: row.event_id,
    subject: row.subject,
    error: row.error,
    attempts: row.attempts,
    firstAt: dateFromRow(row.first_at),
    lastAt: dateFromRow(row.last_at),
  }));
}

/**
 * Lets a dead event be tried again, and its successors after it, as soon as its consumer looks: within a second.
 * @param by who decided.
 * @returns false if it is not dead, or is none of our events and can only be skipped.
 */
export async function redrive(tx: Tx, id: DeadLetterId, by: string): Promise<boolean> {
  const place = await findPlace(tx, id);
  if (!place || !(await resolve(tx, id, { state: "RETRYING", by }))) return false;
  await setBlocked(tx, place.owner, place.aggregateId, false);
  return true;
}

/**
 * Gives a dead event up: its aggregate goes on with the next one. Its row stays, for the record.
 * @param by who decided, and why.
 * @returns false if it is not dead.
 */
export async function skip(tx: Tx, id: DeadLetterId, by: string): Promise<boolean> {
  const place = await findPlace(tx, id);
  if (!(await resolve(tx, id, { state: "SKIPPED", by }))) return false;
  if (!place) return true;
  const { owner, aggregateId, version } = place;
  await setBlocked(tx, owner, aggregateId, false);
  await moveCursor(tx, owner, { aggregateId, version });
  await platformTables(tx)
    .deleteFrom("inbox_parked")
    .where("consumer", "=", id.consumer)
    .where("event_id", "=", id.eventId)
    .execute();
  return true;
}

/** Where the event stands in its aggregate; undefined for what is no event. Locks the aggregate. */
async function findPlace(tx: Tx, { consumer, eventId }: DeadLetterId) {
  const row = await platformTables(tx)
    .selectFrom("inbox_parked")
    .select(["aggregate_type", "aggregate_id", "aggregate_ver"])
    .where("consumer", "=", consumer)
    .where("event_id", "=", eventId)
    .executeTakeFirst();
  if (!row) return undefined;
  const owner = { consumer, aggregate: row.aggregate_type };
  await lockCursor(tx, owner, row.aggregate_id);
  return { owner, aggregateId: row.aggregate_id, version: BigInt(row.aggregate_ver) };
}

async function resolve(
  tx: Tx,
  { consumer, eventId }: DeadLetterId,
  { state, by }: { readonly state: "RETRYING" | "SKIPPED"; readonly by: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update inbox_dead set state = ${state}, resolved_by = ${by}, attempts = 0, first_at = now(), last_at = now()
     where consumer = ${consumer} and event_id = ${eventId} and state = 'DEAD'`.execute(platformTables(tx));
  return numAffectedRows === 1n;
}
