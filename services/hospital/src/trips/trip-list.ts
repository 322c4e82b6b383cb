import { pastTime } from "./trip-as-of.ts";
import type { Priority, TransportLevel } from "./transport.ts";
import { awardOf, type Decision, granted, refused, type TransportStatus, type Trip } from "./trip.ts";

/** Which trips. What is absent, or empty, matches everything. */
export interface TripFilter {
  /** Any of these. */
  readonly statuses: readonly TransportStatus[];
  /** Any of these. */
  readonly levels: readonly TransportLevel[];
  /** Any of these. */
  readonly priorities: readonly Priority[];
  readonly hospitalId?: string;
  readonly assignedAgencyId?: string;
  readonly originFacilityId?: string;
  readonly destinationFacilityId?: string;
  readonly tripNumber?: string;
  /** Requested then or later. */
  readonly requestedFrom?: Date;
  /** Requested before. */
  readonly requestedUntil?: Date;
}

/** In which order. Among equals in time, by id; MOST_URGENT_FIRST goes by priority, then the oldest first. */
export type TripOrder = "NEWEST_FIRST" | "OLDEST_FIRST" | "MOST_URGENT_FIRST";

/** A trip's place in a list. */
export interface TripPosition {
  /** 0 is the most urgent; always 0 where the order is not by priority. */
  readonly rank: number;
  readonly requestedAt: Date;
  readonly id: string;
}

/** A list that was asked for and makes sense. */
export interface TripListing {
  readonly filter: TripFilter;
  readonly order: TripOrder;
  /** The list as it was then; as it is if absent. */
  readonly asOf?: Date;
}

/** The states of trips that are not over. */
export const openStatuses: readonly TransportStatus[] = ["PENDING", "ASSIGNED", "IN_PROGRESS"];

/** From the most urgent to the least. */
export const byUrgency: readonly Priority[] = ["URGENT", "HIGH", "MEDIUM", "LOW"];

/** True if the filter lets only trips through that are not over. */
export function wantsOnlyOpen({ statuses }: TripFilter): boolean {
  return statuses.length > 0 && statuses.every((status) => openStatuses.includes(status));
}

/** Makes sure that a list can be had: in order of urgency there are open trips only, and nobody knows the future. */
export function tripListing(asked: TripListing, now: Date): Decision<TripListing> {
  const time = pastTime("as_of_time", asked.asOf ?? now, now);
  if (!time.ok) return time;
  if (asked.order !== "MOST_URGENT_FIRST") return granted(asked);
  const { filter } = asked;
  if (filter.statuses.length === 0) return granted({ ...asked, filter: { ...filter, statuses: openStatuses } });
  if (wantsOnlyOpen(filter)) return granted(asked);
  return refused("VALIDATION_FAILED", "only open trips are listed in the order of their urgency");
}

/** True if a trip is one of those that the filter wants. */
export function matchesFilter(trip: Trip, filter: TripFilter): boolean {
  const { statuses, levels, priorities, requestedFrom, requestedUntil } = filter;
  return (
    isAmong(trip.status, statuses) &&
    isAmong(trip.level, levels) &&
    isAmong(trip.priority, priorities) &&
    isWanted(trip.hospitalId, filter.hospitalId) &&
    isWanted(awardOf(trip)?.agencyId, filter.assignedAgencyId) &&
    isWanted(trip.origin.facilityId, filter.originFacilityId) &&
    isWanted(trip.destination.facilityId, filter.destinationFacilityId) &&
    isWanted(trip.number, filter.tripNumber) &&
    (!requestedFrom || trip.requestedAt >= requestedFrom) &&
    (!requestedUntil || trip.requestedAt < requestedUntil)
  );
}

function isAmong<T>(value: T, wanted: readonly T[]): boolean {
  return wanted.length === 0 || wanted.includes(value);
}

function isWanted<T>(value: T, wanted: T | undefined): boolean {
  return wanted === undefined || value === wanted;
}
