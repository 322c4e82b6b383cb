import type { Id } from "#platform/id.ts";
import { type Agency, serves, takesPart } from "../agencies/agency.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";
import { canServe, type UnitType } from "../units/unit-type.ts";
import type { AwardPolicy, Priority, TransportLevel, TransportStatus, TripReleaseReason } from "./transport.ts";

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
  /** Until then agencies may bid; absent on trips from the former system, on which bidding does not close. */
  readonly biddingClosesAt?: Date;
  /** The close time for which bidding was ended. Ours alone: no event tells it. */
  readonly biddingEndedFor?: Date;
  /** When the patient is to be picked up; absent if as soon as possible. */
  readonly pickupWindow?: { readonly start: Date; readonly end: Date };
  /** Why it waits again, if an agency had it. */
  readonly releaseReason?: TripReleaseReason;
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

/** When bidding on a trip closes, and whether it was ended for that time. */
export type BiddingTerms = Pick<TripCopy, "biddingClosesAt" | "biddingEndedFor">;

/** True if bidding was ended for the trip's present close time: a later one opens it again. */
export function isBiddingEnded({ biddingClosesAt, biddingEndedFor }: BiddingTerms): boolean {
  return biddingClosesAt !== undefined && biddingClosesAt.getTime() === biddingEndedFor?.getTime();
}

/**
 * True if nobody may bid any more. Once bidding was ended it stays so for whoever began before, or whose clock is behind:
 * a bid that came after it would never be ended.
 */
export function isBiddingOver(terms: BiddingTerms, now: Date): boolean {
  const { biddingClosesAt } = terms;
  return isBiddingEnded(terms) || (biddingClosesAt !== undefined && biddingClosesAt <= now);
}

/** Whether a trip waits for an agency and bidding on it is open, as far as we heard. */
export function isWaiting(trip: Pick<TripCopy, "id" | "status"> & BiddingTerms, now: Date): Decision<undefined> {
  const { id, status } = trip;
  if (status === "PENDING") {
    return isBiddingOver(trip, now) ? refused("BIDDING_CLOSED", `bidding on trip ${id} is over`) : granted(undefined);
  }
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
 * trip waits at all. An agency that takes no part hears that alone, and not which trips there are.
 */
export function isOpenTo(
  trip: TripCopy | undefined,
  candidate: Candidate,
  { tripId, now }: { readonly tripId: string; readonly now: Date },
): Decision<Opening> {
  if (candidate.agency && !takesPart(candidate.agency)) {
    return refused("AGENCY_NOT_ELIGIBLE", "the agency is not active");
  }
  // Some people of the former system act for no agency.
  if (!trip || !candidate.agency || !serves(candidate.agency, trip.origin.county)) {
    return refused("RESOURCE_NOT_FOUND", `no trip ${tripId}`);
  }
  const waiting = isWaiting(trip, now);
  if (!waiting.ok) return waiting;
  const eligible = isEligible(trip, candidate);
  return eligible.ok ? granted({ trip, agency: eligible.value }) : eligible;
}
