import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  BidEndReason as ProtoEndReason,
  type BidSchema,
  BidStatus as ProtoBidStatus,
} from "#gen/medport/ems/v1/bid_pb.ts";
import type { BidStateSchema } from "#gen/medport/events/v1/bid_events_pb.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { type Bid, type BidStatus, bidStatuses, isOutdated } from "./bid.ts";

/** The status that a message means; undefined if unspecified or unknown to this version. */
export function bidStatusFromProto(value: number): BidStatus | undefined {
  return bidStatuses.find((status) => ProtoBidStatus[status] === value);
}

/**
 * A bid as a person may see it: those who only view see no costs.
 * @param materialVersion the trip's, as far as we heard.
 */
export function messageFromBid(
  bid: Bid,
  { roles }: Pick<UserIdentity, "roles">,
  materialVersion: number,
): MessageInitShape<typeof BidSchema> {
  const seesCosts = roles.some((role) => role !== "viewer");
  return {
    ...stateOf(bid),
    id: bid.id,
    amount: (seesCosts && bid.amount) || "",
    ...(bid.estimatedPickup && { estimatedPickupTime: timestampFromDate(bid.estimatedPickup) }),
    notes: bid.notes,
    updateTime: timestampFromDate(bid.updatedAt),
    etag: etagOf(bid.version),
    seenMaterialVersion: BigInt(bid.seenMaterialVersion),
    outdated: isOutdated(bid, materialVersion),
    direct: bid.source === "DIRECT",
  };
}

/** What is told of a bid wherever it is told of. */
type ToldOfBid = Pick<
  Bid,
  "id" | "tripId" | "agencyId" | "unitId" | "status" | "submittedAt" | "estimatedArrival" | "endReason"
>;

/** What the world may know of a bid: no amount and no notes, for bids are sealed. */
export function bidStateFromBid(bid: ToldOfBid): MessageInitShape<typeof BidStateSchema> {
  return { ...stateOf(bid), bidId: bid.id };
}

function stateOf({
  tripId,
  agencyId,
  unitId,
  status,
  submittedAt,
  estimatedArrival,
  endReason,
}: Omit<ToldOfBid, "id">) {
  return {
    ...{ tripId, agencyId },
    unitId: unitId ?? "",
    status: ProtoBidStatus[status],
    endReason: ProtoEndReason[endReason ?? "UNSPECIFIED"],
    submitTime: timestampFromDate(submittedAt),
    ...(estimatedArrival && { estimatedArrivalTime: timestampFromDate(estimatedArrival) }),
  };
}
