import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type AmendBidRequest,
  type BidOffer,
  BidOfferSchema,
  type SubmitBidRequest,
} from "#gen/medport/ems/v1/bid_service_pb.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { amountFromText, type Offer, type OfferChange } from "./bid.ts";

/** What a new bid offers. */
export function offerFrom({ unitId, notes, ...request }: SubmitBidRequest): Offer {
  const amount = amountFromText(request.amount);
  const estimatedArrival = dateFrom(request.estimatedArrivalTime);
  const estimatedPickup = dateFrom(request.estimatedPickupTime);
  return {
    notes,
    ...(unitId && { unitId }),
    ...(amount !== undefined && { amount }),
    ...(estimatedArrival && { estimatedArrival }),
    ...(estimatedPickup && { estimatedPickup }),
  };
}

/**
 * What is to change about an offer. Without a mask, or with an empty one, nothing: the bid is confirmed as it is.
 * @throws Refusal VALIDATION_FAILED if the mask names what an offer does not have.
 */
export function offerChangeFrom({
  updateMask,
  ...request
}: Pick<AmendBidRequest, "offer" | "updateMask">): OfferChange {
  if (!updateMask || updateMask.paths.length === 0) return {};
  const offer = request.offer ?? create(BidOfferSchema);
  const fields = maskedFields(BidOfferSchema, updateMask);
  const parts: Readonly<Record<keyof Omit<BidOffer, "$typeName" | "$unknown">, OfferChange>> = {
    unitId: { unitId: offer.unitId || undefined },
    amount: { amount: amountFromText(offer.amount) },
    estimatedArrivalTime: { estimatedArrival: dateFrom(offer.estimatedArrivalTime) },
    estimatedPickupTime: { estimatedPickup: dateFrom(offer.estimatedPickupTime) },
    notes: { notes: offer.notes },
  };
  return Object.assign({}, ...[...fields].map((field) => parts[field])) as OfferChange;
}

function dateFrom(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}
