import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type Client, Code, type HandlerContext } from "@connectrpc/connect";
import {
  type AssignUnitRequest,
  AssignUnitResponseSchema,
  type SwapUnitRequest,
} from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { callerOf, type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { type IdempotencyKey, idempotencyKeyOf } from "#platform/database/idempotency.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { forward } from "#platform/rpc/peer.ts";
import { badRequest, notFound, refuse } from "#platform/rpc/refusal.ts";
import type { Decision } from "../decisions/decision.ts";
import { grantedOrThrow } from "../granted.ts";
import { lockTripCopy } from "../trip-copies/trip-copy.store.ts";
import type { TripCopy } from "../trip-copies/trip-copy.ts";
import { takeUnit } from "../units/unit.events.ts";
import { protoFromUnitType } from "../units/unit.message.ts";
import { type Assignment, mayTakeUnit, type UnitStep, withHeldUnit } from "./assignment.ts";
import { messageFromAssignment } from "./assignment.message.ts";
import { lockNewestAssignment, updateAssignment } from "./assignment.store.ts";
import { noteBeginning, standingOf } from "./assign-unit.store.ts";
import { awardChange, confirmUnit, dropUnit } from "./award.store.ts";
import { lockUnitFor } from "./hold.store.ts";
import { findStoredAnswer } from "./stored-answer.store.ts";
import { isRefusal } from "./trip-claim.client.ts";

export interface AssignUnitDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
  readonly claims: Pick<Client<typeof TripClaimService>, "setTripUnit">;
}

/**
 * Puts a unit on a trip that the agency has won without naming one: the unit is held, Hospital told, the hold confirmed.
 * If Hospital's answer is lost the unit stays held, and the system asks again on its own; so may the caller.
 */
export async function assignUnit(
  deps: AssignUnitDeps,
  request: AssignUnitRequest,
  context: HandlerContext,
): Promise<MessageShape<typeof AssignUnitResponseSchema>> {
  return putUnitOnTrip(deps, context, {
    request,
    output: AssignUnitResponseSchema,
    rule: (assignment, _trip, unitId) => mayTakeUnit(assignment, unitId),
    answer: (assignment) => ({ assignment: messageFromAssignment(assignment) }),
  });
}

/** Whether a unit may be put on a trip, and whether that has happened, or begun, before. */
export type UnitRule = (assignment: Assignment, trip: TripCopy, unitId: string) => Decision<UnitStep>;

/** One of the two ways to put a unit on a trip that was won, as far as they differ. */
export interface UnitCommand<O extends DescMessage> {
  readonly request: AssignUnitRequest | SwapUnitRequest;
  readonly output: O;
  readonly rule: UnitRule;
  readonly answer: (assignment: Assignment) => MessageInitShape<O>;
}

/** Holds a unit for a trip, tells Hospital, and confirms or releases the hold by its answer. */
export async function putUnitOnTrip<O extends DescMessage>(
  deps: AssignUnitDeps,
  context: HandlerContext,
  { request, output, rule, answer }: UnitCommand<O>,
): Promise<MessageShape<O>> {
  const { unitOfWork, newId } = deps;
  const { tripId, unitId } = request;
  const key = idempotencyKeyOf(callerOf(context), context.method, request);
  return unitOfWork.call(context, async () => {
    const begun = await unitOfWork.transaction(context, async (work) => {
      const stored = await findStoredAnswer(work.tx, key, output);
      if (stored) return { stored };
      return { assignment: await holdUnit(work, { request, rule, key, user: userOf(context) }) };
    });
    if ("stored" in begun) return begun.stored;
    await tellHospital(deps, context, begun.assignment);
    return unitOfWork.write(context, request, output, async (work) => {
      const { attemptId } = begun.assignment;
      const after = await confirmUnit(awardChange(work, newId), { attemptId, unitId });
      // Hospital may have ended the trip since, or taken it back, and the event may have come before us.
      assertStillOwn(after, tripId);
      work.touched("assignment", attemptId);
      work.touched("unit", unitId);
      return answer(after);
    });
  });
}

interface HoldingUnit {
  readonly request: AssignUnitRequest | SwapUnitRequest;
  readonly rule: UnitRule;
  readonly key: IdempotencyKey | undefined;
  readonly user: UserIdentity;
}

/** Keeps the unit for the trip, or finds that it is kept already. */
async function holdUnit(work: Work, { request, rule, key, user }: HoldingUnit): Promise<Assignment> {
  const { tripId, unitId, overrideReason } = request;
  assertOverride(user, overrideReason);
  const { tx, now } = work;
  const trip = await lockTripCopy(tx, tripId);
  const agencyId = user.userType === "CENTER" ? undefined : (user.organizationId ?? "");
  const assignment = trip && (await lockNewestAssignment(tx, tripId, agencyId));
  if (!assignment) throw notFound("trip", tripId);
  work.touched("trip", tripId);
  work.touched("assignment", assignment.attemptId);
  const standing = key && (await noteBeginning(tx, key, { assignment, now }));
  if (grantedOrThrow(rule(assignment, trip, unitId)) !== "new") return assignment;
  // If all stands as it did then, Hospital has refused the unit, and it may be offered once more.
  if (standing !== undefined && standing !== standingOf(assignment)) {
    throw refuse(Reason.INVALID_STATE_TRANSITION, `another unit was put on trip ${tripId} since`);
  }
  const unit = await lockUnitFor(work, { unitId, agencyId: assignment.agencyId, trip });
  const after = withHeldUnit(assignment, unit, now);
  await updateAssignment(tx, after, overrideReason);
  await takeUnit(work, unit);
  return after;
}

/** Tells Hospital if it may not know yet. @throws Refusal its own if it says no, and then the unit is free again. */
async function tellHospital(deps: AssignUnitDeps, context: HandlerContext, assignment: Assignment): Promise<void> {
  const { unitOfWork, newId, claims } = deps;
  const { attemptId, tripId, unit, previousUnit } = assignment;
  if (unit?.state !== "HELD") return;
  const unitType = protoFromUnitType(unit.type);
  const told = { attemptId, tripId, unitId: unit.id, unitType, previousUnitId: previousUnit?.id ?? "" };
  try {
    await claims.setTripUnit(told, forward(context));
  } catch (error) {
    // A token that ran out on the way says nothing about the unit: an earlier call of ours may have put it on the trip.
    if (isRefusal(error) && error.code !== Code.Unauthenticated) {
      await unitOfWork.transaction(context, (work) =>
        dropUnit(awardChange(work, newId), { attemptId, unitId: unit.id }),
      );
    }
    throw error;
  }
}

function assertStillOwn(assignment: Assignment | undefined, tripId: string): asserts assignment is Assignment {
  if (assignment?.unit && assignment.state !== "RELEASED") return;
  if (assignment?.releaseReason === "CANCELLED") throw refuse(Reason.TRIP_CANCELLED, `trip ${tripId} was cancelled`);
  throw refuse(Reason.INVALID_STATE_TRANSITION, `the agency no longer has trip ${tripId}`);
}

function assertOverride({ userType }: UserIdentity, overrideReason: string): void {
  if (userType !== "CENTER" || overrideReason.trim() !== "") return;
  const details = [badRequest([{ field: "override_reason", description: "Center says why it acts for the agency" }])];
  throw refuse(Reason.VALIDATION_FAILED, "override_reason is missing", { details });
}
