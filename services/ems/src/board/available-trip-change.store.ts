import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { AvailableTripSchema } from "#gen/medport/ems/v1/bid_pb.ts";
import { markEventsAppended, type Tx } from "#platform/database/database.ts";
import type { Change, ChangeRange } from "#platform/feed/change.ts";
import { shortDigest } from "#platform/feed/cursor.ts";
import type { FeedSource } from "#platform/feed/feed-source.ts";
import { TripCopyEntity } from "../trip-copies/trip-copy.entity.ts";
import type { TripId } from "../trip-copies/trip-copy.ts";
import { type ShownTrip, shownTripFromRow } from "./board-trip.row.ts";
import type { OpenFacts } from "./board-trip.ts";

/** What is about to happen to a trip's copy. */
export interface TripCopyChange {
  readonly tripId: string;
  /** The event's name, such as updated, or bidding_closed for what no event tells. */
  readonly change: string;
}

/**
 * Does what changes a trip's copy, and notes for the live board what that means for it, in the same transaction. The
 * copy's row is held from here on, so that the changes of one trip stand in the log in their order.
 */
export async function recordAvailableTripChange(
  tx: Tx,
  { tripId, change }: TripCopyChange,
  work: () => Promise<void>,
): Promise<void> {
  const before = await findShownTrip(tx, tripId, LockMode.PESSIMISTIC_WRITE);
  await work();
  const after = await findShownTrip(tx, tripId);
  // The board is about trips that are open, or have been until now.
  if (!after || !(after.isOpen || before?.isOpen)) return;
  await insertChange(tx, { change, before, after });
  // A hint only: the board's reader looks at once.
  markEventsAppended(tx);
}

async function findShownTrip(tx: Tx, id: string, lockMode?: LockMode): Promise<ShownTrip | undefined> {
  const options = { disableIdentityMap: true, ...(lockMode !== undefined && { lockMode }) };
  const row = await tx.findOne(TripCopyEntity, { id: { $eq: id as TripId } }, options);
  return row ? shownTripFromRow(row) : undefined;
}

interface BoardChange {
  readonly change: string;
  readonly before: ShownTrip | undefined;
  readonly after: ShownTrip;
}

async function insertChange(tx: Tx, { change, before, after }: BoardChange): Promise<void> {
  const { id, version, isOpen, county, level, priority, message } = after;
  await sql`
    insert into available_trip_change
      (trip_id, trip_version, change, open_before, is_open, county, level, priority, trip)
    values (${id}, ${version}, ${change}, ${before?.isOpen ? JSON.stringify(openFactsOf(before)) : null}::jsonb, ${isOpen},
      ${county}, ${level}, ${priority}, ${Buffer.from(toBinary(AvailableTripSchema, message))})`.execute(
    tx.getKysely(),
  );
}

function openFactsOf({ county, level, priority }: OpenFacts): OpenFacts {
  return { county, level, priority };
}

/** The changes of trips that were open, or have come to be. */
export const availableTripFeedSource: FeedSource<ShownTrip> = {
  table: "available_trip_change",
  read: readChanges,
  readOpen: async (em) => {
    const rows = await em.find(TripCopyEntity, { status: "PENDING" }, { disableIdentityMap: true });
    return rows.map(shownTripFromRow).filter(({ isOpen }) => isOpen);
  },
  idOf: ({ id }) => id,
  versionOf: ({ version }) => version,
  isOpen: ({ isOpen }) => isOpen,
};

interface ChangeRow extends OpenFacts {
  readonly seq: string;
  readonly trip_id: string;
  readonly trip_version: number;
  readonly change: string;
  readonly recorded_at: string;
  readonly open_before: OpenFacts | null;
  readonly is_open: boolean;
  readonly trip: Uint8Array;
}

async function readChanges(em: SqlEntityManager, range: ChangeRange): Promise<readonly Change<ShownTrip>[]> {
  const { rows } = await sql<ChangeRow>`
    select c.seq::text as seq, c.trip_id, c.trip_version, c.change, c.recorded_at, c.open_before, c.is_open, c.county,
           c.level, c.priority, c.trip
      from available_trip_change c ${pageOf(range)}`.execute(em.getKysely());
  const changes = rows.map(changeFromRow);
  return "after" in range ? changes : changes.toReversed();
}

function pageOf(range: ChangeRange): RawBuilder<unknown> {
  return "after" in range
    ? sql`where c.seq > ${range.after} order by c.seq limit ${range.limit}`
    : sql`where c.seq <= ${range.until} order by c.seq desc limit ${range.limit}`;
}

function changeFromRow(row: ChangeRow): Change<ShownTrip> {
  const after: ShownTrip = {
    ...openFactsOf(row),
    id: row.trip_id,
    version: row.trip_version,
    isOpen: row.is_open,
    message: fromBinary(AvailableTripSchema, row.trip),
  };
  return {
    seq: BigInt(row.seq),
    mark: shortDigest(`${row.trip_id} ${row.trip_version} ${row.change} ${row.recorded_at}`),
    name: row.change,
    // Only where it stood counts, not what was sent of it then.
    ...(row.open_before && { before: { ...after, ...row.open_before, isOpen: true } }),
    after,
  };
}

/** Removes what was recorded before a time, but for the newest row, by which the log's end is known. */
export async function pruneAvailableTripChanges(tx: Tx, before: Date): Promise<void> {
  await sql`
    delete from available_trip_change
     where seq <= (select max(seq) from available_trip_change where recorded_at < ${before})
       and seq < (select max(seq) from available_trip_change)`.execute(tx.getKysely());
}
