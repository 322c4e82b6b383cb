import { type RawBuilder, sql } from "kysely";
import { openStatuses, type TripFilter, type TripListing, type TripPosition } from "./trip-list.ts";

/** That a trip is open, in the words of the indexes that hold open trips only. */
export function isOpen(alias: string): RawBuilder<unknown> {
  return sql`${sql.ref(`${alias}.status`)} in (${sql.join(openStatuses.map((status) => sql.lit(status)))})`;
}

/** What the filter demands beyond what holds already. `state` has what may change about a trip, `t` what may not. */
export function conditionsOf(
  filter: TripFilter,
  state: "t" | "v",
  holds: readonly (keyof TripFilter)[],
): readonly RawBuilder<unknown>[] {
  const columns: Partial<Record<keyof TripFilter, string>> = {
    statuses: `${state}.status`,
    levels: `${state}.transport_level`,
    priorities: `${state}.priority`,
    hospitalId: "t.hospital_id",
    assignedAgencyId: `${state}.assigned_agency_id`,
    originFacilityId: `${state}.origin_facility_id`,
    destinationFacilityId: `${state}.destination_facility_id`,
    tripNumber: "t.trip_number",
  };
  return Object.entries(columns).flatMap(([field, column]) => {
    const name = field as keyof TripFilter;
    const wanted = filter[name];
    if (wanted === undefined || holds.includes(name)) return [];
    if (!Array.isArray(wanted)) return [sql`${sql.ref(column)} = ${wanted}`];
    return wanted.length === 0 ? [] : [sql`${sql.ref(column)} in (${sql.join(wanted)})`];
  });
}

/** The time within which the filter wants trips to have been requested, for `t`. */
export function requestedWithin({ requestedFrom, requestedUntil }: TripFilter): RawBuilder<unknown> {
  const from = requestedFrom ? sql`and t.request_time >= ${requestedFrom}` : sql``;
  const until = requestedUntil ? sql`and t.request_time < ${requestedUntil}` : sql``;
  return sql`${from} ${until}`;
}

/** The columns that a filter asks for, of a trip `t` as it was: its last version until then. */
export function versionAt(asOf: Date): RawBuilder<unknown> {
  return sql`select h.version, h.to_status as status, h.agency_id as assigned_agency_id, h.transport_level, h.priority,
                    h.origin_facility_id, h.destination_facility_id
               from trip_history h where h.trip_id = t.id and h.recorded_at <= ${asOf} order by h.version desc limit 1`;
}

type Ordered = Pick<TripListing, "order">;

/** By the time of the request, as far as the order goes by it. */
export function timeOrder({ order }: Ordered, alias: string): RawBuilder<unknown> {
  const direction = order === "NEWEST_FIRST" ? sql.raw("desc") : sql.raw("asc");
  return sql`${sql.ref(`${alias}.request_time`)} ${direction}, ${sql.ref(`${alias}.id`)} ${direction}`;
}

/** The same by rank first, where the order is by priority; elsewhere all ranks are the same. */
export function listOrder(ordered: Ordered, alias: string): RawBuilder<unknown> {
  const byTime = timeOrder(ordered, alias);
  return ordered.order === "MOST_URGENT_FIRST" ? sql`${sql.ref(`${alias}.rank`)}, ${byTime}` : byTime;
}

/** That a trip comes after a place of the same rank. */
export function positionAfter(
  alias: string,
  order: TripListing["order"],
  { requestedAt, id }: TripPosition,
): RawBuilder<unknown> {
  const comes = order === "NEWEST_FIRST" ? sql.raw("<") : sql.raw(">");
  return sql`(${sql.ref(`${alias}.request_time`)}, ${sql.ref(`${alias}.id`)}) ${comes} (${requestedAt}, ${id})`;
}

/** That a trip comes after a place, whatever the rank of either. */
export function placeAfter(alias: string, order: TripListing["order"], place: TripPosition): RawBuilder<unknown> {
  if (order !== "MOST_URGENT_FIRST") return positionAfter(alias, order, place);
  const { rank, requestedAt, id } = place;
  const [own, time, key] = ["rank", "request_time", "id"].map((column) => sql.ref(`${alias}.${column}`));
  return sql`(${own}, ${time}, ${key}) > (${rank}, ${requestedAt}, ${id})`;
}

/** That a trip `t` was open at a time, in the words of the index that knows when each trip was. */
export function wasOpenAt(time: Date): RawBuilder<unknown> {
  return sql`tstzrange(least(t.created_at, t.closed_at), t.closed_at) @> ${time}::timestamptz`;
}

/** The rows of all queries. */
export function union(queries: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql.join(
    queries.map((query) => sql`(${query})`),
    sql` union all `,
  );
}
