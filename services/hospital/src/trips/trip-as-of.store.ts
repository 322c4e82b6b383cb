import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { selectTripVersions, type TripVersion } from "./trip-version.store.ts";

/** A trip as it was at a time; undefined if there was none. */
export async function findTripVersion(
  em: SqlEntityManager,
  tripId: string,
  asOf: Date,
): Promise<TripVersion | undefined> {
  const [version] = await selectTripVersions(
    em,
    sql`where h.trip_id = ${tripId} and h.recorded_at <= ${asOf} order by h.version desc limit 1`,
  );
  return version;
}
