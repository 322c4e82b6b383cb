import { type Decision, refused } from "../decisions/decision.ts";
import type { TripCopy } from "../trip-copies/trip-copy.ts";
import { type Assignment, type UnitStep, unitStep } from "./assignment.ts";

/** Whether another unit may take over a trip: the agency has won it, it has a unit, and the patient is not on board. */
export function maySwapUnit(
  assignment: Assignment,
  { status }: Pick<TripCopy, "status">,
  unitId: string,
): Decision<UnitStep> {
  const step = unitStep(assignment, unitId);
  if (!step.ok || step.value !== "new") return step;
  const { tripId, unit } = assignment;
  if (!unit) return refused("UNIT_NOT_ASSIGNED", `trip ${tripId} has no unit that could be replaced`);
  // What Hospital knows and we have not heard yet, it says itself when it is asked.
  return status === "IN_PROGRESS" ? refused("INVALID_STATE_TRANSITION", `trip ${tripId} is IN_PROGRESS`) : step;
}
