import { type Bid, isOutdated } from "../bids/bid.ts";
import type { AwardPolicy } from "../trip-copies/transport.ts";

/** A trip whose bids are compared. */
export interface Contest {
  readonly awardPolicy: AwardPolicy;
  readonly materialVersion: number;
  /** The hospital's preferred agencies, most preferred first. */
  readonly preferred: readonly string[];
}

/** What a bid is compared by, in turn: the smaller is the better. */
type Merits = readonly number[];

/**
 * The bids that a trip's policy may award when bidding closes, the best first; none where a person awards. A bid that names
 * no time, or no amount, comes after those that do; among equals the earlier one is better. Outdated bids cannot win.
 */
export function inAwardOrder(bids: readonly Bid[], contest: Contest): readonly Bid[] {
  const meritsOf = meritsBy(contest);
  if (!meritsOf) return [];
  return bids
    .filter((bid) => bid.status === "PENDING" && !isOutdated(bid, contest.materialVersion))
    .map((bid) => ({ bid, merits: [...meritsOf(bid), bid.submittedAt.getTime()] }))
    .toSorted((one, other) => compare(one.merits, other.merits) || (one.bid.id < other.bid.id ? -1 : 1))
    .map(({ bid }) => bid);
}

function meritsBy({ awardPolicy, preferred }: Contest): ((bid: Bid) => Merits) | undefined {
  switch (awardPolicy) {
    case "MANUAL":
    case "FIRST_ACCEPT":
      return undefined;
    case "BEST_ETA":
      return timesOf;
    case "LOWEST_COST":
      return ({ amount }) => [amount === undefined ? Number.MAX_VALUE : Number(amount)];
    case "PREFERENCE_THEN_ETA":
      return (bid) => [placeOf(bid.agencyId, preferred), ...timesOf(bid)];
  }
}

function timesOf({ estimatedPickup, estimatedArrival }: Bid): Merits {
  return [estimatedPickup?.getTime() ?? Number.MAX_VALUE, estimatedArrival?.getTime() ?? Number.MAX_VALUE];
}

/** An agency that is not preferred comes after all that are. */
function placeOf(agencyId: string, preferred: readonly string[]): number {
  const place = preferred.indexOf(agencyId);
  return place === -1 ? preferred.length : place;
}

function compare(one: Merits, other: Merits): number {
  const at = one.findIndex((merit, index) => merit !== other[index]);
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}
