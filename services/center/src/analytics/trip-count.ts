import type { Priority, TransportLevel } from "./trip-fact.ts";

/** Which trips to count. What is absent matches everything. */
export interface TripCountFilter {
  readonly hospitalId?: string;
  readonly agencyId?: string;
  /** Requested at or after. */
  readonly from?: Date;
  /** Requested before. */
  readonly until?: Date;
  /** Any of these; all if empty. */
  readonly transportLevels: readonly TransportLevel[];
  /** Any of these; all if empty. */
  readonly priorities: readonly Priority[];
}

/**
 * How many promises were kept, and how many not. A trip that was given up in time counts in neither, nor does one of
 * which nobody recorded when it happened.
 */
export interface PromiseCounts {
  readonly met: number;
  readonly missed: number;
  /** The due time is ahead, or the clock stands still. */
  readonly running: number;
}

/** The trips of one hospital, or of one agency. */
export interface OrganizationTrips {
  readonly organizationId: string;
  readonly count: number;
  readonly completed: number;
  readonly pickup: PromiseCounts;
}

/** How many trips there are of each kind. */
export interface TripCounts {
  readonly total: number;
  readonly byStatus: ReadonlyMap<string, number>;
  readonly byTransportLevel: ReadonlyMap<string, number>;
  readonly byPriority: ReadonlyMap<string, number>;
  /** Those with most trips, most first. */
  readonly byHospital: readonly OrganizationTrips[];
  /** Likewise; by the agency that has the trip now, or had it when the trip ended. */
  readonly byAgency: readonly OrganizationTrips[];
  readonly assign: PromiseCounts;
  readonly pickup: PromiseCounts;
}

/** How long something took, in seconds. */
export interface DurationFigures {
  readonly count: number;
  readonly averageSeconds: number;
  readonly p50Seconds: number;
  readonly p90Seconds: number;
}

/** How long trips took from their request. */
export interface TripDurations {
  readonly toAccept: DurationFigures;
  readonly toPickup: DurationFigures;
  readonly toComplete: DurationFigures;
}

/** Kept of all that were kept or broken, in percent with one decimal; 0 if there are none. */
export function compliancePercent({ met, missed }: PromiseCounts): number {
  return met === 0 ? 0 : Math.round((1_000 * met) / (met + missed)) / 10;
}
