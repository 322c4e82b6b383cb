/** Where a trip stands, as facts are counted. */
export const tripStatuses = ["PENDING", "ASSIGNED", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const;
export type TripStatus = (typeof tripStatuses)[number];

export const transportLevels = ["BLS", "ALS", "CCT", "OTHER"] as const;
export type TransportLevel = (typeof transportLevels)[number];

export const priorities = ["LOW", "MEDIUM", "HIGH", "URGENT"] as const;
export type Priority = (typeof priorities)[number];

/**
 * How a promise stood when its trip changed last. One that was RUNNING is MISSED once its due time is over; the others
 * last until the trip changes again.
 */
export const slaStates = ["RUNNING", "PAUSED", "MET", "MISSED", "VOID"] as const;
export type SlaState = (typeof slaStates)[number];

/** One promise about a trip's time, as Hospital told it. */
export interface SlaPromise {
  /** With the pauses until the trip changed last. */
  readonly dueTime: Date;
  /** Undefined if what was promised happened at a time that nobody recorded. */
  readonly state?: SlaState;
}

/** A trip's clocks. */
export interface SlaClocks {
  readonly startTime: Date;
  readonly assign: SlaPromise;
  readonly pickup: SlaPromise;
  /** Since when they stand still; undefined if they run. */
  readonly pausedSince?: Date;
}

/** What Center remembers of a trip to count it: no names, no places, nothing about a patient. */
export interface TripFact {
  readonly tripId: string;
  readonly hospitalId: string;
  readonly agencyId?: string;
  readonly unitId?: string;
  readonly status: TripStatus;
  readonly transportLevel: TransportLevel;
  readonly priority: Priority;
  readonly originCounty: string;
  readonly requestTime: Date;
  readonly acceptTime?: Date;
  readonly pickupTime?: Date;
  readonly completionTime?: Date;
  readonly cancelTime?: Date;
  /** When the patient is to be picked up, if not as soon as possible. */
  readonly window?: { readonly start: Date; readonly end: Date };
  /** Undefined for what Hospital told before trips had clocks: such a trip neither kept a promise nor broke one. */
  readonly clocks?: SlaClocks;
  /** Hospital's version of the trip. */
  readonly version: number;
}

/** What was measured when a trip changed. */
export interface TripMeasurement {
  readonly name: string;
  readonly value: number;
}

/**
 * What a change of a trip adds to the measurements: that it happened, and how long it took since the request. Taking a
 * trip over from the former system is no change of it.
 */
export function tripMeasurements(change: string, fact: TripFact): readonly TripMeasurement[] {
  if (change === "imported") return [];
  const happened = { name: `trip.${change}`, value: 1 };
  const end = { accepted: fact.acceptTime, started: fact.pickupTime, completed: fact.completionTime }[change];
  if (!end) return [happened];
  const seconds = Math.max(0, (end.getTime() - fact.requestTime.getTime()) / 1_000);
  return [happened, { name: `trip.seconds_until_${change}`, value: seconds }];
}
