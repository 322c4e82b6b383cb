import type { ReleaseReason } from "./transport.ts";
import {
  type AssignedTrip,
  changed,
  type Decision,
  granted,
  isAssignedAgency,
  type PendingTrip,
  refused,
  refusedInState,
  type Trip,
  type TripChange,
  withoutConsent,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { biddingCloseAfter, type TripTerms } from "./trip-terms.ts";

/** Who gives a trip back, or takes it away, and why. */
export interface Release {
  readonly actor: TripActor;
  /** Free text. Patient data. */
  readonly reason: string;
  readonly terms: TripTerms;
  readonly now: Date;
}

/** T3: an agency gives a trip back before the pickup, or Center takes it. The trip waits again. */
export function releaseTrip(trip: Trip, { actor, reason, terms, now }: Release): Decision<TripChange<PendingTrip>> {
  if (!isAssignedAgency(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the assigned agency gives the trip back");
  }
  if (reason.trim() === "") return refused("VALIDATION_FAILED", "a reason is demanded");
  if (trip.status !== "ASSIGNED") return refusedInState(trip, "be released");
  const after = released(trip, actor.type === "CENTER" ? "TAKEN_BY_CENTER" : "TURNED_BACK", terms, now);
  return granted({ name: "released", before: trip, after, userId: actor.userId, comment: reason });
}

/** T3 by the clock: the agency has not consented in time. @returns undefined if there is nothing to release. */
export function releaseLapsed(
  trip: Trip,
  { terms, now }: Pick<Release, "terms" | "now">,
): TripChange<PendingTrip> | undefined {
  if (trip.status !== "ASSIGNED" || !trip.consentDueAt || trip.consentDueAt >= now) return undefined;
  return { name: "released", before: trip, after: released(trip, "CONSENT_LAPSED", terms, now), userId: "" };
}

/**
 * The trip as it waits again: who had it stays in its history, its milestones stay, its clocks go on, and agencies may
 * bid anew.
 * @param trip as it is to be, apart from that; its version is counted up here.
 */
export function released(trip: AssignedTrip, releaseReason: ReleaseReason, terms: TripTerms, now: Date): PendingTrip {
  const { award, consentDueAt, ...facts } = changed(trip, now);
  return { ...facts, status: "PENDING", releaseReason, biddingClosesAt: biddingCloseAfter(now, trip.priority, terms) };
}

/** Who keeps a trip that has changed. */
export interface Consent {
  readonly actor: TripActor;
  /** Why Center acts in the agency's place. Free text. */
  readonly overrideReason?: string;
  readonly now: Date;
}

/** The agency keeps the trip as it was changed after the award. */
export function consentToTrip(trip: Trip, { actor, overrideReason, now }: Consent): Decision<TripChange<AssignedTrip>> {
  if (!isAssignedAgency(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the assigned agency consents");
  }
  if (actor.type === "CENTER" && !overrideReason?.trim()) {
    return refused("VALIDATION_FAILED", "override_reason is demanded of Center");
  }
  if (trip.status !== "ASSIGNED") return refusedInState(trip, "be consented to");
  if (!trip.consentDueAt) return refused("INVALID_STATE_TRANSITION", "there is nothing to consent to");
  // The trip is about to be released: what it promises must not depend on how soon that is done.
  if (trip.consentDueAt < now) return refused("INVALID_STATE_TRANSITION", "the time to consent is over");
  const after = changed(withoutConsent(trip), now);
  const comment = actor.type === "CENTER" && overrideReason ? { comment: overrideReason } : {};
  return granted({ name: "consented", before: trip, after, userId: actor.userId, ...comment });
}
