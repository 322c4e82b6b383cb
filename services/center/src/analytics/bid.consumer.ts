import {
  BidAcceptedSchema,
  BidAmendedSchema,
  BidExpiredSchema,
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

/** What Center does about bids: it counts what becomes of them, and notes which trip each answers. */
export function bidHandlers(): EventHandlers {
  return [
    on(BidSubmittedSchema, receiving("submitted")),
    on(BidAmendedSchema, receiving("amended")),
    on(BidAcceptedSchema, receiving("accepted")),
    on(BidRejectedSchema, receiving("rejected")),
    on(BidExpiredSchema, receiving("expired")),
    on(BidWithdrawnSchema, receiving("withdrawn")),
  ];
}

function receiving(change: string) {
  return async (tx: Tx, { bid }: BidMessage, meta: EventMeta): Promise<void> => {
    if (!bid) throw new Error(`EMS told that a bid was ${change} without saying which`);
    const { bidId, tripId, agencyId } = bid;
    const metadata = { bidId, tripId, agencyId };
    await insertMetric(tx, { name: `bid.${change}`, value: 1, category: "BID", time: meta.occurredAt, metadata });
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
      meta.receivedAt,
    );
  };
}
