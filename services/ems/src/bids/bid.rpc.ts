import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AmendBidRequest,
  AmendBidResponseSchema,
  type BidService,
  type DeclineTripRequest,
  DeclineTripResponseSchema,
  GetBidResponseSchema,
  ListBidsResponseSchema,
  type RejectBidRequest,
  RejectBidResponseSchema,
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
import { momentFromKey, openPage } from "#platform/rpc/page.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { shareAgency } from "../agencies/agency.store.ts";
import { isBidHeld, isTripTaken } from "../dispatch/assignment.store.ts";
import { grantedOrThrow } from "../granted.ts";
import {
  findCandidate,
  findTripCopy,
  lockTripCopy,
  materialVersionsOf,
  shareTripCopy,
} from "../trip-copies/trip-copy.store.ts";
import { isOpenTo, type Opening } from "../trip-copies/trip-copy.ts";
import { findUnit } from "../units/unit.store.ts";
import { mayBeNamed } from "../units/unit.ts";
import { actorOnBid, type BidActor, bidActor } from "./bid-actor.ts";
import { offerChangeFrom, offerFrom } from "./bid-offer.message.ts";
import { addBid, saveBid } from "./bid.events.ts";
import { bidStatusFromProto, messageFromBid } from "./bid.message.ts";
import { type BidReach, findBid, findDeclinedBid, listBids, lockBid, lockOwnOpenBid } from "./bid.store.ts";
import {
  amendedBid,
  type Bid,
  bidBecoming,
  type BidFacts,
  type BidId,
  declinedBid,
  hasOrderedTimes,
  hasSoundTimes,
  isOpen,
  submittedBid,
} from "./bid.ts";

export interface BidRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** What `medport.ems.v1.BidService` does about bids before one is chosen. */
export type BidMethods = Pick<
  ServiceImpl<typeof BidService>,
  "submitBid" | "amendBid" | "withdrawBid" | "declineTrip" | "rejectBid" | "getBid" | "listBids"
>;

/** Implements the part of `medport.ems.v1.BidService` that is about bids before one is chosen. */
export function bidRpc({ unitOfWork, newId }: BidRpcDeps): BidMethods {
  return {
    submitBid: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, SubmitBidResponseSchema, async (work) => ({
        bid: await shown(work, user, await submit(work, request, { id: newId() as BidId, user })),
      }));
    },

    amendBid: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, AmendBidResponseSchema, async (work) => ({
        bid: await shown(work, user, await amend(work, request, user)),
      }));
    },

    withdrawBid: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, WithdrawBidResponseSchema, async (work) => ({
        bid: await shown(work, user, await withdraw(work, request, user)),
      }));
    },

    declineTrip: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, DeclineTripResponseSchema, async (work) => ({
        bid: await shown(work, user, await decline(work, request, { id: newId() as BidId, user })),
      }));
    },

    rejectBid: (request, context) => {
      const user = userOf(context);
      return unitOfWork.write(context, request, RejectBidResponseSchema, async (work) => ({
        bid: await shown(work, user, await reject(work, request, user)),
      }));
    },

    getBid: (request, context) => {
      const { bidId } = request;
      const user = userOf(context);
      return unitOfWork.read(context, request, GetBidResponseSchema, async (work) => {
        work.touched("bid", bidId);
        const bid = await findBid(work.tx, bidId);
        if (!bid || !(await isInReach(work, bid, user))) throw notFound("bid", bidId);
        return { bid: await shown(work, user, bid) };
      });
    },

    listBids: (request, context) => {
      const user = userOf(context);
      const statuses = [...new Set(request.statuses)].flatMap((status) => bidStatusFromProto(status) ?? []);
      const filter = { tripId: request.tripId || undefined, agencyId: request.agencyId || undefined };
      const page = openPage(context, request, { ...filter, statuses: statuses.toSorted() });
      return unitOfWork.read(context, request, ListBidsResponseSchema, async (work) => {
        const after = momentFromKey(page.after);
        const found = await listBids(work.tx, { reach: reachOf(user), ...filter, statuses, after, limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ submittedAt, id }) => [submittedAt.getTime(), id]);
        for (const { id } of rows) work.touched("bid", id);
        const versions = await materialVersionsOf(work.tx, [...new Set(rows.map(({ tripId }) => tripId))]);
        return { bids: rows.map((bid) => messageFromBid(bid, user, versions.get(bid.tripId) ?? 0)), nextPageToken };
      });
    },
  };
}

/** A bid as its reader may see it, held against the trip as we know it. */
async function shown({ tx }: Work, user: UserIdentity, bid: Bid): Promise<ReturnType<typeof messageFromBid>> {
  const versions = await materialVersionsOf(tx, [bid.tripId]);
  return messageFromBid(bid, user, versions.get(bid.tripId) ?? 0);
}

interface NewBid {
  readonly id: BidId;
  readonly user: UserIdentity;
}

async function submit(work: Work, request: SubmitBidRequest, { id, user }: NewBid): Promise<Bid> {
  const { now } = work;
  const actor = grantedOrThrow(bidActor(user, request));
  const offer = offerFrom(request);
  grantedOrThrow(hasSoundTimes(offer, now));
  const opening = await openTrip(work, request.tripId, actor);
  await assertNameable(work, opening, offer.unitId);
  const bid = submittedBid(factsOf(id, opening, actor), offer, now);
  await addBid(work, bid);
  return bid;
}

/**
 * The trip as far as it is open to an agency, which stays as it is for the rest of the transaction.
 * @param keepTrip how its row is held.
 */
