import type { TripActor } from "../trips/trip-actor.ts";
import { matchesFilter, type TripFilter } from "../trips/trip-list.ts";
import { relationTo, type TripRelation } from "../trips/trip-scope.ts";
import { isClosed, type Trip } from "../trips/trip.ts";

/** Who looks at the board, and at which trips. */
export interface TripView {
  /** The same text as long as the person may see the same trips. */
  readonly key: string;
  readonly actor: TripActor;
  readonly filter: TripFilter;
}

/** The view of a person with a filter. */
export function tripView(actor: TripActor, filter: TripFilter): TripView {
  const reach = actor.type === "EMS" ? [actor.reach.isActive, ...actor.reach.counties.toSorted()] : [];
  return { key: reach.join(), actor, filter };
}

/** What the viewer is to a trip that is on the board; undefined if it is closed, not asked for, or not the viewer's to see. */
export function relationOnBoard(trip: Trip, { actor, filter }: TripView): TripRelation | undefined {
  return isClosed(trip) || !matchesFilter(trip, filter) ? undefined : relationTo(trip, actor);
}

/** What a change means for a viewer's board. */
export type TripFate =
  | { readonly kind: "ON_BOARD"; readonly relation: TripRelation }
  /** Without a relation the viewer may no longer see the trip. */
  | { readonly kind: "OFF_BOARD"; readonly relation: TripRelation | undefined }
  | { readonly kind: "UNSEEN" };

/** What becomes of a trip on a viewer's board by a change. Pure. */
export function fateOnBoard(
  { before, after }: { readonly before?: Trip; readonly after: Trip },
  view: TripView,
): TripFate {
  const relation = relationOnBoard(after, view);
  if (relation) return { kind: "ON_BOARD", relation };
  if (!before || !relationOnBoard(before, view)) return { kind: "UNSEEN" };
  return { kind: "OFF_BOARD", relation: relationTo(after, view.actor) };
}
