import type { Id } from "#platform/id.ts";
import { type Agency, serves, takesPart } from "../agencies/agency.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";
import { canServe, type UnitType } from "../units/unit-type.ts";
import type { AwardPolicy, Priority, TransportLevel, TransportStatus } from "./transport.ts";

/** Identifies a trip. */
export type TripId = Id<"Trip">;

/** A facility as a trip names it. */
export interface Place {
  readonly facilityId: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly county: string;
  readonly coordinates?: { readonly latitude: number; readonly longitude: number };
}

/** A trip as Hospital's events tell it: without free text and without the patient. Hospital owns the trip. */
export interface TripCopy {
  readonly id: TripId;
  readonly number: string;
  readonly hospitalId: string;
  readonly origin: Place;
  readonly destination: Place;
  readonly level: TransportLevel;
  readonly priority: Priority;
  readonly status: TransportStatus;
  readonly awardPolicy: AwardPolicy;
  readonly requestedAt: Date;
  readonly acceptedAt?: Date;
  readonly pickedUpAt?: Date;
  readonly completedAt?: Date;
  readonly cancelledAt?: Date;
  readonly assignedAgencyId?: string;
  readonly assignedUnitId?: string;
  readonly acceptedAttemptId?: string;
  readonly materialVersion: number;
  /** The trip's version after the newest change that we heard of. */
  readonly version: number;
  /** When that change reached us. */
  readonly receivedAt: Date;
}

/** An agency with what its active units can do. */
export interface Candidate {
  readonly agency: Agency | undefined;
  readonly unitTypes: readonly UnitType[];
}

/** Whether a trip waits for an agency, as far as we heard. */
export function isWaiting({ id, status }: Pick<TripCopy, "id" | "status">): Decision<undefined> {
  if (status === "PENDING") return granted(undefined);
  if (status === "CANCELLED") return refused("TRIP_CANCELLED", `trip ${id} was cancelled`);
  return refused("TRIP_NOT_PENDING", `trip ${id} no longer waits for an agency`);
}

/** Whether an agency may have a trip: it takes part, serves the county where the trip begins, and has a unit for it. */
export function isEligible(trip: TripCopy, { agency, unitTypes }: Candidate): Decision<Agency> {
  if (!agency || !takesPart(agency)) return refused("AGENCY_NOT_ELIGIBLE", "the agency is not active");
  if (!serves(agency, trip.origin.county)) {
    return refused("AGENCY_NOT_ELIGIBLE", `the agency does not serve ${trip.origin.county} county`);
  }
  if (!unitTypes.some((type) => canServe(type, trip.level))) {
    return refused("AGENCY_NOT_ELIGIBLE", `the agency has no active unit for level ${trip.level}`);
  }
  return granted(agency);
}

/** A trip, and the agency that may have it. */
export interface Opening {
  readonly trip: TripCopy;
  readonly agency: Agency;
}

/**
 * The same for an agency's own people, to whom a trip outside the agency's counties does not exist, and then whether the
 * trip waits at all.
 */
export function isOpenTo(trip: TripCopy | undefined, candidate: Candidate, tripId: string): Decision<Opening> {
  if (!trip || (candidate.agency && !serves(candidate.agency, trip.origin.county))) {
    return refused("RESOURCE_NOT_FOUND", `no trip ${tripId}`);
  }
  const waiting = isWaiting(trip);
  if (!waiting.ok) return waiting;
  const eligible = isEligible(trip, candidate);
  return eligible.ok ? granted({ trip, agency: eligible.value }) : eligible;
}