async function openTrip(
  work: Work,
  tripId: string,
  { agencyId, keepTrip = shareTripCopy }: Pick<BidActor, "agencyId"> & { readonly keepTrip?: typeof shareTripCopy },
): Promise<Opening> {
  const { tx, now } = work;
  work.touched("trip", tripId);
  // Whoever switches the agency off waits for us or we for them, so that no bid slips in beside it.
  await shareAgency(tx, agencyId);
  const candidate = await findCandidate(tx, agencyId);
  // Whoever ends the trip, or hears of its end, waits for us or we for them: no bid is left open on a trip that is over.
  const copy = await keepTrip(tx, tripId);
  const opening = grantedOrThrow(isOpenTo(copy, candidate, { tripId, now }));
  if (await isTripTaken(tx, tripId)) throw refuse(Reason.TRIP_NOT_PENDING, `trip ${tripId} has just been assigned`);
  return opening;
}

async function assertNameable({ tx, now }: Work, { trip, agency }: Opening, unitId: string | undefined): Promise<void> {
  if (unitId === undefined) return;
  grantedOrThrow(mayBeNamed(await findUnit(tx, unitId, now), { agencyId: agency.id, level: trip.level }));
}

function factsOf(id: BidId, { trip, agency }: Opening, { userId, overrideReason }: BidActor): BidFacts {
  return {
    id,
    tripId: trip.id,
    agencyId: agency.id,
    seenMaterialVersion: trip.materialVersion,
    submittedBy: userId,
    ...(overrideReason && { overrideReason }),
  };
}

async function amend(work: Work, { bidId, etag, ...request }: AmendBidRequest, user: UserIdentity): Promise<Bid> {
  const { tx, now } = work;
  work.touched("bid", bidId);
  const found = await findBid(tx, bidId);
  if (!found) throw notFound("bid", bidId);
  const actor = grantedOrThrow(actorOnBid(found, user, request.overrideReason));
  const change = offerChangeFrom(request);
  grantedOrThrow(hasSoundTimes(change, now));
  // What became of the bid says more than that its trip no longer waits.
  grantedOrThrow(isOpen(found, await isBidHeld(tx, bidId)));
  const opening = await openTrip(work, found.tripId, actor);
  const bid = await lockOpenBid(work, bidId, etag);
  const { materialVersion } = opening.trip;
  const { overrideReason } = actor;
  const amended = amendedBid(bid, change, { now, materialVersion, ...(overrideReason && { overrideReason }) });
  grantedOrThrow(hasOrderedTimes(amended));
  await assertNameable(work, opening, amended.unitId);
  await saveBid(work, amended);
  return amended;
}

async function withdraw(work: Work, request: WithdrawBidRequest, user: UserIdentity): Promise<Bid> {
  const { bidId, etag } = request;
  work.touched("bid", bidId);
  const found = await findBid(work.tx, bidId);
  if (!found) throw notFound("bid", bidId);
  const { overrideReason } = grantedOrThrow(actorOnBid(found, user, request.overrideReason));
  const open = await lockOpenBid(work, bidId, etag);
  const why = { reason: "WITHDRAWN_BY_AGENCY", ...(overrideReason && { overrideReason }) } as const;
  const withdrawn = bidBecoming(open, "WITHDRAWN", { now: work.now, ...why });
  await saveBid(work, withdrawn);
  return withdrawn;
}

async function decline(work: Work, request: DeclineTripRequest, { id, user }: NewBid): Promise<Bid> {
  const { tx, now } = work;
  const { tripId } = request;
  const actor = grantedOrThrow(bidActor(user, request));
  // Held by one at a time, so that of two that decline at once the second finds the first one's answer.
  const opening = await openTrip(work, tripId, { ...actor, keepTrip: lockTripCopy });
  if (await lockOwnOpenBid(tx, tripId, actor.agencyId)) {
    throw refuse(Reason.INVALID_STATE_TRANSITION, "the agency has an open bid for the trip, which it may withdraw");
  }
  const before = await findDeclinedBid(tx, tripId, actor.agencyId);
  if (before) return before;
  const declined = declinedBid(factsOf(id, opening, actor), request.reason, now);
  await addBid(work, declined);
  return declined;
}

async function reject(work: Work, { bidId, etag }: RejectBidRequest, user: UserIdentity): Promise<Bid> {
  const { tx, now } = work;
  work.touched("bid", bidId);
  const found = await findBid(tx, bidId);
  const trip = found && (await shareTripCopy(tx, found.tripId));
  const isTheirs = user.userType === "CENTER" || trip?.hospitalId === user.organizationId;
  if (!trip || !isTheirs) throw notFound("bid", bidId);
  const bid = await lockOpenBid(work, bidId, etag);
  const rejected = bidBecoming(bid, "REJECTED", { now, reason: "REJECTED_BY_HOSPITAL" });
  await saveBid(work, rejected);
  return rejected;
}

async function lockOpenBid({ tx }: Work, bidId: string, etag: string): Promise<Bid> {
  const bid = await lockBid(tx, bidId);
  if (!bid) throw notFound("bid", bidId);
  assertEtag(etag, bid.version);
  return grantedOrThrow(isOpen(bid, await isBidHeld(tx, bidId)));
}

async function isInReach({ tx }: Work, bid: Bid, user: UserIdentity): Promise<boolean> {
  const reach = reachOf(user);
  if (reach === "all") return true;
  if ("agencyId" in reach) return bid.agencyId === reach.agencyId;
  return (await findTripCopy(tx, bid.tripId))?.hospitalId === reach.hospitalId;
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
