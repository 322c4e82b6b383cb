import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type BidService,
  ListBidsResponseSchema,
  type SubmitBidRequest,
  SubmitBidResponseSchema,
  type WithdrawBidRequest,
  WithdrawBidResponseSchema,
} from "#gen/medport/ems/v1/bid_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { isBidHeld, isTripTaken } from "../dispatch/assignment.store.ts";
import { grantedOrThrow } from "../granted.ts";
import { momentFromKey, openPage } from "#platform/rpc/page.ts";
import { findCandidate, shareTripCopy } from "../trip-copies/trip-copy.store.ts";
import { isOpenTo } from "../trip-copies/trip-copy.ts";
import { findUnit } from "../units/unit.store.ts";
import { mayBeNamed } from "../units/unit.ts";
import { bidStatusFromProto, messageFromBid } from "./bid.message.ts";
import { addBid, saveBid } from "./bid.events.ts";
import { type BidReach, listBids, lockBid } from "./bid.store.ts";
import {
  amountFromText,
  type Bid,
  bidBecoming,
  type BidId,
  hasSoundTimes,
  isOpen,
  type Offer,
  submittedBid,
} from "./bid.ts";

export interface BidRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** What `medport.ems.v1.BidService` does about bids before one is chosen. */
export type BidMethods = Pick<ServiceImpl<typeof BidService>, "submitBid" | "withdrawBid" | "listBids">;

/** Implements the part of `medport.ems.v1.BidService` that is about bids before one is chosen. */
export function bidRpc({ unitOfWork, newId }: BidRpcDeps): BidMethods {
  return {
    submitBid: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, SubmitBidResponseSchema, async (work) => {
        const bid = await submit(work, request, { id: newId() as BidId, user });
        return { bid: messageFromBid(bid, user) };
      });
    },

    withdrawBid: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, WithdrawBidResponseSchema, async (work) => ({
        bid: messageFromBid(await withdraw(work, request, user), user),
      }));
    },

    listBids: (request, context) => {
      const user = userOf(context);
      const statuses = [...new Set(request.statuses)].flatMap((status) => bidStatusFromProto(status) ?? []);
      const tripId = request.tripId || undefined;
      const page = openPage(context, request, { tripId, statuses: statuses.toSorted() });
      return unitOfWork.read(context, request, ListBidsResponseSchema, async (work) => {
        const after = momentFromKey(page.after);
        const found = await listBids(work.tx, { reach: reachOf(user), tripId, statuses, after, limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ submittedAt, id }) => [submittedAt.getTime(), id]);
        for (const { id } of rows) work.touched("bid", id);
        return { bids: rows.map((bid) => messageFromBid(bid, user)), nextPageToken };
      });
    },
  };
}

async function submit(
  work: Work,
  request: SubmitBidRequest,
  { id, user }: { readonly id: BidId; readonly user: UserIdentity },
): Promise<Bid> {
  const { tx, now } = work;
  const { tripId, unitId } = request;
  work.touched("trip", tripId);
  const offer = offerFrom(request);
  grantedOrThrow(hasSoundTimes(offer, now));
  const candidate = await findCandidate(tx, user.organizationId ?? "");
  // Whoever ends the trip, or hears of its end, waits for us or we for them: no bid is left open on a trip that is over.
  const copy = await shareTripCopy(tx, tripId);
  const { trip, agency } = grantedOrThrow(isOpenTo(copy, candidate, tripId));
  if (await isTripTaken(tx, tripId)) throw refuse(Reason.TRIP_NOT_PENDING, `trip ${tripId} has just been assigned`);
  const agencyId = agency.id;
  if (unitId) grantedOrThrow(mayBeNamed(await findUnit(tx, unitId), { agencyId, level: trip.level }));
  const { materialVersion: seenMaterialVersion } = trip;
  const bid = submittedBid({ id, tripId, agencyId, seenMaterialVersion, submittedBy: user.userId }, offer, now);
  await addBid(work, bid);
  return bid;
}

async function withdraw(work: Work, { bidId, etag }: WithdrawBidRequest, user: UserIdentity): Promise<Bid> {
  const bid = await lockBid(work.tx, bidId);
  if (!bid || bid.agencyId !== user.organizationId) throw notFound("bid", bidId);
  work.touched("bid", bidId);
  assertEtag(etag, bid.version);
  const open = grantedOrThrow(isOpen(bid, await isBidHeld(work.tx, bidId)));
  const withdrawn = bidBecoming(open, "WITHDRAWN", { now: work.now });
  await saveBid(work, withdrawn);
  return withdrawn;
}

function offerFrom(request: SubmitBidRequest): Offer {
  const { unitId, notes } = request;
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

function dateFrom(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}

/** A hospital sees the bids on its trips, an agency its own, Center all: bids are sealed. */
function reachOf({ userType, organizationId = "" }: UserIdentity): BidReach {
  switch (userType) {
    case "HOSPITAL":
      return { hospitalId: organizationId };
    case "EMS":
      return { agencyId: organizationId };
    case "CENTER":
      return "all";
  }
}
