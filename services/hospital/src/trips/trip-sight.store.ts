import type { Work } from "#platform/database/unit-of-work.ts";
import { notFound } from "#platform/rpc/refusal.ts";
import type { TripActor } from "./trip-actor.ts";
import { relationTo, type TripRelation } from "./trip-scope.ts";
import { findTrip } from "./trip.store.ts";
import type { Trip } from "./trip.ts";

/** A trip, and what somebody is to it. */
export interface SeenTrip {
  readonly trip: Trip;
  readonly relation: TripRelation;
}

/**
 * Loads a trip that the person may know of. The audit log names it even if the person may not.
 * @throws Refusal RESOURCE_NOT_FOUND, for one that exists as for one that does not.
 */
export async function seeTrip(
  work: Work,
  tripId: string,
  actor: TripActor,
  load: typeof findTrip = findTrip,
): Promise<SeenTrip> {
  work.touched("trip", tripId);
  const trip = await load(work.tx, tripId);
  const relation = trip && relationTo(trip, actor);
  if (!trip || !relation) throw notFound("trip", tripId);
  return { trip, relation };
}
