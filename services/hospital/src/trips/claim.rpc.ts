import { createHash } from "node:crypto";
import { toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import {
  ClaimLostReason,
  ClaimOutcome,
  type ClaimTripRequest,
  ClaimTripRequestSchema,
  type ClaimTripResponse,
  ClaimTripResponseSchema,
  type ResolveClaimRequest,
  ResolveClaimResponseSchema,
  type SetTripUnitRequest,
  SetTripUnitResponseSchema,
  type TripClaimService,
} from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { notFound, reasonFromName, reasonName, Refusal, refuse } from "#platform/rpc/refusal.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { claimTrip, isClaimable, isInReach, mayClaim, type NamedUnit, setTripUnit, type TripClaim } from "./claim.ts";
import { type ClaimEnd, findClaim, insertClaim, type StoredClaim } from "./claim.store.ts";
import { unitTypeFromProto } from "./transport.message.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { recordTripChange } from "./trip.events.ts";
import { grantedOrThrow } from "./trip.refusal.ts";
import { relationTo } from "./trip-scope.ts";
import type { Trip } from "./trip.ts";
import { findTrip, lockTrip } from "./trip.store.ts";

export interface ClaimRpcDeps {
  readonly unitOfWork: UnitOfWork;
}

/** What ClaimTrip and ResolveClaim answer in the same words. */
type ClaimAnswer = Pick<ClaimTripResponse, "outcome" | "lostReason" | "tripVersion">;

/** Implements `medport.hospital.v1.TripClaimService`: the single point where a trip is won. */
export function claimRpc({ unitOfWork }: ClaimRpcDeps): ServiceImpl<typeof TripClaimService> {
  return {
    claimTrip: async (request, context) => {
      try {
        return await unitOfWork.write(context, request, ClaimTripResponseSchema, (work) => claim(work, request));
      } catch (error) {
        if (!isFinal(error)) throw error;
        // EMS lets go of the unit when it hears the refusal. A copy of this very call that is still on its way must not
        // win the trip after that, so the attempt ends here as well.
        await unitOfWork.transaction(context, (work) => abandon(work, request, reasonName(error.reason)));
        throw error;
      }
    },

    resolveClaim: (request, context) =>
      unitOfWork.write(context, request, ResolveClaimResponseSchema, async (work) => {
        await abandon(work, request);
        const stored = await findClaim(work.tx, request.attemptId);
        if (!stored) throw new Error("a claim was stored and is not there");
        assertSameTrip(stored, request);
        work.touched("trip", request.tripId);
        return answerFrom(stored);
      }),

    setTripUnit: (request, context) =>
      unitOfWork.write(context, request, SetTripUnitResponseSchema, async (work) => ({
        tripVersion: BigInt(await setUnit(work, request)),
      })),
  };
}

async function claim(work: Work, request: ClaimTripRequest): Promise<ClaimAnswer> {
  const { tx, now } = work;
  work.touched("trip", request.tripId);
  // Nobody is behind the call where a trip's policy has chosen the bid.
  const actor = work.caller.user && (await tripActorOf(work));
  const trip = await tripToClaim(tx, request.tripId);
  // An agency's reach may change, and the answer to an attempt must not: it is asked about only a new one, further down.
  if (!trip || (actor?.type !== "EMS" && !isInReach(trip, actor))) throw notFound("trip", request.tripId);
  const attempt: TripClaim = { ...claimFrom(request), ...(actor && { actor }), now };
  grantedOrThrow(mayClaim(trip, attempt));

  const requestHash = hashOf(request);
  const earlier = await findClaim(tx, request.attemptId);
  if (earlier) return answerAgain(earlier, request, requestHash);

  if (!isInReach(trip, actor)) throw notFound("trip", request.tripId);
  const agencyIsActive =
    actor?.type === "EMS" ? actor.reach.isActive : (await findAgency(tx, request.agencyId))?.isActive;
  grantedOrThrow(isClaimable(trip, attempt, agencyIsActive));
  const verdict = claimTrip(trip, attempt);
  const end: ClaimEnd =
    verdict.outcome === "WON" ? { outcome: "WON", tripVersion: verdict.change.after.version } : verdict;
  const { attemptId, tripId, agencyId, bidId } = request;
  const isFirst = await insertClaim(tx, { attemptId, tripId, agencyId, bidId, requestHash, end, now });
  // EMS has given the attempt up while we were deciding.
  if (!isFirst) return answerAgain(await findClaim(tx, attemptId), request, requestHash);
  if (verdict.outcome === "WON") await recordTripChange(work, verdict.change);
  return answerFrom(end);
}

/**
 * Reads a trip, and holds it if it can be won. One that cannot is not held: losing changes nothing about it, and many
 * agencies lose at the same moment.
 */
async function tripToClaim(tx: Tx, tripId: string): Promise<Trip | undefined> {
  const seen = await findTrip(tx, tripId);
  return seen?.status === "PENDING" ? lockTrip(tx, tripId) : seen;
}

async function setUnit(work: Work, request: SetTripUnitRequest): Promise<number> {
  const { attemptId, tripId, previousUnitId } = request;
  work.touched("trip", tripId);
  // EMS repeats on its own what it has lost the answer to; that a person may do it was decided the first time.
  const actor = work.caller.user && (await tripActorOf(work));
  const trip = await lockTrip(work.tx, tripId);
  if (!trip || (actor && !relationTo(trip, actor))) throw notFound("trip", tripId);
  const assignment = {
    attemptId,
    unit: unitFrom(request.unitId, request.unitType),
    ...(previousUnitId && { previousUnitId }),
    ...(actor && { actor }),
    now: work.now,
  };
  const change = grantedOrThrow(setTripUnit(trip, assignment));
  if (!change) return trip.version;
  await recordTripChange(work, change);
  return change.after.version;
}

/** Sees to it that the attempt never wins, unless it has ended already. */
async function abandon(
  { tx, now }: Work,
  { attemptId, tripId }: ResolveClaimRequest | ClaimTripRequest,
  refusal?: string,
): Promise<void> {
  await insertClaim(tx, { attemptId, tripId, end: { outcome: "ABANDONED", ...(refusal && { refusal }) }, now });
}

function claimFrom(request: ClaimTripRequest): Omit<TripClaim, "actor" | "now"> {
  const { attemptId, agencyId, unitId, unitType, bidId, seenMaterialVersion } = request;
  return {
    attemptId,
    agencyId,
    ...(unitId && { unit: unitFrom(unitId, unitType) }),
    ...(bidId && { bidId }),
    seenMaterialVersion: Number(seenMaterialVersion),
  };
}

function unitFrom(id: string, unitType: number): NamedUnit {
  const type = unitTypeFromProto(unitType);
  if (!type) throw refuse(Reason.VALIDATION_FAILED, "a unit comes with its type");
  return { id, type };
}

function answerAgain(stored: StoredClaim | undefined, request: ClaimTripRequest, requestHash: Uint8Array): ClaimAnswer {
  if (!stored) throw new Error("a claim was stored and is not there");
  assertSameTrip(stored, request);
  if (stored.requestHash && !Buffer.from(stored.requestHash).equals(requestHash)) {
    throw refuse(Reason.REQUEST_ID_REUSED, `attempt ${request.attemptId} was made before with other contents`);
  }
  const refusal = stored.outcome === "ABANDONED" && stored.refusal ? reasonFromName(stored.refusal) : undefined;
  // In the words of a trip that does not exist, since it shall look like one.
  if (refusal === Reason.RESOURCE_NOT_FOUND) throw notFound("trip", request.tripId);
  if (refusal !== undefined) throw refuse(refusal, `attempt ${request.attemptId} was refused before`);
  return answerFrom(stored);
}

function assertSameTrip(stored: StoredClaim, { attemptId, tripId }: ResolveClaimRequest | ClaimTripRequest): void {
  if (stored.tripId === tripId) return;
  throw refuse(Reason.REQUEST_ID_REUSED, `attempt ${attemptId} was made for another trip`);
}

const noDetails = { lostReason: ClaimLostReason.UNSPECIFIED, tripVersion: 0n } as const;

function answerFrom(end: ClaimEnd): ClaimAnswer {
  switch (end.outcome) {
    case "WON":
      return { ...noDetails, outcome: ClaimOutcome.WON, tripVersion: BigInt(end.tripVersion) };
    case "LOST":
      return { ...noDetails, outcome: ClaimOutcome.LOST, lostReason: ClaimLostReason[end.reason] };
    case "ABANDONED":
    case "WITHDRAWN":
      return { ...noDetails, outcome: ClaimOutcome.ABANDONED };
  }
}

function hashOf(request: ClaimTripRequest): Uint8Array {
  return createHash("sha256").update(toBinary(ClaimTripRequestSchema, request)).digest();
}

/**
 * Reasons that end an attempt: EMS lets go of the unit, and its next try is another attempt. Others are about the moment,
 * and the same claim may come again.
 */
const finalReasons: readonly Reason[] = [
  Reason.VALIDATION_FAILED,
  Reason.RESOURCE_NOT_FOUND,
  Reason.ACTION_NOT_ALLOWED,
  Reason.AWARD_POLICY_MISMATCH,
  Reason.INVALID_STATE_TRANSITION,
  Reason.AGENCY_NOT_ELIGIBLE,
  Reason.UNIT_NOT_CAPABLE,
];

function isFinal(error: unknown): error is Refusal {
  return Refusal.is(error) && finalReasons.includes(error.reason);
}
