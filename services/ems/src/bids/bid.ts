import type { Id } from "#platform/id.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";

/** Identifies a bid. */
export type BidId = Id<"Bid">;

/** Where a bid stands. REJECTED, EXPIRED and WITHDRAWN are final. */
export const bidStatuses = ["PENDING", "ACCEPTED", "REJECTED", "EXPIRED", "WITHDRAWN"] as const;

/** Where a bid stands. */
export type BidStatus = (typeof bidStatuses)[number];

/** SUBMITTED: an answer that the hospital chooses from. DIRECT: written when an agency took a trip without having bid. */
export type BidSource = "SUBMITTED" | "DIRECT";

/** Why a bid may have ended, where its status does not say all. */
export const bidEndReasons = [
  "TRIP_CANCELLED",
  "TRIP_ASSIGNED",
  "SUPERSEDED",
  "DECLINED",
  "WITHDRAWN_BY_AGENCY",
  "REJECTED_BY_HOSPITAL",
  "BIDDING_CLOSED",
  "TRIP_RELEASED",
  "CONSENT_LAPSED",
  "AGENCY_DISABLED",
] as const;

/** Why a bid ended, where its status does not say all. */
export type BidEndReason = (typeof bidEndReasons)[number];

/** An agency's answer to a trip. */
export interface Bid {
  readonly id: BidId;
  readonly tripId: string;
  readonly agencyId: AgencyId;
  /** The unit offered. It is held only when the bid is accepted. */
  readonly unitId?: string;
  /** Decimal US dollars with two places. */
  readonly amount?: string;
  readonly estimatedArrival?: Date;
  readonly estimatedPickup?: Date;
  /** Free text. */
  readonly notes: string;
  readonly status: BidStatus;
  readonly endReason?: BidEndReason;
  readonly source: BidSource;
  /** The trip's material version that the agency saw. */
  readonly seenMaterialVersion: number;
  readonly submittedBy: string;
  /** Why Center last acted in the agency's place. Free text. */
  readonly overrideReason?: string;
  readonly submittedAt: Date;
  readonly updatedAt: Date;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
}

/** What an agency offers. */
export type Offer = Pick<Bid, "unitId" | "amount" | "estimatedArrival" | "estimatedPickup" | "notes">;

/** Who answers which trip. */
export type BidFacts = Pick<
  Bid,
  "id" | "tripId" | "agencyId" | "seenMaterialVersion" | "submittedBy" | "overrideReason"
>;

/** Whether the times of an offer make sense: they lie ahead, and the pickup is not before the arrival. */
export function hasSoundTimes(offer: OfferChange, now: Date): Decision<undefined> {
  const { estimatedArrival, estimatedPickup } = offer;
  if (estimatedArrival && estimatedArrival <= now) return refused("VALIDATION_FAILED", "the estimated arrival is over");
  if (estimatedPickup && estimatedPickup <= now) return refused("VALIDATION_FAILED", "the estimated pickup is over");
  return hasOrderedTimes(offer);
}

/** Whether the pickup of an offer is not before its arrival. */
export function hasOrderedTimes({ estimatedArrival, estimatedPickup }: OfferChange): Decision<undefined> {
  if (estimatedArrival && estimatedPickup && estimatedPickup < estimatedArrival) {
    return refused("VALIDATION_FAILED", "the estimated pickup lies before the estimated arrival");
  }
  return granted(undefined);
}

/** A new open bid. */
export function submittedBid(facts: BidFacts, offer: Offer, now: Date): Bid {
  return { ...facts, ...offer, status: "PENDING", source: "SUBMITTED", submittedAt: now, updatedAt: now, version: 1 };
}

/** The bid of an agency that has won a trip without having bid. */
export function directBid(facts: BidFacts, unitId: string | undefined, now: Date): Bid {
  const offer: Offer = { ...(unitId !== undefined && { unitId }), notes: "" };
  return { ...submittedBid(facts, offer, now), status: "ACCEPTED", source: "DIRECT" };
}

