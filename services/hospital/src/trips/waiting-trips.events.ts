import { sql } from "kysely";
import type { Work } from "#platform/database/unit-of-work.ts";
import { recordTripChange } from "./trip.events.ts";
import { lockTrip } from "./trip.store.ts";
import { changed } from "./trip.ts";

/**
 * Tells anew of the trips that wait at a facility, after its place was corrected: which agencies are offered them goes by
 * where they begin, in Hospital's eyes and in EMS's. The bids that were made stand; an agency that does not serve the
 * place can no longer win.
 */
export async function retellWaitingTrips(work: Work, facilityId: string, userId: string): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select id from trip where origin_facility_id = ${facilityId} and status = 'PENDING' order by id`.execute(
    work.tx.getKysely(),
  );
  for (const { id } of rows) {
    const before = await lockTrip(work.tx, id);
    if (before?.status !== "PENDING") continue;
    await recordTripChange(work, { name: "updated", before, after: changed(before, work.now), userId });
  }
}
