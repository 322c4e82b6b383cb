import { sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { type Arrival, type Stray, storedHeaders } from "./arrival.ts";
import { PoisonedEvent } from "./handler.ts";
import { type InboxOwner, lockCursor, noteReceived, park } from "./inbox.ts";

/** How long an event whose handler fails is tried again before it is dead. */
export interface RetrySchedule {
  /** How long to wait after the first failure, the second and so on; the last one stands for all that follow. */
  readonly delaysMs: readonly number[];
  readonly mostAttempts: number;
  readonly longestMs: number;
}

export const usualRetries: RetrySchedule = {
  delaysMs: [1_000, 5_000, 30_000, 120_000, 600_000],
  mostAttempts: 10,
  longestMs: 3_600_000,
};

/** What has become of an event that failed. */
export type Fate = "retrying" | "dead" | "settled";

/** What is known of an event's failures. `RETRYING` is not dead yet: it is tried again when its time has come. */
interface FailureRow {
  readonly attempts: number;
  readonly age_ms: number;
}

/** Whether an event is given up. Pure. */
export function isHopeless(
  error: unknown,
  { attempts, ageMs }: { readonly attempts: number; readonly ageMs: number },
  { mostAttempts, longestMs }: RetrySchedule,
): boolean {
  return error instanceof PoisonedEvent || attempts >= mostAttempts || ageMs >= longestMs;
}

/**
 * Puts an event aside that could not be applied, in a transaction of its own: to be tried again later or, if it is
 * hopeless, to wait for an operator. Either way only its aggregate waits: the later events park behind it. It is kept
 * here and not left to the broker, which may lose it, and delivers nothing else while too many are unacknowledged.
 */
export async function setAside(
  tx: Tx,
  owner: InboxOwner,
  {
    arrival,
    error,
    schedule,
  }: { readonly arrival: Arrival; readonly error: unknown; readonly schedule: RetrySchedule },
): Promise<Fate> {
  const { lastVersion } = await lockCursor(tx, owner, arrival.aggregateId);
  // Another process has applied it meanwhile.
  if (arrival.version <= lastVersion) return "settled";
  await noteReceived(tx, owner, [arrival]);
  await park(tx, owner, [arrival], "failed");
  const { subject, payload, eventId } = arrival;
  const { rows } = await sql<FailureRow>`
    insert into inbox_dead (consumer, event_id, subject, payload, headers, error, attempts, state, first_at, last_at)
    values (${owner.consumer}, ${eventId}, ${subject}, ${payload}, ${storedHeaders(arrival)}, ${errorText(error)},
            1, 'RETRYING', now(), now())
    on conflict (consumer, event_id) do update
      set attempts = inbox_dead.attempts + 1, error = excluded.error, last_at = now()
    returning attempts, (extract(epoch from last_at - first_at) * 1000)::float8 as age_ms`.execute(platformTables(tx));
  const [row] = rows;
  if (!isHopeless(error, { attempts: row?.attempts ?? 1, ageMs: row?.age_ms ?? 0 }, schedule)) return "retrying";
  await platformTables(tx)
    .updateTable("inbox_dead")
    .set({ state: "DEAD" })
    .where("consumer", "=", owner.consumer)
    .where("event_id", "=", eventId)
    .execute();
  await setBlocked(tx, owner, arrival.aggregateId, true);
  return "dead";
}

/** Keeps something that is not one of our events for an operator. It belongs to no aggregate, so it blocks none. */
export async function keepStray(tx: Tx, { consumer }: InboxOwner, stray: Stray): Promise<void> {
  await sql`
    insert into inbox_dead (consumer, event_id, subject, payload, headers, error, attempts, state, first_at, last_at)
    values (${consumer}, ${stray.eventId}, ${stray.subject}, ${stray.payload}, ${storedHeaders(stray)},
            'not one of our events', 1, 'DEAD', now(), now()) on conflict do nothing`.execute(platformTables(tx));
}

/** The aggregates with a parked event whose turn has come, and whose time, if it has failed before. */
export async function findDrainable(
  tx: Tx,
  { consumer, aggregate }: InboxOwner,
  { delaysMs }: RetrySchedule,
): Promise<readonly string[]> {
  const { rows } = await sql<{ aggregate_id: string }>`
    select p.aggregate_id
      from inbox_parked p
      join inbox_cursor c using (consumer, aggregate_type, aggregate_id)
      left join inbox_dead d on d.consumer = p.consumer and d.event_id = p.event_id
     where p.consumer = ${consumer} and p.aggregate_type = ${aggregate}
       and p.aggregate_ver = c.last_ver + 1 and not c.blocked
       and (d.event_id is null or d.state = 'RETRYING' and now() >= d.last_at
            + coalesce((${delaysMs}::float8[])[least(d.attempts, ${delaysMs.length}::int)], 0) * interval '1 millisecond')
     order by p.since limit 100`.execute(platformTables(tx));
  return rows.map((row) => row.aggregate_id);
}

/** Whether anything is put aside. */
export async function hasParked(tx: Tx, { consumer, aggregate }: InboxOwner): Promise<boolean> {
  const rows = await platformTables(tx)
    .selectFrom("inbox_parked")
    .select("event_id")
    .where("consumer", "=", consumer)
    .where("aggregate_type", "=", aggregate)
    .limit(1)
    .execute();
  return rows.length > 0;
}

/** Stops or resumes an aggregate. */
export async function setBlocked(tx: Tx, owner: InboxOwner, aggregateId: string, isBlocked: boolean): Promise<void> {
  await platformTables(tx)
    .updateTable("inbox_cursor")
    .set({ blocked: isBlocked })
    .where("consumer", "=", owner.consumer)
    .where("aggregate_type", "=", owner.aggregate)
    .where("aggregate_id", "=", aggregateId)
    .execute();
}

/** The error's own words and no more of it; causes may quote what the event says. */
function errorText(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);
}
