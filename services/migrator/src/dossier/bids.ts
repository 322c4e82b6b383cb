import type { Directory } from "../directory/directory.ts";
import { type DossierBid, type Finding, nothingFound, type TripStatus } from "./dossier.ts";
import { latestOf } from "./latest.ts";
import { latestAccepted } from "./trip-agency.ts";
import { isUsableId, isUsableTime } from "./usable.ts";

const rule = "R-BID";

/** By these words the former system told apart a bid that was withdrawn from one that ran out. */
const withdrawnNote = "Bid withdrawn by agency";

/** Where a bid stands. */
export type BidStatus = "PENDING" | "ACCEPTED" | "REJECTED" | "EXPIRED" | "WITHDRAWN";

/** Why a bid has ended, in the words of EMS. */
export type BidEndReason = "TRIP_ASSIGNED" | "TRIP_CANCELLED" | "SUPERSEDED" | "WITHDRAWN_BY_AGENCY";

/** Why bids wait for somebody's decision. */
export const bidQuarantineReasons = [
  "TRIP_QUARANTINED",
  "ID_NOT_USABLE",
  "TIME_OUT_OF_RANGE",
  "AGENCY_NOT_MOVED",
] as const;

/** Why a bid waits for somebody's decision. */
export type BidQuarantineReason = (typeof bidQuarantineReasons)[number];

/** A bid with where it stands after the move. */
export interface SettledBid {
  readonly bid: DossierBid;
  readonly status: BidStatus;
  readonly endReason: BidEndReason | null;
  readonly findings: readonly Finding[];
}

/** What becomes of a trip's bids depends on this. */
export interface BidSituation {
  /** The trip's, after the move. */
  readonly tripStatus: TripStatus;
  /** The bid that stays accepted: see `acceptedBidOf`. */
  readonly accepted: DossierBid | undefined;
}

/** Why a bid cannot be moved; undefined if it can. */
export function bidProblem(bid: DossierBid, directory: Directory): BidQuarantineReason | undefined {
  if (!isUsableId(bid.id)) return "ID_NOT_USABLE";
  if (!isUsableTime(bid.submittedAt) || !isUsableTime(bid.updatedAt)) return "TIME_OUT_OF_RANGE";
  return directory.agency(bid.agencyId)?.isReal === true ? undefined : "AGENCY_NOT_MOVED";
}

/** The one bid that stays accepted (R-BID): of the trip's agency, and looked at last. Undefined if there is none. */
export function acceptedBidOf(bids: readonly DossierBid[], agencyId: string | null): DossierBid | undefined {
  return agencyId === null ? undefined : latestAccepted(bids.filter((bid) => bid.agencyId === agencyId));
}

/** Where the bids of one trip stand after the move (R-BID), in the same order. */
export function settleBids(bids: readonly DossierBid[], situation: BidSituation): readonly SettledBid[] {
  return bids.map((bid) => {
    switch (bid.status) {
      case "ACCEPTED":
        return settleAccepted(bid, situation);
      case "PENDING":
        return situation.tripStatus === "PENDING" ? settleWaiting(bid, bids) : settleLate(bid, situation);
      case "EXPIRED":
        return bid.reviewNotes === withdrawnNote
          ? settled(bid, "WITHDRAWN", "WITHDRAWN_BY_AGENCY")
          : settled(bid, "EXPIRED", null);
      case "REJECTED":
      case "WITHDRAWN":
        return settled(bid, bid.status, null);
    }
  });
}

function settleAccepted(bid: DossierBid, { tripStatus, accepted }: BidSituation): SettledBid {
  if (tripStatus === "PENDING") return overruled(settled(bid, "EXPIRED", null));
  return bid === accepted ? settled(bid, "ACCEPTED", null) : overruled(settled(bid, "REJECTED", "TRIP_ASSIGNED"));
}

/** A bid that is open though the trip no longer waits. */
function settleLate(bid: DossierBid, { tripStatus, accepted }: BidSituation): SettledBid {
  if (accepted) return settled(bid, "REJECTED", "TRIP_ASSIGNED");
  return settled(bid, "EXPIRED", tripStatus === "CANCELLED" ? "TRIP_CANCELLED" : "TRIP_ASSIGNED");
}

/** An open bid on a trip that waits: an agency has one, its newest. */
function settleWaiting(bid: DossierBid, bids: readonly DossierBid[]): SettledBid {
  const own = bids.filter(({ status, agencyId }) => status === "PENDING" && agencyId === bid.agencyId);
  const newest = own.length === 1 ? bid : latestOf(own, ({ submittedAt }) => submittedAt);
  return newest === bid ? settled(bid, "PENDING", null) : settled(bid, "WITHDRAWN", "SUPERSEDED");
}

function settled(bid: DossierBid, status: BidStatus, endReason: BidEndReason | null): SettledBid {
  return { bid, status, endReason, findings: nothingFound };
}

function overruled(result: SettledBid): SettledBid {
  return {
    ...result,
    findings: [{ kind: "BID_OVERRULED", rule, detail: { from: "ACCEPTED", to: result.status } }],
  };
}
