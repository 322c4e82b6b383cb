import {
  BidAcceptedSchema,
  BidAmendedSchema,
  BidExpiredSchema,
  BidImportedSchema,
  BidRejectedSchema,
  type BidState,
  BidSubmittedSchema,
  BidWithdrawnSchema,
} from "#gen/medport/events/v1/bid_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { saveReference } from "../references/reference.store.ts";
import { insertMetric } from "./metric.store.ts";

type BidMessage = { readonly bid?: BidState | undefined };

/**
 * What Center does about bids: it counts what becomes of them, and notes which trip each answers. Those of the former
 * system are not counted: nothing became of them here.
 */
export function bidHandlers(): EventHandlers {
  return [
    on(BidImportedSchema, (tx, { bid }, meta) => noteTrip(tx, knownBid(bid, "imported"), meta)),
    on(BidSubmittedSchema, receiving("submitted")),
    on(BidAmendedSchema, receiving("amended")),
    on(BidAcceptedSchema, receiving("accepted")),
    on(BidRejectedSchema, receiving("rejected")),
    on(BidExpiredSchema, receiving("expired")),
    on(BidWithdrawnSchema, receiving("withdrawn")),
  ];
}

function receiving(change: string) {
  return async (tx: Tx, message: BidMessage, meta: EventMeta): Promise<void> => {
    const bid = knownBid(message.bid, change);
    const { bidId, tripId, agencyId } = bid;
    const metadata = { bidId, tripId, agencyId };
    await insertMetric(tx, { name: `bid.${change}`, value: 1, category: "BID", time: meta.occurredAt, metadata });
    await noteTrip(tx, bid, meta);
  };
}

function knownBid(bid: BidState | undefined, change: string): BidState {
  if (!bid) throw new Error(`EMS told that a bid was ${change} without saying which`);
  return bid;
}

async function noteTrip(tx: Tx, { bidId, tripId }: BidState, { receivedAt }: EventMeta): Promise<void> {
  await saveReference(
    tx,
    {
      entityType: "bid",
      entityId: bidId,
      sourceDatabase: "ems",
      referenceType: "trip",
      referenceId: tripId,
      targetDatabase: "hospital",
    },
    receivedAt,
  );
}
