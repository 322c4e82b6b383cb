import { laterOf } from "./milestone.ts";
import { canServe, isAutomatic, type UnitType } from "./transport.ts";
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
  /** Undefined if the trip's policy chose the bid when bidding closed. */
  readonly actor?: TripActor;
  readonly now: Date;
}

/**
 * Says whether this claim may be made at all, by what never changes about the trip: by the owning hospital and Center for
 * any agency, by an agency's people for their own, and by the trip's policy for a bid.
 */
export function mayClaim(trip: Trip, { agencyId, bidId, actor }: TripClaim): Decision<undefined> {
  if (!actor) {
    if (bidId !== undefined) return granted(undefined);
    return refused("VALIDATION_FAILED", "a trip is awarded without a person only to a bid");
  }
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
export function isInReach(trip: Trip, actor: TripActor | undefined): boolean {
  if (!actor) return true;
  if (actor.type !== "EMS") return relationTo(trip, actor) !== undefined;
  return reaches(actor.reach, trip.origin.county) || isAssignedAgency(trip, actor);
}

/**
 * Says whether the claim may be made as things stand.
 * @param agencyIsActive undefined if we have not heard of the agency; EMS, which owns it, has checked it then.
 */
export function isClaimable(trip: Trip, claim: TripClaim, agencyIsActive: boolean | undefined): Decision<undefined> {
  const { unit } = claim;
  const fits = fitsPolicy(trip, claim);
  if (!fits.ok) return fits;
  if (agencyIsActive === false) return refused("AGENCY_NOT_ELIGIBLE", "the agency is not active");
  if (unit && !canServe(unit.type, trip.level)) {
    return refused("UNIT_NOT_CAPABLE", `a unit of type ${unit.type} cannot serve level ${trip.level}`);
  }
  return granted(undefined);
}

/** A hospital may choose whatever its policy is; agencies and clocks may not choose for it. */
function fitsPolicy({ awardPolicy, biddingClosesAt }: Trip, { actor, now }: TripClaim): Decision<undefined> {
  if (!actor) {
    if (!isAutomatic(awardPolicy)) {
      return refused("AWARD_POLICY_MISMATCH", "the trip's policy awards nothing when bidding closes");
    }
    if (biddingClosesAt && biddingClosesAt <= now) return granted(undefined);
    return refused("INVALID_STATE_TRANSITION", "bidding on the trip is still open");
  }
  if (actor.type === "EMS" && awardPolicy !== "FIRST_ACCEPT") {
    return refused("AWARD_POLICY_MISMATCH", "the hospital, or its policy, chooses among the bids for this trip");
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
    ...(claim.unit && { unitId: claim.unit.id, unitType: claim.unit.type }),
    attemptId: claim.attemptId,
    // Another instance's clock may have been ahead when the trip was asked for, or last released.
    acceptedAt: laterOf(trip.updatedAt, laterOf(trip.requestedAt, claim.now)),
  };
  const { releaseReason, ...next } = changed(trip, claim.now);
  const after: AssignedTrip = { ...next, status: "ASSIGNED", award, turn: trip.turn + 1 };
  const { actor, bidId } = claim;
  const userId = actor?.userId ?? "";
  return { outcome: "WON", change: { name: "accepted", before: trip, after, userId, ...(bidId && { bidId }) } };
}

/** A unit that is to take the trip. */
export interface UnitAssignment {
  readonly attemptId: string;
  readonly unit: NamedUnit;
  /** The unit that has the trip so far, as EMS knows it; undefined if none. */
  readonly previousUnitId?: string;
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
  { attemptId, unit, previousUnitId, actor, now }: UnitAssignment,
): Decision<TripChange<AssignedTrip> | undefined> {
  if (actor && !isAssignedAgency(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the assigned agency names the unit");
  }
  if (trip.status === "CANCELLED") return refused("TRIP_CANCELLED", "the trip was cancelled");
  if (trip.status === "PENDING" || trip.award?.attemptId !== attemptId) {
    return refused("INVALID_STATE_TRANSITION", "this attempt does not have the trip");
  }
  if (trip.award.unitId === unit.id) return granted(undefined);
  // A late copy of an earlier call must not undo what came after it.
  if (trip.award.unitId !== previousUnitId) {
    return refused("INVALID_STATE_TRANSITION", "another unit has the trip than the one that is to be replaced");
  }
  if (trip.status !== "ASSIGNED") {
    return refused("INVALID_STATE_TRANSITION", `the unit of a trip that is ${trip.status} cannot change`);
  }
  if (!canServe(unit.type, trip.level)) {
    return refused("UNIT_NOT_CAPABLE", `a unit of type ${unit.type} cannot serve level ${trip.level}`);
  }
  const award: Award = { ...trip.award, unitId: unit.id, unitType: unit.type };
  const after: AssignedTrip = { ...changed(trip, now), award, turn: trip.turn + 1 };
  return granted({ name: "unit_assigned", before: trip, after, userId: actor?.userId ?? "" });
}