/** The answer of an agency that does not take a trip. @param notes why, in its own words. */
export function declinedBid(facts: BidFacts, notes: string, now: Date): Bid {
  return { ...submittedBid(facts, { notes }, now), status: "WITHDRAWN", endReason: "DECLINED" };
}

/** The parts of an offer that change; one that is named and absent is taken back. */
export type OfferChange = { readonly [Part in keyof Offer]?: Offer[Part] | undefined };

/** An open bid with another offer, meant for the trip as it is now. */
export function amendedBid(bid: Bid, change: OfferChange, { now, materialVersion, overrideReason }: Amendment): Bid {
  const { unitId, amount, estimatedArrival, estimatedPickup, notes, ...rest } = bid;
  const offer = { unitId, amount, estimatedArrival, estimatedPickup, notes, ...change };
  return {
    ...rest,
    ...present(offer),
    notes: offer.notes ?? "",
    ...(overrideReason && { overrideReason }),
    seenMaterialVersion: materialVersion,
    updatedAt: now,
    version: bid.version + 1,
  };
}

/** When a bid is amended, for which version of the trip, and why if Center does it. */
export interface Amendment {
  readonly now: Date;
  readonly materialVersion: number;
  readonly overrideReason?: string;
}

function present({ unitId, amount, estimatedArrival, estimatedPickup }: OfferChange): Omit<Offer, "notes"> {
  return {
    ...(unitId && { unitId }),
    ...(amount && { amount }),
    ...(estimatedArrival && { estimatedArrival }),
    ...(estimatedPickup && { estimatedPickup }),
  };
}

/** True if the trip has changed since the bid was made: it must be amended before it can win. */
export function isOutdated({ status, seenMaterialVersion }: Bid, materialVersion: number): boolean {
  return status === "PENDING" && seenMaterialVersion < materialVersion;
}

const next: Readonly<Record<BidStatus, readonly BidStatus[]>> = {
  PENDING: ["ACCEPTED", "REJECTED", "EXPIRED", "WITHDRAWN"],
  ACCEPTED: ["WITHDRAWN", "EXPIRED"],
  REJECTED: [],
  EXPIRED: [],
  WITHDRAWN: [],
};

/** True if a bid may go from one status to the other. */
export function mayBecome(from: BidStatus, to: BidStatus): boolean {
  return next[from].includes(to);
}

/** When a bid ends, and why if its status does not say all. */
export interface BidEnd {
  readonly now: Date;
  readonly reason?: BidEndReason;
  /** Why Center ends it in the agency's place. Free text. */
  readonly overrideReason?: string;
}

/**
 * The bid in its new status.
 * @throws Error if it may not go there: rules are asked first.
 */
export function bidBecoming(bid: Bid, status: BidStatus, { now, reason, overrideReason }: BidEnd): Bid {
  if (!mayBecome(bid.status, status)) throw new Error(`a bid that is ${bid.status} cannot become ${status}`);
  const why = { ...(reason && { endReason: reason }), ...(overrideReason && { overrideReason }) };
  return { ...bid, status, ...why, updatedAt: now, version: bid.version + 1 };
}

/**
 * Whether a bid may be changed or chosen.
 * @param isHeld whether it is being accepted, so that it must stay as it is until the outcome is known.
 */
export function isOpen(bid: Bid, isHeld: boolean): Decision<Bid> {
  if (bid.status !== "PENDING") return refused("BID_NOT_PENDING", `bid ${bid.id} is ${bid.status}`);
  if (isHeld) return refused("BID_HELD", `bid ${bid.id} is being accepted`);
  return granted(bid);
}

/** Decimal text with two places, as it is stored: 412.5 becomes 412.50. Undefined if there is none. */
export function amountFromText(text: string): string | undefined {
  if (text === "") return undefined;
  const [whole = "0", fraction = ""] = text.split(".");
  return `${whole.replace(/^0+(?=\d)/, "")}.${fraction.padEnd(2, "0")}`;
}
