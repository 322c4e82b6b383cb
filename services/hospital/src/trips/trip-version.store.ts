import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import { type TripRow, tripFromRow } from "./trip.row.ts";
import { tripColumns } from "./trip.store.ts";
import type { Trip, TripVersionName } from "./trip.ts";

/** One version of a trip, as it was after the change that made it. */
export interface TripVersion {
  /** Its place among the versions of all trips, in the order in which they were written. */
  readonly seq: bigint;
  readonly change: TripVersionName;
  readonly trip: Trip;
  /** From when on it was the trip's version. */
  readonly recordedAt: Date;
}

interface TripVersionRow extends TripRow {
  readonly seq: string;
  readonly change: TripVersionName;
  readonly recorded_at: string;
}

/**
 * Selects versions of trips with the steps reported until then, in one statement. What follows is up to the caller, who
 * knows `trip_history` as `h` and `trip`, for what never changes, as `t`. Facilities are named as they are now.
 */
export async function selectTripVersions(
  em: SqlEntityManager,
  rest: RawBuilder<unknown>,
): Promise<readonly TripVersion[]> {
  const { rows } = await sql<TripVersionRow>`
    select h.seq::text as seq, h.change, h.recorded_at, ${tripColumns("h")}
      from trip_history h
      join trip t on t.id = h.trip_id
      join facility o on o.id = h.origin_facility_id
      join facility d on d.id = h.destination_facility_id
      ${rest}`.execute(em.getKysely());
  return rows.map((row) => ({
    seq: BigInt(row.seq),
    change: row.change,
    trip: tripFromRow(row),
    recordedAt: dateFromRow(row.recorded_at),
  }));
}
