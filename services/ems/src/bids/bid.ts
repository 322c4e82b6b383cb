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

/** Why a bid ended, where its status does not say all. */
export type BidEndReason = "TRIP_CANCELLED" | "TRIP_ASSIGNED" | "SUPERSEDED";

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
  readonly submittedAt: Date;
  readonly updatedAt: Date;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
}

/** What an agency offers. */
export type Offer = Pick<Bid, "unitId" | "amount" | "estimatedArrival" | "estimatedPickup" | "notes">;

/** Who answers which trip. */
export type BidFacts = Pick<Bid, "id" | "tripId" | "agencyId" | "seenMaterialVersion" | "submittedBy">;

/** Whether the times of an offer make sense: they lie ahead, and the pickup is not before the arrival. */
export function hasSoundTimes({ estimatedArrival, estimatedPickup }: Offer, now: Date): Decision<undefined> {
  if (estimatedArrival && estimatedArrival <= now) return refused("VALIDATION_FAILED", "the estimated arrival is over");
  if (estimatedPickup && estimatedPickup <= now) return refused("VALIDATION_FAILED", "the estimated pickup is over");
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
}

/**
 * The bid in its new status.
 * @throws Error if it may not go there: rules are asked first.
 */
export function bidBecoming(bid: Bid, status: BidStatus, { now, reason }: BidEnd): Bid {
  if (!mayBecome(bid.status, status)) throw new Error(`a bid that is ${bid.status} cannot become ${status}`);
  return { ...bid, status, ...(reason && { endReason: reason }), updatedAt: now, version: bid.version + 1 };
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
