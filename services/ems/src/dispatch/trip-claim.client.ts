import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, type Client, Code, type HandlerContext } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import {
  ClaimLostReason,
  ClaimOutcome,
  type ClaimTripRequestSchema,
  type ClaimTripResponse,
  type ResolveClaimResponse,
  type TripClaimService,
} from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { forward, system } from "#platform/rpc/peer.ts";
import { Refusal } from "#platform/rpc/refusal.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { protoFromUnitType } from "../units/unit.message.ts";
import type { Assignment, ReleaseReason } from "./assignment.ts";

/** How an attempt ended, as far as Hospital has told. UNKNOWN: it may still end either way. */
export type ClaimVerdict =
  | { readonly outcome: "WON"; readonly tripVersion: number }
  | { readonly outcome: "LOST"; readonly reason: ReleaseReason; readonly refusal?: Refusal }
  | { readonly outcome: "UNKNOWN" };

export interface TripClaimDeps {
  /** Hospital, which decides who wins. */
  readonly claims: Client<typeof TripClaimService>;
  readonly log: Logger;
}

const mostCollisions = 3;

/** Claims a trip at Hospital in the caller's name; otherwise as `claimTripWith`. */
export async function claimTrip(
  deps: TripClaimDeps,
  assignment: Assignment,
  context: HandlerContext,
): Promise<ClaimVerdict> {
  return claimTripWith(deps, assignment, { options: () => forward(context), signal: context.signal });
}

/** In whose name a claim is made, and until when. */
export interface Claimant {
  /** Made anew for each try. */
  readonly options: () => CallOptions;
  readonly signal?: AbortSignal;
}

/**
 * Claims a trip at Hospital. May be repeated: the same attempt always gets the same outcome. Never throws: what cannot be
 * known now is UNKNOWN.
 */
export async function claimTripWith(
  deps: TripClaimDeps,
  assignment: Assignment,
  { options, signal }: Claimant,
): Promise<ClaimVerdict> {
  for (let collisions = 0; ; collisions += 1) {
    try {
      return verdictFrom(await deps.claims.claimTrip(claimFrom(assignment), options()));
    } catch (error) {
      if (isCollision(error) && collisions < mostCollisions) continue;
      if (!isRefusal(error)) return unknown(deps, assignment, error);
      // The refusal is about this call alone: a copy of it may still be on its way, and must not win after we let go.
      const verdict = await resolveClaim(deps, assignment, system(signal && { signal }));
      return verdict.outcome === "LOST" ? { ...verdict, refusal: error } : verdict;
    }
  }
}

/**
 * Asks Hospital how an attempt ended; if it never arrived there, it never will. May be repeated. Never throws.
 * @param options of a call that the service makes on its own.
 */
export async function resolveClaim(
  deps: TripClaimDeps,
  assignment: Assignment,
  options: ReturnType<typeof system>,
): Promise<ClaimVerdict> {
  const { attemptId, tripId } = assignment;
  try {
    return verdictFrom(await deps.claims.resolveClaim({ attemptId, tripId }, options));
  } catch (error) {
    return unknown(deps, assignment, error);
  }
}

/** True if an answer of Hospital says no, and would say so again. */
export function isRefusal(error: unknown): error is Refusal {
  return Refusal.is(error) && !isCollision(error) && !undecided.has(error.code);
}

const undecided: ReadonlySet<Code> = new Set([
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.Internal,
  Code.Unknown,
  Code.ResourceExhausted,
]);

/** Two changes met at Hospital, and this one was undone as a whole. */
function isCollision(error: unknown): boolean {
  return Refusal.is(error) && error.reason === Reason.CONCURRENT_CHANGE;
}

function unknown({ log }: TripClaimDeps, { attemptId, tripId }: Assignment, error: unknown): ClaimVerdict {
  log.warn({ event: "assignment.outcome_unknown", attemptId, tripId, error });
  return { outcome: "UNKNOWN" };
}

function claimFrom(assignment: Assignment): MessageInitShape<typeof ClaimTripRequestSchema> {
  const { attemptId, tripId, agencyId, unit, bidId, seenMaterialVersion } = assignment;
  return {
    ...{ attemptId, tripId, agencyId },
    unitId: unit?.id ?? "",
    unitType: unit ? protoFromUnitType(unit.type) : UnitType.UNSPECIFIED,
    bidId: bidId ?? "",
    seenMaterialVersion: BigInt(seenMaterialVersion),
  };
}

function verdictFrom({ outcome, lostReason, tripVersion }: ClaimTripResponse | ResolveClaimResponse): ClaimVerdict {
  switch (outcome) {
    case ClaimOutcome.WON:
      return { outcome: "WON", tripVersion: Number(tripVersion) };
    case ClaimOutcome.LOST:
      return { outcome: "LOST", reason: reasonFrom(lostReason) };
    case ClaimOutcome.ABANDONED:
      return { outcome: "LOST", reason: "ABANDONED" };
    default:
      return { outcome: "UNKNOWN" };
  }
}

/** Whatever else a later Hospital may say: the trip is somebody else's. */
function reasonFrom(reason: ClaimTripResponse["lostReason"]): ReleaseReason {
  if (reason === ClaimLostReason.CANCELLED) return "CANCELLED";
  return reason === ClaimLostReason.CHANGED ? "CHANGED" : "ALREADY_ASSIGNED";
}
