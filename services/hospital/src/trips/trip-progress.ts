import {
  comesBefore,
  earliestAfter,
  laterOf,
  latestBefore,
  type Milestone,
  milestonesOfTurn,
  type MilestoneType,
} from "./milestone.ts";
import { withPauseEnded } from "./sla-pause.ts";
import {
  type AssignedTrip,
  changed,
  type CompletedTrip,
  type Decision,
  granted,
  isAssignedAgency,
  refused,
  type Trip,
  type TripChange,
  type TripInProgress,
  withoutConsent,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";

/** A reporter's clock may run ahead of ours by this much. */
const clockToleranceMs = 60_000;

/** Somebody says that a step has been reached. */
export interface Report {
  readonly actor: TripActor;
  /** When it happened; now if undefined. */
  readonly occurredAt?: Date;
  /** Why Center acts in the agency's place. Free text. */
  readonly overrideReason?: string;
  readonly now: Date;
}

/** A trip that an agency has had: the only kind on which there are steps to report. */
type TravellingTrip = AssignedTrip | TripInProgress | CompletedTrip;

/** T4: the patient is on board. The same as reporting LEFT_ORIGIN, but an error if that starts nothing. */
export function startTransport(trip: Trip, report: Report): Decision<TripChange> {
  const allowed = mayMove(trip, report, "LEFT_ORIGIN");
  if (!allowed.ok) return allowed;
  if (trip.status === "CANCELLED") return refused("TRIP_CANCELLED", "the trip was cancelled");
  if (trip.status !== "ASSIGNED")
    return refused("INVALID_STATE_TRANSITION", `a trip that is ${trip.status} cannot start`);
  return recordMilestone(trip, { ...report, type: "LEFT_ORIGIN" });
}

/** T5: care was transferred. The same as reporting TRANSFER_OF_CARE, but an error if that completes nothing. */
export function completeTrip(trip: Trip, report: Report): Decision<TripChange> {
  const allowed = mayMove(trip, report, "TRANSFER_OF_CARE");
  if (!allowed.ok) return allowed;
  if (trip.status === "CANCELLED") return refused("TRIP_CANCELLED", "the trip was cancelled");
  if (trip.status !== "IN_PROGRESS") {
    return refused("INVALID_STATE_TRANSITION", `a trip that is ${trip.status} cannot be completed`);
  }
  return recordMilestone(trip, { ...report, type: "TRANSFER_OF_CARE" });
}

/**
 * Records a step on the way. LEFT_ORIGIN of an assigned trip starts it and TRANSFER_OF_CARE of one in progress completes
 * it, unless a hospital reports, which only confirms.
 */
export function recordMilestone(
  trip: Trip,
  report: Report & { readonly type: MilestoneType },
): Decision<TripChange<TravellingTrip>> {
  const allowed = mayReport(trip, report, report.type);
  if (!allowed.ok) return allowed;
  const travelling = travellingTrip(trip, report.type);
  if (!travelling.ok) return travelling;
  const milestone = milestoneOf(travelling.value, report);
  return milestone.ok ? withMilestone(travelling.value, milestone.value, report) : milestone;
}

/** The departure from and the arrival at a hospital's own facility are all that it may report. */
const reportedByHospitals: readonly MilestoneType[] = ["AT_ORIGIN", "LEFT_ORIGIN", "AT_DESTINATION"];

/** A hospital's word confirms a step, and moves no trip. */
function mayMove(trip: Trip, report: Report, type: MilestoneType): Decision<undefined> {
  if (report.actor.type === "HOSPITAL") {
    return refused("ACTION_NOT_ALLOWED", "only the assigned agency starts and completes the trip");
  }
  return mayReport(trip, report, type);
}

function mayReport(trip: Trip, { actor, overrideReason }: Report, type: MilestoneType): Decision<undefined> {
  switch (actor.type) {
    case "EMS":
      if (isAssignedAgency(trip, actor)) return granted(undefined);
      return refused("ACTION_NOT_ALLOWED", "only the assigned agency reports on the trip");
    case "CENTER":
      if (overrideReason?.trim()) return granted(undefined);
      return refused("VALIDATION_FAILED", "override_reason is demanded of Center");
    case "HOSPITAL": {
      const place = type === "AT_DESTINATION" ? trip.destination : trip.origin;
      if (reportedByHospitals.includes(type) && place.hospitalId === actor.hospitalId) return granted(undefined);
      return refused("ACTION_NOT_ALLOWED", `a hospital reports arrival and departure at its own facility, not ${type}`);
    }
  }
}

function travellingTrip(trip: Trip, type: MilestoneType): Decision<TravellingTrip> {
  if (trip.status === "CANCELLED") return refused("TRIP_CANCELLED", "the trip was cancelled");
  if (trip.status === "PENDING") return refused("INVALID_STATE_TRANSITION", "no agency has the trip yet");
  if (type === "TRANSFER_OF_CARE" && trip.status === "ASSIGNED") {
    return refused("INVALID_STATE_TRANSITION", "care cannot be transferred before the patient has left the origin");
  }
  if (type === "BACK_IN_SERVICE" && trip.status !== "COMPLETED") {
    return refused("INVALID_STATE_TRANSITION", "the unit is not back in service before the trip is completed");
  }
  return granted(trip);
}

function milestoneOf(trip: TravellingTrip, report: Report & { readonly type: MilestoneType }): Decision<Milestone> {
  const { type, actor, now } = report;
  const unitId = trip.award?.unitId;
  const recorded = milestonesOfTurn(trip.milestones, trip.turn);
  if (recorded.some((milestone) => milestone.type === type && milestone.reporter === actor.type)) {
    return refused("INVALID_STATE_TRANSITION", `${type} has been recorded`);
  }
  const notBefore = earliestTimeOf(trip, recorded, type);
  const notAfter = earliestAfter(recorded, type);
  // Without a time of the reporter's own, our clocks' small differences must not turn the report away.
  const occurredAt = report.occurredAt ?? laterOf(notBefore, now);
  if (occurredAt.getTime() > now.getTime() + clockToleranceMs && report.occurredAt) {
    return refused("TIME_OUT_OF_ORDER", `${type} lies in the future`);
  }
  if (occurredAt < notBefore) return refused("TIME_OUT_OF_ORDER", `${type} lies before a step that it follows`);
  if (notAfter && occurredAt > notAfter)
    return refused("TIME_OUT_OF_ORDER", `${type} lies after a step that follows it`);
  const isLateEntry = recorded.some((milestone) => comesBefore(type, milestone.type));
  return granted({
    type,
    occurredAt,
    recordedAt: now,
    recordedBy: actor.userId,
    reporter: actor.type,
    ...(unitId && { unitId }),
    turn: trip.turn,
    isLateEntry,
  });
}

function earliestTimeOf(trip: TravellingTrip, recorded: readonly Milestone[], type: MilestoneType): Date {
  const accepted = laterOf(trip.award?.acceptedAt, trip.requestedAt);
  const steps = latestBefore(recorded, type);
  const pickedUpAt = trip.status !== "ASSIGNED" && comesBefore("LEFT_ORIGIN", type) ? trip.pickedUpAt : undefined;
  return laterOf(pickedUpAt, laterOf(steps, accepted));
}

function withMilestone(
  trip: TravellingTrip,
  milestone: Milestone,
  { actor, overrideReason, now }: Report,
): Decision<TripChange<TravellingTrip>> {
  const next = { ...changed(trip, now), milestones: [...trip.milestones, milestone] };
  const about = {
    before: trip,
    userId: actor.userId,
    milestone,
    ...(actor.type === "CENTER" && overrideReason && { comment: overrideReason }),
  };
  const isConfirmation = actor.type === "HOSPITAL";
  if (milestone.type === "LEFT_ORIGIN" && next.status === "ASSIGNED" && !isConfirmation) {
    const { unitId } = next.award;
    if (unitId === undefined) return refused("UNIT_NOT_ASSIGNED", "no unit has been assigned yet");
    const pickedUpAt = milestone.occurredAt;
    // Whoever has the patient on board has consented, and nothing holds the clocks any more.
    const waited = withPauseEnded(withoutConsent(next), pickedUpAt, actor.userId);
    const after: TripInProgress = { ...waited, status: "IN_PROGRESS", award: { ...next.award, unitId }, pickedUpAt };
    return granted({ ...about, name: "started", after });
  }
  if (milestone.type === "TRANSFER_OF_CARE" && next.status === "IN_PROGRESS" && !isConfirmation) {
    const after: CompletedTrip = { ...next, status: "COMPLETED", completedAt: milestone.occurredAt };
    return granted({ ...about, name: "completed", after });
  }
  return granted({ ...about, name: "milestone_recorded", after: next });
}
