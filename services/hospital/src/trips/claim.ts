import { laterOf } from "./milestone.ts";
import { canServe, type UnitType } from "./transport.ts";
import {
  type AssignedTrip,
  type Award,
  changed,
  type Decision,
  granted,
  isAssignedAgency,
  isOwner,
  refused,
  type Trip,
  type TripChange,
} from "./trip.ts";
import { reaches, type TripActor } from "./trip-actor.ts";
import { relationTo } from "./trip-scope.ts";

/** A unit with what it can do. */
export interface NamedUnit {
  readonly id: string;
  readonly type: UnitType;
}

/** What an attempt to win a trip says. */
export interface TripClaim {
  readonly attemptId: string;
  readonly agencyId: string;
  /** Undefined if the unit is to be named later. */
  readonly unit?: NamedUnit;
  readonly bidId?: string;
  /** The trip's material version that the agency saw. */
  readonly seenMaterialVersion: number;
  readonly userId: string;
  readonly now: Date;
}

/**
 * Says whether a person may make this claim at all, by what never changes about the trip: the owning hospital and Center
 * for any agency, an agency's people for their own.
 */
export function mayClaim(trip: Trip, { agencyId }: TripClaim, actor: TripActor): Decision<undefined> {
  switch (actor.type) {
    case "CENTER":
      return granted(undefined);
    case "HOSPITAL":
      if (isOwner(trip, actor)) return granted(undefined);
      return refused("ACTION_NOT_ALLOWED", "only the hospital that asked for the trip awards it");
    case "EMS":
      if (actor.agencyId === agencyId) return granted(undefined);
      return refused("ACTION_NOT_ALLOWED", "an agency claims trips for itself alone");
  }
}

/**
 * True if the person may know that the trip is, or was, there to be claimed. An agency that comes too late is told so, which
 * is more than it would see of a trip that has gone to another.
 */
export function isInReach(trip: Trip, actor: TripActor): boolean {
  if (actor.type !== "EMS") return relationTo(trip, actor) !== undefined;
  return reaches(actor.reach, trip.origin.county) || isAssignedAgency(trip, actor);
}

/**
 * Says whether the claim may be made as things stand.
 * @param agencyIsActive undefined if we have not heard of the agency; EMS, which owns it, has checked it then.
 */
export function isClaimable(
  trip: Trip,
  { unit }: TripClaim,
  { actor, agencyIsActive }: { readonly actor: TripActor; readonly agencyIsActive: boolean | undefined },
): Decision<undefined> {
  if (actor.type === "EMS" && trip.awardPolicy !== "FIRST_ACCEPT") {
    return refused("AWARD_POLICY_MISMATCH", "the hospital chooses among the bids for this trip");
  }
  if (agencyIsActive === false) return refused("AGENCY_NOT_ELIGIBLE", "the agency is not active");
  if (unit && !canServe(unit.type, trip.level)) {
    return refused("UNIT_NOT_CAPABLE", `a unit of type ${unit.type} cannot serve level ${trip.level}`);
  }
  return granted(undefined);
}

/** Why a claim lost. */
export type LostReason = "ALREADY_ASSIGNED" | "CANCELLED" | "CHANGED";

/** How a claim ends: with the change that it makes, or with the reason why it makes none. */
export type ClaimVerdict =
  | { readonly outcome: "WON"; readonly change: TripChange<AssignedTrip> }
  | { readonly outcome: "LOST"; readonly reason: LostReason };

/** T2: claims a trip. Losing is an answer and no refusal: the attempt has been decided. */
export function claimTrip(trip: Trip, claim: TripClaim): ClaimVerdict {
  if (trip.status === "CANCELLED") return { outcome: "LOST", reason: "CANCELLED" };
  if (trip.status !== "PENDING") return { outcome: "LOST", reason: "ALREADY_ASSIGNED" };
  if (trip.materialVersion !== claim.seenMaterialVersion) return { outcome: "LOST", reason: "CHANGED" };
  const award: Award = {
    agencyId: claim.agencyId,
    ...(claim.unit && { unitId: claim.unit.id }),
    attemptId: claim.attemptId,
    // Another instance's clock may have been ahead when the trip was asked for.
    acceptedAt: laterOf(trip.requestedAt, claim.now),
  };
  const after: AssignedTrip = { ...changed(trip, claim.now), status: "ASSIGNED", award };
  const { userId, bidId } = claim;
  return { outcome: "WON", change: { name: "accepted", before: trip, after, userId, ...(bidId && { bidId }) } };
}

/** A unit that is to take the trip. */
export interface UnitAssignment {
  readonly attemptId: string;
  readonly unit: NamedUnit;
  /** Undefined if EMS repeats on its own what a person has begun: it acts for the agency that won with the attempt. */
  readonly actor?: TripActor;
  readonly now: Date;
}

/**
 * T2b: puts a unit on a trip that the attempt has won, or swaps it.
 * Asking again for the unit that already has the trip changes nothing, so callers may retry.
 */
export function setTripUnit(
  trip: Trip,
  { attemptId, unit, actor, now }: UnitAssignment,
): Decision<TripChange<AssignedTrip> | undefined> {
  if (actor && !isAssignedAgency(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the assigned agency names the unit");
  }
  if (trip.status === "CANCELLED") return refused("TRIP_CANCELLED", "the trip was cancelled");
  if (trip.status === "PENDING" || trip.award?.attemptId !== attemptId) {
    return refused("INVALID_STATE_TRANSITION", "this attempt does not have the trip");
  }
  if (trip.award.unitId === unit.id) return granted(undefined);
  if (trip.status !== "ASSIGNED") {
    return refused("INVALID_STATE_TRANSITION", `the unit of a trip that is ${trip.status} cannot change`);
  }
  if (!canServe(unit.type, trip.level)) {
    return refused("UNIT_NOT_CAPABLE", `a unit of type ${unit.type} cannot serve level ${trip.level}`);
  }
  const after: AssignedTrip = { ...changed(trip, now), status: "ASSIGNED", award: { ...trip.award, unitId: unit.id } };
  return granted({ name: "unit_assigned", before: trip, after, userId: actor?.userId ?? "" });
}
