import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { AwardPolicy, Priority, TransportLevel } from "./transport.ts";
import type { Place } from "./trip-copy.ts";

/** A trip that waits for an agency. */
export interface AvailableTrip {
  readonly id: string;
  readonly number: string;
  readonly hospitalId: string;
  readonly origin: Place;
  readonly destination: Place;
  readonly level: TransportLevel;
  readonly priority: Priority;
  readonly urgency: number;
  readonly awardPolicy: AwardPolicy;
  readonly requestedAt: Date;
  readonly materialVersion: number;
  readonly receivedAt: Date;
  readonly biddingClosesAt?: Date;
  readonly pickupWindow?: { readonly start: Date; readonly end: Date };
  /** The open bid of the agency that looks. */
  readonly ownBidId?: string;
  /** The agency that looks has said that it does not take the trip. */
  readonly isDeclined: boolean;
}

/** What is open to an agency: trips of these levels that begin in these counties, which are in lower case. */
export interface Reach {
  readonly agencyId: string;
  readonly counties: readonly string[];
  readonly levels: readonly TransportLevel[];
}

/** A trip's place in the list: the most urgent first, then the oldest. */
export interface AvailablePlace {
  readonly urgency: number;
  readonly requestedAt: Date;
  readonly id: string;
}

/** Which trips to list. */
export interface AvailableListing {
  /** Through whose eyes; undefined sees all. */
  readonly reach: Reach | undefined;
  /** Any of these; all if empty. */
  readonly levels: readonly TransportLevel[];
  /** Any of these; all if empty. */
  readonly priorities: readonly Priority[];
  /** Only trips that begin there; in lower case. */
  readonly county?: string | undefined;
  /** Without those that the agency that looks has declined. */
  readonly hidesDeclined: boolean;
  /** Bidding on a trip that is shown is open at this time. */
  readonly now: Date;
  /** Only this trip. */
  readonly tripId?: string;
  readonly after?: AvailablePlace | undefined;
  readonly limit: number;
}

interface AvailableRow {
  readonly id: string;
  readonly trip_number: string;
  readonly hospital_id: string;
  readonly origin: Place;
  readonly destination: Place;
  readonly transport_level: TransportLevel;
  readonly priority: Priority;
  readonly urgency: number;
  readonly award_policy: AwardPolicy;
  readonly request_time: string;
  readonly material_version: number;
  readonly receive_time: string;
  readonly bidding_close_time: string | null;
  readonly pickup_window_start: string | null;
  readonly pickup_window_end: string | null;
  readonly own_bid_id: string | null;
  readonly is_declined: boolean;
}

/** Trips that wait for an agency, from our own copy. Plain rows: dispatchers look at this all day. */
export async function listAvailableTrips(
  em: SqlEntityManager,
  listing: AvailableListing,
): Promise<readonly AvailableTrip[]> {
  const { reach, levels, priorities, county, tripId, after, now, limit } = listing;
  const declined = sql`exists (select from bid d where d.trip_id = t.id and d.agency_id = ${reach?.agencyId ?? ""}
    and d.end_reason = 'DECLINED')`;
  const { rows } = await sql<AvailableRow>`
    select t.id, t.trip_number, t.hospital_id, t.origin, t.destination, t.transport_level, t.priority, t.urgency,
           t.award_policy, t.request_time, t.material_version, t.receive_time, t.bidding_close_time,
           t.pickup_window_start, t.pickup_window_end, b.id as own_bid_id, ${declined} as is_declined
      from trip_copy t
      left join bid b on b.trip_id = t.id and b.agency_id = ${reach?.agencyId ?? ""} and b.status = 'PENDING'
     where t.status = 'PENDING'
       and (t.bidding_close_time is null
         or (t.bidding_close_time > ${now} and t.bidding_closed_for is distinct from t.bidding_close_time))
       and not exists (select from assignment a where a.trip_id = t.id and a.state = 'CONFIRMED')
       ${reach === undefined ? sql`` : sql`and ${oneOf("origin_county", reach.counties)} and ${oneOf("transport_level", reach.levels)}`}
       ${levels.length === 0 ? sql`` : sql`and ${oneOf("transport_level", levels)}`}
       ${priorities.length === 0 ? sql`` : sql`and ${oneOf("priority", priorities)}`}
       ${county === undefined ? sql`` : sql`and t.origin_county = ${county}`}
       ${listing.hidesDeclined ? sql`and not ${declined}` : sql``}
       ${tripId === undefined ? sql`` : sql`and t.id = ${tripId}`}
       ${after === undefined ? sql`` : isAfter(after)}
     order by t.urgency desc, t.request_time, t.id
     limit ${limit}`.execute(em.getKysely());
  return rows.map(tripFromRow);
}

/** An empty list matches nothing: an agency without counties, or without units, is offered no trip. */
function oneOf(column: string, values: readonly string[]): RawBuilder<unknown> {
  return values.length === 0 ? sql`false` : sql`${sql.ref(`t.${column}`)} in (${sql.join(values)})`;
}

function isAfter({ urgency, requestedAt, id }: AvailablePlace): RawBuilder<unknown> {
  return sql`and (t.urgency < ${urgency} or (t.urgency = ${urgency} and (t.request_time, t.id) > (${requestedAt}, ${id})))`;
}

function tripFromRow(row: AvailableRow): AvailableTrip {
  return {
    id: row.id,
    number: row.trip_number,
    hospitalId: row.hospital_id,
    origin: row.origin,
    destination: row.destination,
    level: row.transport_level,
    priority: row.priority,
    urgency: row.urgency,
    awardPolicy: row.award_policy,
    requestedAt: dateFromRow(row.request_time),
    materialVersion: row.material_version,
    receivedAt: dateFromRow(row.receive_time),
    ...(row.bidding_close_time !== null && { biddingClosesAt: dateFromRow(row.bidding_close_time) }),
    ...(row.pickup_window_start !== null &&
      row.pickup_window_end !== null && {
        pickupWindow: { start: dateFromRow(row.pickup_window_start), end: dateFromRow(row.pickup_window_end) },
      }),
    ...(row.own_bid_id !== null && { ownBidId: row.own_bid_id }),
    isDeclined: row.is_declined,
  };
}
