import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { Moment } from "#platform/rpc/page.ts";
import type { TripId } from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { TripHistoryEntity } from "./trip.entity.ts";
import { visibleTo } from "./trip-list-scope.store.ts";
import { historyLineFromRow, type TripHistoryLine } from "./trip.store.ts";
import { selectTripVersions, type TripVersion } from "./trip-version.store.ts";

/** A time between two others: after the first, up to and including the second. */
export interface Span {
  readonly from: Date;
  readonly until: Date;
}

/** Which part of the trips that changed. */
export interface ChangeSlice {
  readonly limit: number;
  /** The place after which it begins; from the first on if absent. */
  readonly after?: Moment;
  /** How many changes are looked at for one page, however few of them are of trips that the caller may see. */
  readonly lookAt?: number;
}

/**
 * Finds the trips that changed in a span and that somebody may see now, by the time of their first change in it.
 * @returns at most `limit` of them; and if not all changes could be looked at, until where they were.
 */
export async function findChangedTrips(
  em: SqlEntityManager,
  actor: TripActor,
  span: Span,
  { limit, after, lookAt = 2_000 }: ChangeSlice,
): Promise<{ readonly places: readonly Moment[]; readonly until?: Moment }> {
  const changes = changesIn(span, after);
  // A trip stands where it changed first.
  const isFirst = sql`not exists (
    select from trip_history p
     where p.trip_id = c.trip_id and p.version < c.version and p.recorded_at > ${span.from})`;
  const conditions = sql.join([isFirst, ...visibleTo(actor)], sql` and `);
  const { rows } = await sql<ChangeRow>`
    select c.recorded_at, c.trip_id
      from (${changes} limit ${lookAt}) c join trip t on t.id = c.trip_id
     where ${conditions} order by c.recorded_at, c.trip_id limit ${limit}`.execute(em.getKysely());
  const places = rows.map(momentFromRow);
  if (places.length === limit) return { places };
  const last = await sql<ChangeRow>`${changes} offset ${lookAt - 1} limit 1`.execute(em.getKysely());
  const [until] = last.rows.map(momentFromRow);
  return { places, ...(until && { until }) };
}

interface ChangeRow {
  readonly recorded_at: string;
  readonly trip_id: string;
}

function momentFromRow({ recorded_at: time, trip_id: id }: ChangeRow): Moment {
  return { at: dateFromRow(time), id };
}

function changesIn({ from, until }: Span, after: Moment | undefined): RawBuilder<unknown> {
  const beyond = after ? sql`and (h.recorded_at, h.trip_id) > (${after.at}, ${after.id})` : sql``;
  return sql`select h.recorded_at, h.trip_id, h.version from trip_history h
              where h.recorded_at > ${from} and h.recorded_at <= ${until} ${beyond}
              order by h.recorded_at, h.trip_id, h.version`;
}

/** A trip's course through a span. */
export interface TripCourse {
  /** As it was when the span began; undefined if there was none yet. */
  readonly before?: TripVersion;
  /** What it became in the span, oldest first, each with its line of history. */
  readonly changes: readonly { readonly version: TripVersion; readonly line: TripHistoryLine }[];
}

/** Reads the courses of trips through a span; a trip that did not change has none. */
export async function readTripCourses(
  em: SqlEntityManager,
  tripIds: readonly string[],
  { from, until }: Span,
): Promise<ReadonlyMap<string, TripCourse>> {
  if (tripIds.length === 0) return new Map();
  const versions = await selectTripVersions(
    em,
    sql`where h.trip_id in (${sql.join(tripIds)}) and h.recorded_at <= ${until}
          and (h.recorded_at > ${from} or h.version = (
            select max(p.version) from trip_history p where p.trip_id = h.trip_id and p.recorded_at <= ${from}))
        order by h.version`,
  );
  const lines = await em.find(
    TripHistoryEntity,
    { tripId: { $in: tripIds as TripId[] }, recordedAt: { $gt: from, $lte: until } },
    { disableIdentityMap: true },
  );
  const lineOf = new Map(lines.map((row) => [`${row.tripId} ${row.version}`, historyLineFromRow(row)]));
  return new Map(
    [...Map.groupBy(versions, ({ trip }) => trip.id)].flatMap(([id, all]) => {
      const before = all.find(({ recordedAt }) => recordedAt <= from);
      const changes = all.flatMap((version) => {
        const line = lineOf.get(`${id} ${version.trip.version}`);
        return line ? [{ version, line }] : [];
      });
      return changes.length === 0 ? [] : [[id, { ...(before && { before }), changes }] as const];
    }),
  );
}
