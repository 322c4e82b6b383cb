import { laterOf } from "./milestone.ts";
import { withPauseEnded } from "./sla-pause.ts";
import type { Disposition } from "./transport.ts";
import {
  type CancelledTrip,
  changed,
  type CompletedTrip,
  type Decision,
  granted,
  isClosed,
  isOwner,
  refused,
  refusedInState,
  type Trip,
  type TripChange,
  withoutConsent,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";

/** Who gives a trip up, and why. */
export interface Cancellation {
  readonly actor: TripActor;
  /** Free text. Patient data. */
  readonly reason: string;
  readonly now: Date;
}

/** T6 and T7: gives a trip up before the pickup. The reason of a cancelled trip is never overwritten. */
export function cancelTrip(trip: Trip, { actor, reason, now }: Cancellation): Decision<TripChange<CancelledTrip>> {
  if (!isOwner(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the hospital that asked for the trip may cancel it");
  }
  if (isBlank(reason)) return refused("VALIDATION_FAILED", "a reason is demanded");
  if (trip.status !== "PENDING" && trip.status !== "ASSIGNED") {
    return refused("INVALID_STATE_TRANSITION", `a trip that is ${trip.status} cannot be cancelled`);
  }
  const open = trip.status === "ASSIGNED" ? withoutConsent(trip) : trip;
  const cancelledAt = laterOf(
    open.status === "ASSIGNED" ? open.award.acceptedAt : undefined,
    laterOf(trip.requestedAt, now),
  );
  const next = withPauseEnded(changed(open, now), cancelledAt, actor.userId);
  const after: CancelledTrip = { ...next, status: "CANCELLED", reason, cancelledAt };
  return granted({ name: "cancelled", before: trip, after, userId: actor.userId, comment: reason });
}

/** Who gives a trip up after the pickup, why, and what became of the patient. */
export interface Abortion extends Cancellation {
  readonly disposition: Disposition;
}

/** T8: gives a trip up after the pickup, which only Center may, who answers for the patient then. */
export function abortTrip(
  trip: Trip,
  { actor, reason, disposition, now }: Abortion,
): Decision<TripChange<CancelledTrip>> {
  if (actor.type !== "CENTER") return refused("ACTION_NOT_ALLOWED", "only Center gives up a trip after the pickup");
  if (isBlank(reason)) return refused("VALIDATION_FAILED", "a reason is demanded");
  if (trip.status !== "IN_PROGRESS") return refusedInState(trip, "be aborted");
  const cancelledAt = laterOf(trip.pickedUpAt, now);
  const after: CancelledTrip = { ...changed(trip, now), status: "CANCELLED", reason, disposition, cancelledAt };
  return granted({ name: "cancelled", before: trip, after, userId: actor.userId, comment: reason });
}

/** Who corrects a closed trip, and how. */
export interface Amendment {
  readonly actor: TripActor;
  /** Free text. Patient data. */
  readonly amendment: string;
  readonly now: Date;
}

/** Adds a correction to a closed trip. It stands in the history alone: nothing that was recorded changes. */
export function amendTrip(
  trip: Trip,
  { actor, amendment, now }: Amendment,
): Decision<TripChange<CompletedTrip | CancelledTrip>> {
  if (actor.type !== "CENTER") return refused("ACTION_NOT_ALLOWED", "only Center amends a trip");
  if (isBlank(amendment)) return refused("VALIDATION_FAILED", "an amendment is demanded");
  if (!isClosed(trip)) {
    return refused("INVALID_STATE_TRANSITION", `a trip that is ${trip.status} cannot be amended, but changed`);
  }
  const after = changed(trip, now);
  return granted({ name: "amended", before: trip, after, userId: actor.userId, comment: amendment });
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}
