import type { Id } from "#platform/id.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";
import type { UnitType } from "../units/unit-type.ts";

/** Identifies a try to win a trip, in both silos. */
export type AttemptId = Id<"Attempt">;

/** HELD: the claim's outcome is not known. CONFIRMED: the trip is the agency's. The other two are final. */
export const assignmentStates = ["HELD", "CONFIRMED", "RELEASED", "COMPLETED"] as const;

/** How far an assignment is. */
export type AssignmentState = (typeof assignmentStates)[number];

/**
 * Why an assignment was released. ABANDONED: the claim never took effect at Hospital, and never will. SUPERSEDED: a
 * later attempt has won the trip.
 */
export const releaseReasons = [
  "ALREADY_ASSIGNED",
  "CANCELLED",
  "CHANGED",
  "ABANDONED",
  "SUPERSEDED",
  "GIVEN_BACK",
  "CONSENT_LAPSED",
] as const;

/** Why an assignment was released. */
export type ReleaseReason = (typeof releaseReasons)[number];

/** A unit on an assignment. */
export interface AssignedUnit {
  readonly id: string;
  readonly type: UnitType;
  /** HELD while Hospital may not have been told of a unit that was named after the award. */
  readonly state: "HELD" | "CONFIRMED";
}

/** An agency's hold on a trip, with or without a unit. */
export interface Assignment {
  readonly attemptId: AttemptId;
  readonly tripId: string;
  readonly agencyId: AgencyId;
  readonly unit?: AssignedUnit;
  /** The unit that has the trip until Hospital is known to have the one that replaces it. Both are kept from others. */
  readonly previousUnit?: Omit<AssignedUnit, "state">;
  readonly bidId?: string;
  readonly state: AssignmentState;
  readonly releaseReason?: ReleaseReason;
  /** The trip's version at which the attempt won; known once it is confirmed. */
  readonly tripVersion?: number;
  readonly seenMaterialVersion: number;
  readonly requestedBy: string;
  readonly request?: AssignmentRequest;
  readonly check?: Check;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The call that began an attempt, so that its repetition asks for the outcome of the same attempt. */
export interface AssignmentRequest {
  /** Caller, method and request_id. Unique. */
  readonly key: string;
  /** SHA-256 over the request. */
  readonly hash: Uint8Array;
}

/** When somebody must ask Hospital how it ended, and how often that was tried. */
export interface Check {
  readonly at: Date;
  readonly count: number;
}

/** How long the call that holds may take to learn the outcome before the system asks on its own. */
export const firstCheckMs = 5_000;
const longestPauseMs = 60_000;

/** The check of a hold that was just made. */
export function firstCheck(now: Date, afterMs: number = firstCheckMs): Check {
  return { at: new Date(now.getTime() + afterMs), count: 0 };
}

/**
 * The check after this one: pauses double from one second to one minute.
 * @param random a number in [0, 1), so that those held together are not asked for together.
 */
export function nextCheck({ count }: Check, now: Date, random: number): Check {
  const pauseMs = Math.min(1_000 * 2 ** count, longestPauseMs) * (0.5 + random / 2);
  return { at: new Date(now.getTime() + pauseMs), count: count + 1 };
}

/** True while the assignment keeps its unit from others. */
export function isActive({ state }: Assignment): boolean {
  return state === "HELD" || state === "CONFIRMED";
}

/** The assignment once its attempt has won. */
export function confirmed(assignment: Assignment, { tripVersion, bidId, now }: Won): Assignment {
  const { check: _, ...rest } = assignment;
  return { ...rest, state: "CONFIRMED", tripVersion, bidId, updatedAt: now };
}

/** What is known when an attempt has won. */
export interface Won {
  readonly tripVersion: number;
  readonly bidId: string;
  readonly now: Date;
}

/** The units that the assignment keeps from others while it is active. */
export function unitIdsOf({ unit, previousUnit }: Assignment): readonly string[] {
  return [unit, previousUnit].flatMap((it) => it?.id ?? []);
}

/** The assignment once the trip is not, or no longer, the agency's. */
export function released(assignment: Assignment, releaseReason: ReleaseReason, now: Date): Assignment {
  const { check: _, ...rest } = withoutSwap(assignment);
  return { ...rest, state: "RELEASED", releaseReason, updatedAt: now };
}

/** The assignment once its trip was completed. */
export function completed(assignment: Assignment, now: Date): Assignment {
  const { check: _, ...rest } = withoutSwap(assignment);
  return { ...rest, state: "COMPLETED", updatedAt: now };
}

/** The assignment with a unit that Hospital has yet to be told of; the one that it replaces, if any, stays until then. */
export function withHeldUnit(assignment: Assignment, { id, type }: Omit<AssignedUnit, "state">, now: Date): Assignment {
  const { unit: before, ...rest } = assignment;
  return {
    ...rest,
    unit: { id, type, state: "HELD" },
    ...(before && { previousUnit: { id: before.id, type: before.type } }),
    check: firstCheck(now),
    updatedAt: now,
  };
}

/** The assignment once Hospital has its unit: the one that had the trip before is no longer its own. */
export function withConfirmedUnit(assignment: Assignment, now: Date): Assignment {
  const { check: _, previousUnit: __, unit, ...rest } = assignment;
  if (!unit) throw new Error(`assignment ${assignment.attemptId} has no unit to confirm`);
  return { ...rest, unit: { ...unit, state: "CONFIRMED" }, updatedAt: now };
}

/** The assignment once Hospital has refused its unit: the one that it was to replace keeps the trip. */
export function withoutUnit(assignment: Assignment, now: Date): Assignment {
  const { check: _, unit: __, previousUnit, ...rest } = assignment;
  return { ...rest, ...(previousUnit && { unit: { ...previousUnit, state: "CONFIRMED" } }), updatedAt: now };
}

/** The assignment with the unit that is known to have the trip; another that was to replace it is given up. */
function withoutSwap(assignment: Assignment): Assignment {
  return assignment.previousUnit ? withoutUnit(assignment, assignment.updatedAt) : assignment;
}

/** What whoever asked for the trip is told: it is theirs, it is not known yet, or why it is not theirs. */
export function answerOf({ state, releaseReason, tripId }: Assignment): Decision<"CONFIRMED" | "CONFIRMING"> {
  if (state === "HELD") return granted("CONFIRMING");
  if (state !== "RELEASED") return granted("CONFIRMED");
  switch (releaseReason) {
    case "CANCELLED":
      return refused("TRIP_CANCELLED", `trip ${tripId} was cancelled`);
    case "CHANGED":
      return refused("TRIP_CHANGED", `trip ${tripId} is not the one that the agency saw`);
    case "ABANDONED":
      return refused("CONCURRENT_CHANGE", `the claim of trip ${tripId} did not reach Hospital; it may be made again`);
    case "GIVEN_BACK":
    case "CONSENT_LAPSED":
      return refused("TRIP_CHANGED", `the agency had trip ${tripId}, and has it no longer`);
    default:
      return refused("TRIP_ALREADY_ASSIGNED", `another agency has trip ${tripId}`);
  }
}

/**
 * Whether a repetition of the same request begins anew. An abandoned attempt has changed nothing anywhere and can never
 * win, so the request that began it has not been carried out; every other end is its answer.
 */
export function mayBeginAnew({ state, releaseReason }: Assignment): boolean {
  return state === "RELEASED" && releaseReason === "ABANDONED";
}

/** What naming a unit means for an assignment: a step to take, one whose outcome is not known, or one that was taken. */
export type UnitStep = "new" | "again" | "done";

/** What a unit may be put on: a trip that the agency has won, and that has no unit. */
export function mayTakeUnit(assignment: Assignment, unitId: string): Decision<UnitStep> {
  const step = unitStep(assignment, unitId);
  return step.ok && step.value === "new" && assignment.unit
    ? refused("INVALID_STATE_TRANSITION", `trip ${assignment.tripId} has a unit`)
    : step;
}

/** What naming a unit means for a trip that the agency has won, whether it has a unit or not. */
export function unitStep(assignment: Assignment, unitId: string): Decision<UnitStep> {
  const { state, releaseReason, unit, tripId } = assignment;
  if (state === "HELD") return refused("INVALID_STATE_TRANSITION", `it is not known yet who has trip ${tripId}`);
  if (state === "RELEASED" && releaseReason === "CANCELLED") {
    return refused("TRIP_CANCELLED", `trip ${tripId} was cancelled`);
  }
  if (state !== "CONFIRMED") return refused("INVALID_STATE_TRANSITION", `the assignment of trip ${tripId} is ${state}`);
  if (unit?.id === unitId) return granted(unit.state === "HELD" ? "again" : "done");
  if (unit?.state === "HELD") return refused("CONCURRENT_CHANGE", `another unit is being put on trip ${tripId}`);
  return granted("new");
}
