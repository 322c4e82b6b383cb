import {
  BidAcceptedSchema,
  BidAmendedSchema,
  BidExpiredSchema,
  BidRejectedSchema,
  BidSubmittedSchema,
  BidWithdrawnSchema,
} from "#gen/medport/events/v1/bid_events_pb.ts";
import type { Change } from "../change.ts";
import { bidStateFromBid } from "./bid.message.ts";
import { insertBid, updateBid } from "./bid.store.ts";
import type { Bid } from "./bid.ts";

/** Saves a new bid and tells it. @param attemptId if it has won already. @throws as `insertBid` does. */
export async function addBid(change: Change, bid: Bid, attemptId?: string): Promise<void> {
  await insertBid(change.tx, bid);
  tell(change, bid, attemptId);
}

/** Saves a bid's new status, or its new offer, and tells it. @param attemptId if it has won. @throws as `updateBid` does. */
export async function saveBid(change: Change, bid: Bid, attemptId?: string): Promise<void> {
  await updateBid(change.tx, bid);
  tell(change, bid, attemptId);
}

function tell(change: Change, bid: Bid, attemptId = ""): void {
  const state = bidStateFromBid(bid);
  const about = { aggregateId: bid.id, version: bid.version };
  change.touched("bid", bid.id);
  switch (bid.status) {
    case "PENDING": {
      const schema = bid.version === 1 ? BidSubmittedSchema : BidAmendedSchema;
      return change.emit({ schema, message: { bid: state }, ...about });
    }
    case "ACCEPTED":
      return change.emit({ schema: BidAcceptedSchema, message: { bid: state, attemptId }, ...about });
    case "REJECTED":
      return change.emit({ schema: BidRejectedSchema, message: { bid: state }, ...about });
    case "EXPIRED":
      return change.emit({ schema: BidExpiredSchema, message: { bid: state }, ...about });
    case "WITHDRAWN":
      return change.emit({ schema: BidWithdrawnSchema, message: { bid: state }, ...about });
  }
}
