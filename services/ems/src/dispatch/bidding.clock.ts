import type { Client } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { system } from "#platform/rpc/peer.ts";
import { Refusal } from "#platform/rpc/refusal.ts";
import { startRepeatedWork } from "#platform/silo/repeated-work.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { lockOpenBids } from "../bids/bid.store.ts";
import { recordAvailableTripChange } from "../board/available-trip-change.store.ts";
import type { BidId } from "../bids/bid.ts";
import { readSystemSettings } from "../configuration/configuration.store.ts";
import { grantedOrThrow } from "../granted.ts";
import { preferredAgencies } from "../preferences/preference.store.ts";
import { findCandidate, listDueTripIds, lockTripCopy, noteBiddingClosed } from "../trip-copies/trip-copy.store.ts";
import { isBiddingEnded, isBiddingOver, isEligible, type TripCopy } from "../trip-copies/trip-copy.ts";
import type { Assignment, AttemptId } from "./assignment.ts";
import { isTripTaken, lockActiveAssignments } from "./assignment.store.ts";
import { awardChange, confirmAttempt, endOpenBids, releaseAttempt } from "./award.store.ts";
import { inAwardOrder } from "./award-order.ts";
import { hold } from "./hold.store.ts";
import { type ClaimVerdict, claimTripWith } from "./trip-claim.client.ts";

export interface BiddingClockOptions {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
  /** Hospital, which decides who wins. */
  readonly claims: Client<typeof TripClaimService>;
  readonly log: Logger;
  /** Milliseconds between two looks; 1 000 if absent. */
  readonly everyMs?: number;
}

/** What the audit log calls it. */
const actor = "ems.bidding-clock";
const mostAtOnce = 50;

/**
 * Ends bidding when its time is over: awards the trip by its policy, in the way in which a person would (hold, claim,
 * confirm), and expires the bids that are left. Until disposed. What was cut off is taken up again by the next look, of this
 * instance or another; see docs/decisions/0010-bidding-closes-by-a-clock.md.
 */
export function startBiddingClock(options: BiddingClockOptions): AsyncDisposable {
  const { log, everyMs = 1_000 } = options;
  const stop = new AbortController();
  const rounds = startRepeatedWork({ name: actor, everyMs, work: () => round(options, stop.signal), log });
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return rounds[Symbol.asyncDispose]();
    },
  };
}

