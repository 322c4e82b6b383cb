import type { Json } from "../target/target-tables.ts";
import { type DossierTrip, type Finding, isOver, nothingFound, type Ruled, type TripStatus } from "./dossier.ts";
import { isUsableTime } from "./usable.ts";

const rule = "R-STATUS";

/** What the former system gives as the reason of a trip that was cancelled without one. */
export const noReasonRecorded = "Migrated: no reason recorded";

/** When a trip was accepted and so on, as far as its status allows. */
export interface TripTimes {
  readonly acceptTime: Date | null;
  readonly pickupTime: Date | null;
  readonly completionTime: Date | null;
}

/** What is left of a trip's course once its status has the last word. */
export interface SettledCourse extends TripTimes {
  /** Free text. Patient data. */
  readonly cancellationReason: string | null;
}

/** What the status is held against. */
export interface CourseEvidence {
  readonly status: TripStatus;
  /** When an assigned trip was accepted, if its own row does not say. Never made up. */
  readonly acceptedAt: Date | null;
}

/** The columns of a trip that only some statuses have. */
type StatusColumn = (typeof statusColumns)[number];
const statusColumns = [
  "assignedAgencyId",
  "assignedUnitId",
  "acceptedTimestamp",
  "pickupTimestamp",
  "completionTimestamp",
  "cancellationReason",
] as const;

const cleared: Readonly<Record<TripStatus, readonly StatusColumn[]>> = {
  PENDING: statusColumns,
  ASSIGNED: ["pickupTimestamp", "completionTimestamp"],
  IN_PROGRESS: ["completionTimestamp"],
  COMPLETED: [],
  CANCELLED: [],
};

/**
 * Makes a trip's times agree with its status, which has the last word (R-STATUS): what contradicts it is cleared, and kept
 * in the finding. Trips that are over keep their times as they are.
 */
export function settleCourse(trip: DossierTrip, { status, acceptedAt }: CourseEvidence): Ruled<SettledCourse> {
  const times = settledTimes(trip, { status, acceptedAt });
  const reason = status === "CANCELLED" ? (trip.cancellationReason ?? noReasonRecorded) : trip.cancellationReason;
  const unusable = unusableTimes(trip);
  const contradicting = cleared[status].filter((column) => trip[column] !== null && !unusable.includes(column));
  const findings = [
    ...(unusable.length > 0 ? [{ kind: "TIME_OUT_OF_RANGE", rule, detail: { columns: unusable } }] : []),
    ...(contradicting.length > 0 ? [contradiction(trip, contradicting)] : []),
    ...(isMonotonic(trip.requestTimestamp, times) ? [] : [{ kind: "TIMES_NOT_MONOTONIC", rule }]),
  ];
  return {
    value: { ...times, cancellationReason: status === "PENDING" ? null : reason },
    findings: findings.length > 0 ? findings : nothingFound,
  };
}

/** When a trip was closed, as far as its row tells: by the last thing that is known of it. Null while it is open. */
export function closedAtOf(trip: DossierTrip, status: TripStatus, times: TripTimes): Date | null {
  if (!isOver(status)) return null;
  return times.completionTime ?? times.pickupTime ?? times.acceptTime ?? trip.requestTimestamp;
}

function settledTimes(trip: DossierTrip, { status, acceptedAt }: CourseEvidence): TripTimes {
  const [accepted, pickedUp, completed] = [
    usable(trip.acceptedTimestamp),
    usable(trip.pickupTimestamp),
    usable(trip.completionTimestamp),
  ];
  switch (status) {
    case "PENDING":
      return { acceptTime: null, pickupTime: null, completionTime: null };
    case "ASSIGNED":
      return { acceptTime: accepted ?? usable(acceptedAt), pickupTime: null, completionTime: null };
    case "IN_PROGRESS":
      return { acceptTime: accepted, pickupTime: pickedUp, completionTime: null };
    case "COMPLETED":
    case "CANCELLED":
      return { acceptTime: accepted, pickupTime: pickedUp, completionTime: completed };
  }
}

/** The time, or null if no message could carry it. */
export function usable(time: Date | null): Date | null {
  return time && isUsableTime(time) ? time : null;
}

function unusableTimes(trip: DossierTrip): readonly StatusColumn[] {
  const { acceptedTimestamp, pickupTimestamp, completionTimestamp } = trip;
  const columns: StatusColumn[] = [];
  if (acceptedTimestamp && !isUsableTime(acceptedTimestamp)) columns.push("acceptedTimestamp");
  if (pickupTimestamp && !isUsableTime(pickupTimestamp)) columns.push("pickupTimestamp");
  if (completionTimestamp && !isUsableTime(completionTimestamp)) columns.push("completionTimestamp");
  return columns;
}

/** The reason of a cancellation is free text: only that there was one is told. */
function contradiction(trip: DossierTrip, columns: readonly StatusColumn[]): Finding {
  const told = columns.map((column): [string, Json] => {
    const value = trip[column];
    if (value instanceof Date) return [column, value.toISOString()];
    return [column, column === "cancellationReason" ? "was recorded" : value];
  });
  return { kind: "STATUS_CONTRADICTED", rule, detail: Object.fromEntries(told) };
}

function isMonotonic(requestTime: Date, { acceptTime, pickupTime, completionTime }: TripTimes): boolean {
  let last = requestTime.getTime();
  for (const time of [acceptTime, pickupTime, completionTime]) {
    if (!time) continue;
    if (time.getTime() < last) return false;
    last = time.getTime();
  }
  return true;
}
