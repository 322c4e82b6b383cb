import { sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { type Arrival, arrivalFromStored, storedHeaders } from "./arrival.ts";

/** Whose inbox: the durable's name, and the aggregate type it listens to. */
export interface InboxOwner {
  readonly consumer: string;
  readonly aggregate: string;
}

/** How far a consumer is with one aggregate. */
export interface Cursor {
  readonly lastVersion: bigint;
  /** An event of the aggregate is dead; the later ones wait until an operator has decided. */
  readonly isBlocked: boolean;
}

/** Does what a service does about an event. */
export type Apply = (tx: Tx, arrival: Arrival) => Promise<void>;

/** How many events of a batch had which fate. */
export interface Received {
  readonly applied: number;
  /** Known already, by id or by version. */
  readonly duplicates: number;
  /** Put aside until their predecessors have come. */
  readonly parked: number;
  /** Events that were put aside before are next in turn now. */
  readonly areSuccessorsParked: boolean;
}

/** What to do about an event, given how far its aggregate is. Pure. */
export function decideArrival({ lastVersion, isBlocked }: Cursor, version: bigint): "duplicate" | "park" | "apply" {
  if (version <= lastVersion) return "duplicate";
  return isBlocked || version > lastVersion + 1n ? "park" : "apply";
}

/**
 * Receives a batch of events in the caller's transaction: each once, each aggregate in the order of its versions.
 * @throws whatever applying an event throws; the transaction must then be rolled back.
 */
export async function receive(
  tx: Tx,
  owner: InboxOwner,
  arrivals: readonly Arrival[],
  apply: Apply,
): Promise<Received> {
  const news = await noteReceived(tx, owner, arrivals);
  const cursors = await lockCursors(tx, owner, news);
  const moved = new Map<string, bigint>();
  const parked: Arrival[] = [];
  let applied = 0;
  for (const arrival of news) {
    const cursor = cursors.get(arrival.aggregateId) ?? beforeTheFirst;
    const decision = decideArrival(cursor, arrival.version);
    if (decision === "park") parked.push(arrival);
    if (decision !== "apply") continue;
    await apply(tx, arrival);
    applied += 1;
    cursors.set(arrival.aggregateId, { ...cursor, lastVersion: arrival.version });
    moved.set(arrival.aggregateId, arrival.version);
  }
  await park(tx, owner, parked, "early");
  const areSuccessorsParked = await moveCursors(tx, owner, moved);
  const duplicates = arrivals.length - applied - parked.length;
  return { applied, duplicates, parked: parked.length, areSuccessorsParked };
}

/**
 * Applies the parked events of one aggregate whose turn has come, in the caller's transaction.
 * @param most how many at most.
 * @returns how many.
 * @throws whatever applying an event throws; the transaction must then be rolled back.
 */
export async function drain(
  tx: Tx,
  owner: InboxOwner,
  { aggregateId, most, apply }: { readonly aggregateId: string; readonly most: number; readonly apply: Apply },
): Promise<number> {
  const inTurn = await parkedInTurn(tx, owner, aggregateId, most);
  for (const arrival of inTurn) await apply(tx, arrival);
  const last = inTurn.at(-1);
  if (!last) return 0;
  await moveCursor(tx, owner, last);
  await sql`
    with done as (
      delete from inbox_parked
       where consumer = ${owner.consumer} and aggregate_type = ${owner.aggregate} and aggregate_id = ${aggregateId}
         and aggregate_ver <= ${last.version} returning event_id)
    delete from inbox_dead where consumer = ${owner.consumer} and event_id in (select event_id from done)`.execute(
    platformTables(tx),
  );
  return inTurn.length;
}

/** The parked events of an aggregate that come next, without a gap; none if it is blocked. Locks its cursor. */
export async function parkedInTurn(
  tx: Tx,
  owner: InboxOwner,
  aggregateId: string,
  most: number,
): Promise<readonly Arrival[]> {
  const { lastVersion, isBlocked } = await lockCursor(tx, owner, aggregateId);
  if (isBlocked) return [];
  const rows = await platformTables(tx)
    .selectFrom("inbox_parked")
    .select(["payload", "headers"])
    .where("consumer", "=", owner.consumer)
    .where("aggregate_type", "=", owner.aggregate)
    .where("aggregate_id", "=", aggregateId)
    .where("aggregate_ver", ">", String(lastVersion))
    .orderBy("aggregate_ver")
    .limit(most)
    .execute();
  const arrivals = rows.map(({ payload, headers }) => arrivalFromStored(payload, headers));
  const gap = arrivals.findIndex(({ version }, index) => version !== lastVersion + 1n + BigInt(index));
  return gap === -1 ? arrivals : arrivals.slice(0, gap);
}

/** Takes the cursor of an aggregate for the rest of the transaction. */
export async function lockCursor(tx: Tx, owner: InboxOwner, aggregateId: string): Promise<Cursor> {
  return (await lockCursors(tx, owner, [{ aggregateId }])).get(aggregateId) ?? beforeTheFirst;
}

/** Says that an aggregate is as far as that version. */
export async function moveCursor(
  tx: Tx,
  owner: InboxOwner,
  { aggregateId, version }: { readonly aggregateId: string; readonly version: bigint },
): Promise<void> {
  await moveCursors(tx, owner, new Map([[aggregateId, version]]));
}

/** Notes that an event was received, so that it is known if it comes again. */
export async function noteReceived(
  tx: Tx,
  owner: InboxOwner,
  arrivals: readonly Arrival[],
): Promise<readonly Arrival[]> {
  // Sorted, so that two processes with the same events wait for each other in one order.
  const ids = arrivals.map(({ eventId }) => eventId).toSorted();
  const { rows } = await sql<{ event_id: string }>`
    insert into inbox_event (consumer, event_id)
    select ${owner.consumer}, id from unnest(${ids}::uuid[]) as id
    on conflict do nothing returning event_id`.execute(platformTables(tx));
  const unknown = new Set(rows.map((row) => row.event_id));
  // `delete` tells true once for each id: the same event may stand in a batch twice.
  return arrivals.filter(({ eventId }) => unknown.delete(eventId));
}

/** Puts events aside. May be repeated. */
export async function park(
  tx: Tx,
  owner: InboxOwner,
  arrivals: readonly Arrival[],
  reason: "early" | "failed",
): Promise<void> {
  if (arrivals.length === 0) return;
  const rows = arrivals.map((arrival) => ({
    consumer: owner.consumer,
    aggregate_type: owner.aggregate,
    aggregate_id: arrival.aggregateId,
    aggregate_ver: arrival.version,
    event_id: arrival.eventId,
    payload: arrival.payload,
    headers: storedHeaders(arrival),
    reason,
  }));
  const key = ["consumer", "aggregate_type", "aggregate_id", "aggregate_ver"] as const;
  await platformTables(tx)
    .insertInto("inbox_parked")
    .values(rows)
    .onConflict((conflict) => conflict.columns(key).doUpdateSet({ reason }))
    .execute();
}

const beforeTheFirst: Cursor = { lastVersion: 0n, isBlocked: false };

/** Takes the cursors of these aggregates for the rest of the transaction; makes those that are not there yet. */
async function lockCursors(
  tx: Tx,
  owner: InboxOwner,
  aggregates: readonly { readonly aggregateId: string }[],
): Promise<Map<string, Cursor>> {
  if (aggregates.length === 0) return new Map();
  // Sorted for the same reason as above. Inserting first makes even two first events of an aggregate wait for each other.
  const ids = [...new Set(aggregates.map(({ aggregateId }) => aggregateId))].toSorted();
  await sql`
    insert into inbox_cursor (consumer, aggregate_type, aggregate_id, last_ver)
    select ${owner.consumer}, ${owner.aggregate}, id, 0 from unnest(${ids}::text[]) as id
    on conflict do nothing`.execute(platformTables(tx));
  const { rows } = await sql<{ aggregate_id: string; last_ver: string; blocked: boolean }>`
    select aggregate_id, last_ver::text, blocked from inbox_cursor
     where consumer = ${owner.consumer} and aggregate_type = ${owner.aggregate} and aggregate_id = any(${ids}::text[])
     order by aggregate_id for update`.execute(platformTables(tx));
  return new Map(rows.map((row) => [row.aggregate_id, { lastVersion: BigInt(row.last_ver), isBlocked: row.blocked }]));
}

/** Answers whether a parked event is next in turn for one of them: perhaps another process has parked it. */
async function moveCursors(tx: Tx, owner: InboxOwner, versions: ReadonlyMap<string, bigint>): Promise<boolean> {
  if (versions.size === 0) return false;
  const { rows } = await sql<{ is_parked: boolean }>`
    update inbox_cursor c set last_ver = moved.last_ver
      from unnest(${[...versions.keys()]}::text[], ${[...versions.values()]}::bigint[]) as moved (aggregate_id, last_ver)
     where c.consumer = ${owner.consumer} and c.aggregate_type = ${owner.aggregate}
       and c.aggregate_id = moved.aggregate_id
    returning exists (
      select from inbox_parked p
       where p.consumer = c.consumer and p.aggregate_type = c.aggregate_type and p.aggregate_id = c.aggregate_id
         and p.aggregate_ver = c.last_ver + 1) as is_parked`.execute(platformTables(tx));
  return rows.some((row) => row.is_parked);
}