/** @throws AggregateError if bidding on some trips could not be ended; the others are looked at. */
async function round(options: BiddingClockOptions, signal: AbortSignal): Promise<void> {
  const { unitOfWork } = options;
  const due = await unitOfWork.system(actor, ({ tx, now }) => listDueTripIds(tx, now, mostAtOnce));
  const failures: unknown[] = [];
  for (const tripId of due) {
    if (signal.aborted) break;
    try {
      // As long as Hospital does not answer, no further units are kept from others.
      if ((await closeBidding(options, tripId, signal)) === "no answer") break;
    } catch (error) {
      // One that cannot be ended must not keep the others open.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `bidding on ${failures.length} trips could not be ended`);
}

/** What one look at a trip's bids leads to. */
type Step =
  /** Bidding on the trip is not, or no longer, to be ended: it is awarded, in doubt, over, reopened, or ended already. */
  | { readonly kind: "not due" }
  /** This bid is the best of those that have not been tried. */
  | { readonly kind: "try"; readonly bidId: BidId }
  | { readonly kind: "none left" };

/** Goes as far as it gets with one trip; what is left is done by a later look. */
async function closeBidding(
  options: BiddingClockOptions,
  tripId: string,
  signal: AbortSignal,
): Promise<"looked at" | "no answer"> {
  const { unitOfWork, newId } = options;
  const tried = new Set<string>();
  while (!signal.aborted) {
    const step = await unitOfWork.system(actor, (work) => nextStep(work, tripId, tried));
    if (step.kind === "not due") break;
    if (step.kind === "none left") {
      await unitOfWork.system(actor, (work) => expireBids(work, tripId, newId));
      break;
    }
    tried.add(step.bidId);
    const outcome = await award(options, { tripId, bidId: step.bidId }, signal);
    if (outcome === "no answer") return outcome;
    if (outcome !== "next") break;
  }
  return "looked at";
}

/** Looks at the trip, which is held meanwhile, so that two instances that look at it do so one after the other. */
async function nextStep(work: Work, tripId: string, tried: ReadonlySet<string>): Promise<Step> {
  const { tx } = work;
  const trip = await lockTripCopy(tx, tripId);
  if (!trip || !(await isDue(work, trip))) return { kind: "not due" };
  const { maxAwardsConsidered } = await readSystemSettings(tx);
  const preferred = await preferredAgencies(tx, trip.hospitalId);
  const order = inAwardOrder(await lockOpenBids(tx, tripId), { ...trip, preferred });
  const best = order.find(({ id }) => !tried.has(id));
  return best && tried.size < maxAwardsConsidered ? { kind: "try", bidId: best.id } : { kind: "none left" };
}

/**
 * Whether bidding is to be ended now. Not while somebody's attempt has no outcome yet: if it comes to nothing, its bid is
 * open again, and nobody else would end it.
 */
async function isDue({ tx, now }: Work, trip: TripCopy): Promise<boolean> {
  const isToBeEnded = trip.status === "PENDING" && isBiddingOver(trip, now) && !isBiddingEnded(trip);
  if (!isToBeEnded || (await isTripTaken(tx, trip.id))) return false;
  return !(await lockActiveAssignments(tx, trip.id)).some(({ state }) => state === "HELD");
}

interface Choice {
  readonly tripId: string;
  readonly bidId: BidId;
}

/** Gives the trip to a bid, if it can still have it. */
async function award(
  options: BiddingClockOptions,
  choice: Choice,
  signal: AbortSignal,
): Promise<"won" | "next" | "wait" | "no answer"> {
  const { unitOfWork, newId } = options;
  const assignment = await holdFor(options, choice);
  if (!assignment) return "next";
  const { attemptId } = assignment;
  const claimant = { options: () => system({ signal, requestId: newId() }), signal };
  const verdict = await claimTripWith(options, assignment, claimant);
  switch (verdict.outcome) {
    case "WON": {
      const { tripVersion } = verdict;
      await unitOfWork.system(actor, (work) => confirmAttempt(awardChange(work, newId), { attemptId, tripVersion }));
      return "won";
    }
    case "LOST":
      await unitOfWork.system(actor, (work) => releaseAttempt(awardChange(work, newId), attemptId, verdict.reason));
      return isAboutTheBid(verdict) ? "next" : "wait";
    case "UNKNOWN":
      // The reconciler will know; until then the unit stays held, and nobody else is asked.
      return "no answer";
  }
}

/** Holds the bid's unit; undefined if the bid cannot win as things stand. */
async function holdFor(
  { unitOfWork, newId }: BiddingClockOptions,
  { tripId, bidId }: Choice,
): Promise<Assignment | undefined> {
  try {
    return await unitOfWork.system(actor, async (work) => {
      const { tx } = work;
      const trip = await lockTripCopy(tx, tripId);
      const bid = (await lockOpenBids(tx, tripId)).find(({ id }) => id === bidId);
      if (!trip || !bid || !(await isDue(work, trip))) return undefined;
      const agency = grantedOrThrow(isEligible(trip, await findCandidate(tx, bid.agencyId)));
      work.touched("trip", tripId);
      const { unitId, seenMaterialVersion } = bid;
      const attempt = { attemptId: newId() as AttemptId, requestedBy: "", key: undefined };
      return hold(work, { ...attempt, trip, agencyId: agency.id, unitId, bidId, seenMaterialVersion });
    });
  } catch (error) {
    // The unit is busy, or the agency no longer fit: the next best bid has its turn.
    if (Refusal.is(error) && !momentary.has(error.reason)) return undefined;
    throw error;
  }
}

/** Refusals that say nothing about the bid: it is tried again later, before any other. */
const momentary: ReadonlySet<Reason> = new Set([Reason.DEPENDENCY_DOWN, Reason.CONCURRENT_CHANGE]);

/** True if another bid might win where this one lost. */
function isAboutTheBid({ refusal }: Extract<ClaimVerdict, { readonly outcome: "LOST" }>): boolean {
  return refusal?.reason === Reason.UNIT_NOT_CAPABLE || refusal?.reason === Reason.AGENCY_NOT_ELIGIBLE;
}

async function expireBids(work: Work, tripId: string, newId: IdSource): Promise<void> {
  const trip = await lockTripCopy(work.tx, tripId);
  if (!trip?.biddingClosesAt || !(await isDue(work, trip))) return;
  await endOpenBids(awardChange(work, newId), tripId, "BIDDING_CLOSED");
  const closeTime = trip.biddingClosesAt;
  await recordAvailableTripChange(work.tx, { tripId, change: "bidding_closed" }, () =>
    noteBiddingClosed(work.tx, tripId, closeTime),
  );
  work.touched("trip", tripId);
}
