import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { TripActor } from "./trip-actor.ts";
import {
  byUrgency,
  openStatuses,
  type TripFilter,
  type TripListing,
  type TripPosition,
  wantsOnlyOpen,
} from "./trip-list.ts";
import {
  conditionsOf,
  isOpen,
  listOrder,
  positionAfter,
  requestedWithin,
  timeOrder,
  union,
  versionAt,
} from "./trip-list-query.store.ts";
import { scopesOf, type TripScope } from "./trip-list-scope.store.ts";

/** Which part of a list. */
export interface TripSlice {
  readonly limit: number;
  /** The place after which it begins; from the first on if absent. */
  readonly after?: TripPosition;
  /**
   * How many trips are looked at in one index for one page; a thousand, or twenty times the page, unless said otherwise.
   * A filter that hardly any trip fits costs so much and no more, however many trips there are: its pages are short, and
   * the next one goes on where this one ended.
   */
  readonly lookAt?: number;
}

/** A place in a list, and the version of the trip that stands there. */
export interface TripPlace extends TripPosition {
  readonly version: number;
}

/** Places in a list, in its order. */
export interface TripPlaces {
  readonly places: readonly TripPlace[];
  /** The list was looked through until there and no further, because few of the trips on the way fit the filter. */
  readonly until?: TripPosition;
}

/** One way through the trips: along an index, in the list's order. */
interface TripWalk extends Pick<TripScope, "each" | "along" | "sift"> {
  readonly rank: number;
}

/** A walk, and how many trips are looked at on it. */
interface BoundedWalk extends TripWalk {
  readonly lookAt: number;
}

/** What all walks of a list have in common. */
interface Path extends Pick<TripListing, "order" | "asOf"> {
  readonly bounds: RawBuilder<unknown>;
  readonly after?: TripPosition;
}

/**
 * Finds the trips of a list by walking the indexes in which they stand in the list's order: one for each way of seeing a
 * trip, and no more of it than the page needs.
 */
export async function walkTrips(
  em: SqlEntityManager,
  actor: TripActor,
  listing: TripListing,
  { limit, after, lookAt = Math.max(1_000, 20 * limit) }: TripSlice,
): Promise<TripPlaces> {
  const { order, asOf } = listing;
  const ahead = walksOf(actor, listing).filter(({ rank }) => after === undefined || rank >= after.rank);
  if (ahead.length === 0) return { places: [] };
  const walks = await bounded(em, ahead, lookAt);
  const path: Path = { order, bounds: boundsOf(listing), ...(asOf && { asOf }), ...(after && { after }) };
  const fitting = walks.map((walk, index) => fittingOf(walk, path, { index, limit }));
  const { rows } = await sql<PlaceRow>`
    select w.rank, w.request_time, w.id, w.version,
           coalesce(json_agg(w.walk) filter (where w.fitting >= ${limit}), '[]') as full_walks
      from (${union(fitting)}) w
     group by w.rank, w.request_time, w.id, w.version
     order by ${listOrder(path, "w")} limit ${limit}`.execute(em.getKysely());
  const full = new Set(rows.flatMap((row) => row.full_walks));
  const cut = walks.filter(({ each, sift }, index) => sift.length > 0 && (each !== undefined || !full.has(index)));
  const places = rows.map((row) => ({ ...positionFromRow(row), version: row.version }));
  return cut.length === 0 ? { places } : cutOff(em, cut, path, places);
}

