import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { AcceptanceState } from "#gen/medport/ems/v1/bid_pb.ts";
import {
  type AcceptBidRequest,
  AcceptBidResponseSchema,
  type AcceptTripRequest,
  AcceptTripResponseSchema,
  type BidService,
} from "#gen/medport/ems/v1/bid_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { callerOf, type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { Tx } from "#platform/database/database.ts";
import { type IdempotencyKey, type IdentifiedRequest, idempotencyKeyOf } from "#platform/database/idempotency.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { messageFromBid } from "../bids/bid.message.ts";
import { findBid, lockBid, lockOwnOpenBid } from "../bids/bid.store.ts";
import { type Bid, isOpen, isOutdated } from "../bids/bid.ts";
import { grantedOrThrow } from "../granted.ts";
import { findCandidate, lockTripCopy } from "../trip-copies/trip-copy.store.ts";
import { isEligible, isOpenTo, isWaiting, type TripCopy } from "../trip-copies/trip-copy.ts";
import { answerOf, type Assignment, type AttemptId } from "./assignment.ts";
import { messageFromAssignment } from "./assignment.message.ts";
import { findAssignment, isBidHeld } from "./assignment.store.ts";
import { awardChange, confirmAttempt, releaseAttempt } from "./award.store.ts";
import { findOwnAttempt, hold } from "./hold.store.ts";
import { type ClaimVerdict, claimTrip, type TripClaimDeps } from "./trip-claim.client.ts";

export interface AcceptanceRpcDeps extends TripClaimDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** The two ways of winning a trip. */
export type AcceptanceMethods = Pick<ServiceImpl<typeof BidService>, "acceptBid" | "acceptTrip">;

/**
 * Implements the part of `medport.ems.v1.BidService` by which trips are won: the unit is held, the trip claimed at
 * Hospital, and the hold confirmed or released by the answer; see docs/decisions/0004-hold-claim-confirm.md.
 */
export function acceptanceRpc(deps: AcceptanceRpcDeps): AcceptanceMethods {
  const { newId } = deps;
  return {
    acceptBid: (request, context) => {
      const user = userOf(context);
      return accept(deps, context, {
        request,
        output: AcceptBidResponseSchema,
        begin: (work, key) => holdForBid(work, request, { user, key, attemptId: newId() as AttemptId }),
        answer: async (tx, assignment) => {
          const bid = await findBid(tx, request.bidId);
          const seen = assignment.seenMaterialVersion;
          return { ...messageOf(assignment), ...(bid && { bid: messageFromBid(bid, user, seen) }) };
        },
      });
    },

    acceptTrip: (request, context) => {
      const user = userOf(context);
      return accept(deps, context, {
        request,
        output: AcceptTripResponseSchema,
        begin: (work, key) => holdForTrip(work, request, { user, key, attemptId: newId() as AttemptId }),
        answer: (_tx, assignment) => Promise.resolve(messageOf(assignment)),
      });
    },
  };
}

/** One of the two ways, as far as they differ. */
interface Acceptance<O extends DescMessage> {
  readonly request: IdentifiedRequest;
  readonly output: O;
  /** Holds the unit, or finds what the same request has begun before. */
  readonly begin: (work: Work, key: IdempotencyKey | undefined) => Promise<Assignment>;
  readonly answer: (tx: Tx, assignment: Assignment) => Promise<MessageInitShape<O>>;
}

async function accept<O extends DescMessage>(
  deps: AcceptanceRpcDeps,
  context: HandlerContext,
  { request, output, begin, answer }: Acceptance<O>,
): Promise<MessageShape<O>> {
  const { unitOfWork, newId } = deps;
  const key = idempotencyKeyOf(callerOf(context), context.method, request);
  return unitOfWork.call(context, async () => {
    const assignment = await unitOfWork.transaction(context, (work) => begin(work, key));
    const verdict = assignment.state === "HELD" ? await claimTrip(deps, assignment, context) : undefined;
    if (verdict?.outcome === "UNKNOWN") {
      return unitOfWork.read(context, request, output, ({ tx }) => answer(tx, assignment));
    }
    if (verdict?.outcome === "LOST") await letGo(deps, context, { assignment, verdict });
    // Confirmed together with the answer that every repetition will get. If the trip was cancelled meanwhile, or won by a
    // later attempt, this is undone and the hold stays for the event, or the reconciler, to end.
    return unitOfWork.write(context, request, output, async (work) => {
      const { attemptId } = assignment;
      const after = await (verdict?.outcome === "WON"
        ? confirmAttempt(awardChange(work, newId), { attemptId, tripVersion: verdict.tripVersion })
        : findAssignment(work.tx, attemptId));
      if (!after) throw new Error(`assignment ${attemptId} was made and is not there`);
      grantedOrThrow(answerOf(after));
      work.touched("assignment", attemptId);
      return answer(work.tx, after);
    });
  });
}

