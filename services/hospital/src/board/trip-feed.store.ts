import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import type { Change, ChangeRange } from "#platform/feed/change.ts";
import { shortDigest } from "#platform/feed/cursor.ts";
import type { FeedSource } from "#platform/feed/feed-source.ts";
import { openStatuses } from "../trips/trip-list.ts";
import { selectTrips } from "../trips/trip.store.ts";
import { isClosed, type Trip } from "../trips/trip.ts";
import { selectTripVersions, type TripVersion } from "../trips/trip-version.store.ts";

/** The changes of all trips, as their history keeps them. */
export const tripFeedSource: FeedSource<Trip> = {
  table: "trip_history",
  read: readChanges,
  readNow: (em, ids) => selectTrips(em, sql`where t.id in (${sql.join(ids)})`),
  readOpen: (em) => selectTrips(em, sql`where t.status in (${sql.join(openStatuses)})`),
  idOf: ({ id }) => id,
  versionOf: ({ version }) => version,
  isOpen: (trip) => !isClosed(trip),
};

/** A row of the log; what the trip was then is read only if there is one, because nearly always there is none. */
interface PageRow {
  readonly seq: string;
  readonly trip_id: string;
  readonly version: number;
}

async function readChanges(em: SqlEntityManager, range: ChangeRange): Promise<readonly Change<Trip>[]> {
  const { rows } = await sql<PageRow>`
    select h.seq::text as seq, h.trip_id, h.version from trip_history h ${pageOf(range)}`.execute(em.getKysely());
  const versions = rows.length === 0 ? [] : await versionsOf(em, rows);
  const onPage = new Set(rows.map(({ seq }) => BigInt(seq)));
  const byVersion = new Map(versions.map(({ trip }) => [`${trip.id} ${trip.version}`, trip]));
  return versions
    .filter(({ seq }) => onPage.has(seq))
    .map(({ seq, change: name, trip: after }) => {
      const before = byVersion.get(`${after.id} ${after.version - 1}`);
      const mark = shortDigest(`${after.id} ${after.version} ${after.updatedAt.getTime()}`);
      return { seq, mark, name, ...(before && { before }), after };
    });
}

function pageOf(range: ChangeRange): RawBuilder<unknown> {
  return "after" in range
    ? sql`where h.seq > ${range.after} order by h.seq limit ${range.limit}`
    : sql`where h.seq <= ${range.until} order by h.seq desc limit ${range.limit}`;
}

/** The versions of a page, each with the one before it, by which those are told who no longer see the trip. */
function versionsOf(em: SqlEntityManager, rows: readonly PageRow[]): Promise<readonly TripVersion[]> {
  const ids = rows.map((row) => row.trip_id);
  const versions = rows.map(({ version }) => version);
  return selectTripVersions(
    em,
    sql`where (h.trip_id, h.version) in (
          select page.trip_id, page.version - back.steps
            from unnest(${ids}::text[], ${versions}::int[]) page (trip_id, version)
            cross join (values (0), (1)) back (steps))
        order by h.seq`,
  );
}
