import type { AgencyId } from "../agencies/agency.ts";
import { type Assignment, type AttemptId, firstCheck } from "./assignment.ts";

/** An assignment fit for tests, held a moment ago; name only the fields the test is about. */
export function anAssignment(over: Partial<Assignment> = {}): Assignment {
  const at = new Date("2026-01-01T00:00:00Z");
  return {
    attemptId: "01900000-0000-7000-8000-000000000001" as AttemptId,
    tripId: "trip-1",
    agencyId: "blair" as AgencyId,
    state: "HELD",
    seenMaterialVersion: 1,
    requestedBy: "user-of-blair",
    check: firstCheck(at),
    createdAt: at,
    updatedAt: at,
    ...over,
  };
}
