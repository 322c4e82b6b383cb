import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import type { Moment } from "#platform/rpc/page.ts";
import type { TransportStatus, Trip } from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { selectTrips } from "./trip.store.ts";

/** Which trips. What is absent matches everything. */
export interface TripFilter {
  /** Any of these. */
  readonly statuses: readonly TransportStatus[];
  readonly hospitalId?: string;
  readonly assignedAgencyId?: string;
}

/** Which part of the list. */
export interface TripSlice {
  readonly limit: number;
  /** The place after which it begins; from the newest on if absent. */
  readonly after?: Moment;
}

/**
 * Lists the trips that somebody may see, newest first. Each way of seeing a trip is read from an index of its own in
 * the list's order, and at most `limit` of it, so that a page costs the same however many trips there are.
 */
export async function listTrips(
  em: SqlEntityManager,
  actor: TripActor,
  filter: TripFilter,
  { limit, after }: TripSlice,
): Promise<readonly Trip[]> {
  const order = sql`order by t.request_time desc, t.id desc limit ${limit}`;
  const rest = sql`${filterOf(filter)} ${after ? positionAfter(after) : sql``} ${order}`;
  const ids = sql.join(
    waysToSee(actor, filter, rest).map((way) => sql`(${way})`),
    sql` union `,
  );
  return selectTrips(em, sql`where t.id in (${ids}) ${order}`);
}

/** One query for each way of seeing trips; `rest` narrows it down and puts it in order. */
function waysToSee(
  actor: TripActor,
  { statuses, hospitalId, assignedAgencyId }: TripFilter,
  rest: RawBuilder<unknown>,
): readonly RawBuilder<unknown>[] {
  switch (actor.type) {
    case "CENTER":
      if (hospitalId !== undefined || assignedAgencyId !== undefined || statuses.length < 2) {
        return [sql`select t.id from trip t where true ${rest}`];
      }
      // One state at a time: together they are in no index's order.
      return statuses.map((status) => sql`select t.id from trip t where t.status = ${status} ${rest}`);
    case "HOSPITAL":
      return [
        sql`select t.id from trip t where t.hospital_id = ${actor.hospitalId} ${rest}`,
        // Likewise one destination at a time.
        sql`select inbound.id from facility f
             cross join lateral (select t.id from trip t where t.destination_facility_id = f.id ${rest}) inbound
             where f.hospital_id = ${actor.hospitalId}`,
      ];
    case "EMS": {
      const own = sql`select t.id from trip t where t.assigned_agency_id = ${actor.agencyId} ${rest}`;
      const { isActive, counties } = actor.reach;
      if (!isActive || counties.length === 0) return [own];
      const open = sql`select t.id from trip t join facility f on f.id = t.origin_facility_id
        where t.status = 'PENDING' and lower(btrim(f.county)) in (${sql.join(counties)}) ${rest}`;
      return [own, open];
    }
  }
}

function filterOf({ statuses, hospitalId, assignedAgencyId }: TripFilter): RawBuilder<unknown> {
  const status = statuses.length > 0 ? sql`and t.status in (${sql.join(statuses)})` : sql``;
  const hospital = hospitalId === undefined ? sql`` : sql`and t.hospital_id = ${hospitalId}`;
  const agency = assignedAgencyId === undefined ? sql`` : sql`and t.assigned_agency_id = ${assignedAgencyId}`;
  return sql`${status} ${hospital} ${agency}`;
}

function positionAfter({ at, id }: Moment): RawBuilder<unknown> {
  return sql`and (t.request_time, t.id) < (${at}, ${id})`;
}
