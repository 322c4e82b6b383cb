import {
  changed,
  type Decision,
  granted,
  isOwner,
  type PendingTrip,
  refused,
  refusedInState,
  type Trip,
  type TripChange,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { biddingCloseAfter, type TripTerms } from "./trip-terms.ts";

/** Who lets agencies bid again. */
export interface Reopening {
  readonly actor: TripActor;
  readonly terms: TripTerms;
  readonly now: Date;
}

/** Lets agencies bid, for the whole time anew, on a trip that still waits. */
export function reopenBidding(trip: Trip, { actor, terms, now }: Reopening): Decision<TripChange<PendingTrip>> {
  if (!isOwner(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the hospital that asked for the trip reopens its bidding");
  }
  if (trip.status !== "PENDING") return refusedInState(trip, "be bid on");
  const after: PendingTrip = {
    ...changed(trip, now),
    biddingClosesAt: biddingCloseAfter(now, trip.priority, terms),
  };
  return granted({ name: "bidding_reopened", before: trip, after, userId: actor.userId });
}
