import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { TripActor } from "./trip-actor.ts";
import { relationThen } from "./trip-as-of.ts";
import { byUrgency, matchesFilter, type TripListing, wantsOnlyOpen } from "./trip-list.ts";
import { conditionsOf, listOrder, placeAfter, requestedWithin, versionAt, wasOpenAt } from "./trip-list-query.store.ts";
import { visibleTo } from "./trip-list-scope.store.ts";
import { type TripPlace, type TripPlaces, type TripSlice, walkTrips } from "./trip-list-walk.store.ts";
import { relationTo } from "./trip-scope.ts";
import type { SeenTrip } from "./trip-sight.store.ts";
import { selectTrips } from "./trip.store.ts";
import { selectTripVersions } from "./trip-version.store.ts";

/**
 * Finds the places of a list that hold trips which somebody may see. A page costs the same however many trips there are;
 * it may be short, and then `until` says from where to go on.
 */
export async function findTripPlaces(
  em: SqlEntityManager,
  actor: TripActor,
  listing: TripListing,
  slice: TripSlice,
): Promise<TripPlaces> {
  const { filter, asOf } = listing;
  if (asOf && wantsOnlyOpen(filter)) return { places: await findOpenThen(em, actor, { ...listing, asOf }, slice) };
  return walkTrips(em, actor, listing, slice);
}

/** Loads those of the trips that somebody may see, by their ids. */
export async function loadSeenTrips(
  em: SqlEntityManager,
  actor: TripActor,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SeenTrip>> {
  if (ids.length === 0) return new Map();
  const trips = await selectTrips(em, sql`where t.id in (${sql.join(ids)})`);
  return new Map(
    trips.flatMap((trip) => {
      // Asked again of each trip, so that a query that lists too much shows nothing that it should not.
      const relation = relationTo(trip, actor);
      return relation ? [[trip.id, { trip, relation }] as const] : [];
    }),
  );
}

/** Loads what stands at places of a list, in their order, as somebody may see it. */
export async function loadTripPlaces(
  em: SqlEntityManager,
  actor: TripActor,
  { filter, asOf }: TripListing,
  places: readonly TripPlace[],
): Promise<readonly SeenTrip[]> {
  const now = await loadSeenTrips(
    em,
    actor,
    places.map(({ id }) => id),
  );
  const seen = asOf ? await asSeenThen(em, actor, places, now) : now;
  return places.flatMap(({ id }) => {
    const found = seen.get(id);
    // A trip may have changed since its place was found.
    return found && matchesFilter(found.trip, filter) ? [found] : [];
  });
}

async function asSeenThen(
  em: SqlEntityManager,
  actor: TripActor,
  places: readonly TripPlace[],
  now: ReadonlyMap<string, SeenTrip>,
): Promise<ReadonlyMap<string, SeenTrip>> {
  if (places.length === 0) return now;
  const keys = places.map(({ id, version }) => sql`(${id}, ${version}::int)`);
  const versions = await selectTripVersions(em, sql`where (h.trip_id, h.version) in (${sql.join(keys)})`);
  return new Map(
    versions.flatMap(({ trip }) => {
      const known = now.get(trip.id);
      const relation = known && relationThen(known.relation, trip, actor);
      return relation ? [[trip.id, { trip, relation }] as const] : [];
    }),
  );
}

interface OpenRow {
  readonly rank: number;
  readonly request_time: string;
  readonly id: string;
  readonly version: number;
}

/**
 * The trips that were open at a time. An index knows when each trip was open, and only as many were at once as there is
 * work for, so that all of them can be looked at and put in order.
 */
async function findOpenThen(
  em: SqlEntityManager,
  actor: TripActor,
  { filter, order, asOf }: TripListing & { readonly asOf: Date },
  { limit, after }: TripSlice,
): Promise<readonly TripPlace[]> {
  const urgencies = sql.join(byUrgency.map((priority) => sql.lit(priority)));
  const rank = order === "MOST_URGENT_FIRST" ? sql`array_position(array[${urgencies}], v.priority) - 1` : sql`0`;
  const conditions = [sql`true`, ...conditionsOf(filter, "v", [])];
  // OFFSET 0 keeps the order of the list out of the choice of the index.
  const { rows } = await sql<OpenRow>`
    select p.rank, p.request_time, p.id, p.version
      from (select ${rank} as rank, t.request_time, t.id, v.version
              from (select t.* from trip t
                     where ${sql.join([wasOpenAt(asOf), ...visibleTo(actor)], sql` and `)} ${requestedWithin(filter)}
                    offset 0) t
             cross join lateral (${versionAt(asOf)}) v
             where ${sql.join(conditions, sql` and `)}) p
     where ${after ? placeAfter("p", order, after) : sql`true`}
     order by ${listOrder({ order }, "p")} limit ${limit}`.execute(em.getKysely());
  return rows.map(({ rank: urgency, request_time: time, id, version }) => ({
    ...{ rank: urgency, id, version },
    requestedAt: dateFromRow(time),
  }));
}
