import type { Id } from "#platform/id.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";

/** Identifies a time for which a unit's availability was recorded. */
export type AvailabilityId = Id<"Availability">;

/** What a unit's crew is doing. ASSIGNED follows from trips; only the other three are recorded. */
export const availabilityStatuses = ["AVAILABLE", "ASSIGNED", "ON_BREAK", "OFF_DUTY"] as const;

/** What a unit's crew is doing. */
export type AvailabilityStatus = (typeof availabilityStatuses)[number];

/** A time for which it was recorded what a unit's crew does. Times of one unit do not overlap. */
export interface Availability {
  readonly id: AvailabilityId;
  readonly unitId: string;
  readonly status: AvailabilityStatus;
  readonly startTime: Date;
  /** The first moment that is no longer in it; absent while it lasts. */
  readonly endTime?: Date;
  /** Free text from the agency. */
  readonly notes: string;
}

/** What has been recorded around the moment at which something new begins. */
export interface Neighbours {
  /** What began at that moment or before it, and lasts at it. */
  readonly current?: Availability | undefined;
  /** What begins next after it. */
  readonly next?: Availability | undefined;
}

/** What recording changes. */
export interface Recording {
  readonly recorded: Availability;
  /** What lasted until then, which ends now; or what began at the same moment, which `recorded` replaces. */
  readonly ended?: Availability;
}

/**
 * Fits a new time into what was recorded. What lasts when it begins ends there, with or without an end of its own: a crew
 * may come back early. What begins at the very same moment is replaced, and keeps its id. Without an end it lasts until the
 * next begins; an end beyond that is refused.
 */
export function recordAvailability(wanted: Availability, { current, next }: Neighbours): Decision<Recording> {
  const { startTime, endTime } = wanted;
  if (endTime && endTime <= startTime) return refused("VALIDATION_FAILED", "an availability ends after it starts");
  if (endTime && next && next.startTime < endTime) {
    return refused("RESOURCE_EXISTS", `something else is recorded from ${next.startTime.toISOString()} on`);
  }
  const until = endTime ?? next?.startTime;
  const recorded = { ...wanted, ...(until && { endTime: until }) };
  if (!current) return granted({ recorded });
  if (current.startTime.getTime() === startTime.getTime())
    return granted({ recorded: { ...recorded, id: current.id } });
  return granted({ recorded, ended: { ...current, endTime: startTime } });
}
