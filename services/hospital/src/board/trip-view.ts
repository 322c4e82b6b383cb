import type { TripActor } from "../trips/trip-actor.ts";
import { matchesFilter, type TripFilter } from "../trips/trip-list.ts";
import { relationThen } from "../trips/trip-as-of.ts";
import { relationTo, seesPatientData, type TripRelation } from "../trips/trip-scope.ts";
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

/**
 * The same of a trip that is shown as it was: about its patient the viewer is told no more than of the trip as it is.
 * @param now the trip as it is.
 */
export function relationOnBoardThen(trip: Trip, view: TripView, now: Trip): TripRelation | undefined {
  const relation = relationOnBoard(trip, view);
  return relation && relationStill(relation, trip, { actor: view.actor, now });
}

/** What is left of what the viewer was to the trip. Of an offer, which tells nothing of a patient, everything. */
function relationStill(
  then: TripRelation,
  trip: Trip,
  { actor, now }: { readonly actor: TripActor; readonly now: Trip },
): TripRelation | undefined {
  if (now === trip || !seesPatientData(then)) return then;
  const relation = relationTo(now, actor);
  return relation && relationThen(relation, trip, actor);
}

/** What a change means for a viewer's board. */
export type TripFate =
  | { readonly kind: "ON_BOARD"; readonly relation: TripRelation }
  /** Without a relation the viewer may no longer see the trip. */
  | { readonly kind: "OFF_BOARD"; readonly relation: TripRelation | undefined }
  | { readonly kind: "UNSEEN" };

/**
 * What becomes of a trip on a viewer's board by a change. Pure.
 * @param now the trip as it is, which may be long after the change.
 */
export function fateOnBoard(
  { before, after }: { readonly before?: Trip; readonly after: Trip },
  view: TripView,
  now: Trip,
): TripFate {
  const relation = relationOnBoardThen(after, view, now);
  if (relation) return { kind: "ON_BOARD", relation };
  if (!before || !relationOnBoard(before, view)) return { kind: "UNSEEN" };
  const { actor } = view;
  const then = relationTo(after, actor);
  return { kind: "OFF_BOARD", relation: then && relationStill(then, after, { actor, now }) };
}
