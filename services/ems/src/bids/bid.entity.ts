import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyId } from "../agencies/agency.ts";
import type { BidEndReason, BidId, BidSource, BidStatus } from "./bid.ts";

/** Bids; TransportBid in the siloing guide, whose transportRequestId is `tripId` here, and specialNotes `notes`. */
export const BidEntity = defineEntity({
  name: "Bid",
  tableName: "bid",
  properties: {
    id: p.text().$type<BidId>().primary(),
    tripId: p.text(),
    agencyId: p.text().$type<AgencyId>(),
    unitId: p.text().nullable(),
    amount: p.decimal("string").precision(10).scale(2).nullable(),
    estimatedArrival: p.datetime(3).nullable(),
    estimatedPickup: p.datetime(3).nullable(),
    notes: p.text(),
    status: p.text().$type<BidStatus>(),
    endReason: p.text().$type<BidEndReason>().nullable(),
    source: p.text().$type<BidSource>(),
    seenMaterialVersion: p.integer(),
    submittedByUserId: p.text(),
    overrideReason: p.text().nullable(),
    submittedAt: p.datetime(3),
    updatedAt: p.datetime(3),
    version: p.integer(),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of `bid`. */
export type BidRow = InferEntity<typeof BidEntity>;