/** Bounds walks. One that is made for several facilities looks at no more on all of them together. */
async function bounded(
  em: SqlEntityManager,
  walks: readonly TripWalk[],
  lookAt: number,
): Promise<readonly BoundedWalk[]> {
  const several = new Set(walks.flatMap(({ each, sift }) => (each && sift.length > 0 ? [each] : [])));
  const times = new Map<TripWalk["each"], number>();
  for (const each of several) {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${each}`.execute(em.getKysely());
    times.set(each, rows[0]?.count ?? 1);
  }
  return walks.map((walk) => ({ ...walk, lookAt: Math.ceil(lookAt / Math.max(1, times.get(walk.each) ?? 1)) }));
}

interface PositionRow {
  readonly rank: number;
  readonly request_time: string;
  readonly id: string;
}

interface PlaceRow extends PositionRow {
  readonly version: number;
  /** The walks that gave as much as was asked for. */
  readonly full_walks: readonly number[];
}

function positionFromRow({ rank, request_time: time, id }: PositionRow): TripPosition {
  return { rank, requestedAt: dateFromRow(time), id };
}

function boundsOf({ filter, asOf }: TripListing): RawBuilder<unknown> {
  // No trip is older than its request.
  return asOf ? sql`${requestedWithin(filter)} and t.request_time <= ${asOf}` : requestedWithin(filter);
}

function walksOf(actor: TripActor, { filter, order, asOf }: TripListing): readonly TripWalk[] {
  if (!asOf) return scopesOf(actor, filter).flatMap((scope) => walksIn(scope, filter, order));
  const { hospitalId, tripNumber } = filter;
  // Of what the filter names, only this was the same then as it is now.
  const lasting = { ...(hospitalId !== undefined && { hospitalId }), ...(tripNumber !== undefined && { tripNumber }) };
  return scopesOf(actor, { statuses: [], levels: [], priorities: [], ...lasting }).map((scope) => ({
    ...scope,
    sift: [sql`true`, ...scope.sift, ...wasAlready(filter, asOf), ...conditionsOf(filter, "v", [])],
    rank: 0,
  }));
}

/** Spares looking for the version of a trip that was over by then: nothing that a filter asks for has changed since. */
function wasAlready(filter: TripFilter, asOf: Date): readonly RawBuilder<unknown>[] {
  const conditions = conditionsOf(filter, "t", []);
  if (conditions.length === 0) return [];
  return [sql`(t.closed_at is null or t.closed_at > ${asOf} or (${sql.join(conditions, sql` and `)}))`];
}

function walksIn(scope: TripScope, filter: TripFilter, order: TripListing["order"]): readonly TripWalk[] {
  const { priorities, statuses } = filter;
  const holding = (...more: readonly (keyof TripFilter)[]): readonly RawBuilder<unknown>[] => [
    ...scope.sift,
    ...conditionsOf(filter, "t", [...scope.holds, ...more]),
  ];
  if (wantsOnlyOpen(filter) || scope.kind === "PENDING") {
    // Few trips are open at a time. Their indexes know them by priority; all priorities together are in no order.
    const isAnyOpen = openStatuses.every((open) => statuses.includes(open));
    const sift = holding("priorities", ...(isAnyOpen ? (["statuses"] as const) : []));
    return byUrgency.flatMap((priority, urgency) => {
      if (priorities.length > 0 && !priorities.includes(priority)) return [];
      const rank = order === "MOST_URGENT_FIRST" ? urgency : 0;
      return [{ ...scope, along: sql`${scope.along} and t.priority = ${priority} and ${isOpen("t")}`, sift, rank }];
    });
  }
  if (scope.kind === "ALL" && statuses.length > 0) {
    const sift = holding("statuses");
    return statuses.map((status) => ({ ...scope, along: sql`t.status = ${status}`, sift, rank: 0 }));
  }
  return [{ ...scope, sift: holding(), rank: 0 }];
}

/** What of a walk fits the filter: at most as much as the page needs, and how much that is. */
function fittingOf(
  walk: BoundedWalk,
  path: Path,
  { index, limit }: { readonly index: number; readonly limit: number },
): RawBuilder<unknown> {
  const { sift, rank, lookAt } = walk;
  const order = timeOrder(path, "t");
  const version = path.asOf ? sql`cross join lateral (${versionAt(path.asOf)}) v` : sql``;
  const fitting =
    sift.length === 0
      ? sql`${alongOf(walk, path)} limit ${limit}`
      : sql`select t.id, t.request_time, ${sql.ref(path.asOf ? "v.version" : "t.version")}
              from (${alongOf(walk, path)} limit ${lookAt}) t ${version}
             where ${sql.join(sift, sql` and `)} order by ${order} limit ${limit}`;
  return sql`select ${sql.lit(index)} as walk, ${sql.lit(rank)} as rank, w.request_time, w.id, w.version,
                    count(*) over () as fitting
               from ${forEach(walk, fitting)} order by ${timeOrder(path, "w")} limit ${limit}`;
}

/** The trips of a walk in their order, whether they fit the filter or not. */
function alongOf({ along, rank }: TripWalk, { order, bounds, after }: Path): RawBuilder<unknown> {
  const beyond = after && after.rank === rank ? sql`and ${positionAfter("t", order, after)}` : sql``;
  return sql`select t.* from trip t where ${along} ${bounds} ${beyond} order by ${timeOrder({ order }, "t")}`;
}

function forEach({ each }: Pick<TripWalk, "each">, query: RawBuilder<unknown>): RawBuilder<unknown> {
  return each ? sql`${each} cross join lateral (${query}) w` : sql`(${query}) w`;
}

interface CutRow extends PositionRow {
  readonly within: readonly string[];
}

/** Leaves out what lies beyond the place to which all walks have been looked through. */
async function cutOff(
  em: SqlEntityManager,
  walks: readonly BoundedWalk[],
  path: Path,
  places: readonly TripPlace[],
): Promise<TripPlaces> {
  const ends = walks.map((walk) => {
    const last = sql`select t.request_time, t.id from (${alongOf(walk, path)} offset ${walk.lookAt - 1} limit 1) t`;
    return sql`select ${sql.lit(walk.rank)} as rank, w.request_time, w.id from ${forEach(walk, last)}`;
  });
  const ids = places.map(({ id }) => id);
  const times = places.map(({ requestedAt }) => requestedAt.toISOString());
  const ranks = places.map(({ rank }) => rank);
  const isReached = path.order === "NEWEST_FIRST" ? sql.raw(">=") : sql.raw("<=");
  const { rows } = await sql<CutRow>`
    select e.rank, e.request_time, e.id, coalesce((
             select json_agg(p.id) from unnest(${ids}::text[], ${times}::timestamptz[], ${ranks}::int[]) p (id, request_time, rank)
              where (p.rank, p.request_time, p.id) ${isReached} (e.rank, e.request_time, e.id)), '[]') as within
      from (${union(ends)}) e order by ${listOrder(path, "e")} limit 1`.execute(em.getKysely());
  const [end] = rows;
  if (!end) return { places };
  const within = new Set(end.within);
  return { places: places.filter(({ id }) => within.has(id)), until: positionFromRow(end) };
}