/** Carries out that the trip is not the agency's. @throws Refusal that says why, unless the assignment says otherwise. */
async function letGo(
  { unitOfWork, newId }: AcceptanceRpcDeps,
  context: HandlerContext,
  { assignment, verdict }: { readonly assignment: Assignment; readonly verdict: LostVerdict },
): Promise<void> {
  const { attemptId } = assignment;
  const after = await unitOfWork.transaction(context, (work) =>
    releaseAttempt(awardChange(work, newId), attemptId, verdict.reason),
  );
  // Hospital's own reason says more than that the attempt came to nothing.
  if (after?.state === "RELEASED" && verdict.refusal) throw verdict.refusal;
  if (after) grantedOrThrow(answerOf(after));
}

type LostVerdict = Extract<ClaimVerdict, { readonly outcome: "LOST" }>;

interface Attempt {
  readonly user: UserIdentity;
  readonly key: IdempotencyKey | undefined;
  readonly attemptId: AttemptId;
}

/** AcceptBid's hold: the owning hospital, or Center, takes an agency's bid with the unit that it offers. */
async function holdForBid(work: Work, { bidId, etag }: AcceptBidRequest, attempt: Attempt): Promise<Assignment> {
  const { tx } = work;
  const found = await findBid(tx, bidId);
  const trip = found && (await lockTripCopy(tx, found.tripId));
  if (!trip || !mayAward(trip, attempt.user)) throw notFound("bid", bidId);
  touch(work, { trip, bidId });
  const before = await findOwnAttempt(work, attempt.key);
  if (before) return before;
  const bid = await lockOpenBid(work, bidId, etag);
  grantedOrThrow(isWaiting(trip, work.now));
  if (isOutdated(bid, trip.materialVersion)) throw refuse(Reason.BID_OUTDATED, `trip ${trip.id} has changed since`);
  const agency = grantedOrThrow(isEligible(trip, await findCandidate(tx, bid.agencyId)));
  const { unitId, seenMaterialVersion } = bid;
  return hold(work, { ...attemptOf(attempt), trip, agencyId: agency.id, unitId, bidId, seenMaterialVersion });
}

/** AcceptTrip's hold: an agency takes a trip for itself, with the unit that it names. */
async function holdForTrip(work: Work, request: AcceptTripRequest, attempt: Attempt): Promise<Assignment> {
  const { tx } = work;
  const { tripId, seenMaterialVersion } = request;
  const copy = await lockTripCopy(tx, tripId);
  const before = await findOwnAttempt(work, attempt.key);
  if (before) return before;
  const candidate = await findCandidate(tx, attempt.user.organizationId ?? "");
  const { trip, agency } = grantedOrThrow(isOpenTo(copy, candidate, { tripId, now: work.now }));
  if (trip.awardPolicy !== "FIRST_ACCEPT") {
    throw refuse(Reason.AWARD_POLICY_MISMATCH, "the hospital chooses among the bids for this trip");
  }
  const bid = await lockOwnOpenBid(tx, tripId, agency.id);
  if (bid) grantedOrThrow(isOpen(bid, await isBidHeld(tx, bid.id)));
  touch(work, { trip, bidId: bid?.id });
  return hold(work, {
    ...attemptOf(attempt),
    trip,
    agencyId: agency.id,
    unitId: request.unitId || undefined,
    bidId: bid?.id,
    seenMaterialVersion: Number(seenMaterialVersion) || trip.materialVersion,
  });
}

async function lockOpenBid({ tx }: Work, bidId: string, etag: string): Promise<Bid> {
  const bid = await lockBid(tx, bidId);
  if (!bid) throw notFound("bid", bidId);
  assertEtag(etag, bid.version);
  return grantedOrThrow(isOpen(bid, await isBidHeld(tx, bidId)));
}

function mayAward(trip: TripCopy, { userType, organizationId }: UserIdentity): boolean {
  return userType === "CENTER" || (userType === "HOSPITAL" && trip.hospitalId === organizationId);
}

function touch(work: Work, { trip, bidId }: { readonly trip: TripCopy; readonly bidId: string | undefined }): void {
  work.touched("trip", trip.id);
  if (bidId !== undefined) work.touched("bid", bidId);
}

function attemptOf({ user, key, attemptId }: Attempt): {
  attemptId: AttemptId;
  requestedBy: string;
  key: Attempt["key"];
} {
  return { attemptId, requestedBy: user.userId, key };
}

function messageOf(assignment: Assignment) {
  const state = assignment.state === "HELD" ? AcceptanceState.CONFIRMING : AcceptanceState.CONFIRMED;
  return { state, assignment: messageFromAssignment(assignment) };
}
