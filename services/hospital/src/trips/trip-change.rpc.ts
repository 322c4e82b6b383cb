import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TripSchema } from "#gen/medport/transport/v1/trip_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import type { TripActor } from "./trip-actor.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { recordTripChange } from "./trip.events.ts";
import { messageFromTrip } from "./trip.message.ts";
import { grantedOrThrow } from "./trip.refusal.ts";
import { relationTo } from "./trip-scope.ts";
import { seeTrip } from "./trip-sight.store.ts";
import { lockTrip } from "./trip.store.ts";
import type { Decision, Trip, TripChange } from "./trip.ts";

/** What every answer to a change of a trip holds. */
export interface TripAnswer {
  readonly trip: MessageInitShape<typeof TripSchema>;
}

type Deciding = Decision<TripChange | undefined>;

/**
 * Loads and holds a trip, decides, saves and tells: what every change of an existing trip has in common. A decision
 * without a change answers the trip as it is.
 * @throws Refusal RESOURCE_NOT_FOUND, ETAG_MISMATCH, or the decision's.
 */
export async function changeTrip(
  work: Work,
  { tripId, etag }: { readonly tripId: string; readonly etag: string },
  decide: (trip: Trip, actor: TripActor) => Deciding | Promise<Deciding>,
): Promise<TripAnswer> {
  const actor = await tripActorOf(work);
  const { trip, relation } = await seeTrip(work, tripId, actor, lockTrip);
  assertEtag(etag, trip.version);
  const change = grantedOrThrow(await decide(trip, actor));
  if (!change) return { trip: messageFromTrip(trip, relation, work.now) };
  await recordTripChange(work, change);
  // Whoever gives a trip away no longer sees what only those see who have it.
  const relationAfter = relationTo(change.after, actor) ?? "OFFERED";
  return { trip: messageFromTrip(change.after, relationAfter, work.now) };
}
