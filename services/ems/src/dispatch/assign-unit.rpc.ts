import type { MessageShape } from "@bufbuild/protobuf";
import { type Client, Code, type HandlerContext } from "@connectrpc/connect";
import { type AssignUnitRequest, AssignUnitResponseSchema } from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { callerOf, type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { idempotencyKeyOf } from "#platform/database/idempotency.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { forward } from "#platform/rpc/peer.ts";
import { badRequest, notFound, refuse } from "#platform/rpc/refusal.ts";
import { grantedOrThrow } from "../granted.ts";
import { lockTripCopy } from "../trip-copies/trip-copy.store.ts";
import { takeUnit } from "../units/unit.events.ts";
import { protoFromUnitType } from "../units/unit.message.ts";
import type { Assignment } from "./assignment.ts";
import { mayTakeUnit, withHeldUnit } from "./assignment.ts";
import { messageFromAssignment } from "./assignment.message.ts";
import { lockNewestAssignment, updateAssignment } from "./assignment.store.ts";
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
  const { unitOfWork, newId } = deps;
  const user = userOf(context);
  const key = idempotencyKeyOf(callerOf(context), context.method, request);
  return unitOfWork.call(context, async () => {
    const begun = await unitOfWork.transaction(context, async (work) => {
      const stored = await findStoredAnswer(work.tx, key, AssignUnitResponseSchema);
      return stored ? { stored } : { assignment: await holdUnit(work, request, user) };
    });
    if ("stored" in begun) return begun.stored;
    await tellHospital(deps, context, begun.assignment);
    return unitOfWork.write(context, request, AssignUnitResponseSchema, async (work) => {
      const { attemptId, unit } = begun.assignment;
      const after = await confirmUnit(awardChange(work, newId), { attemptId, unitId: request.unitId });
      // Hospital may have ended the trip since, and the event may have come before us.
      if (!after?.unit || after.state === "RELEASED")
        throw refuse(Reason.TRIP_CANCELLED, `trip ${request.tripId} is over`);
      work.touched("assignment", attemptId);
      work.touched("unit", unit?.id ?? request.unitId);
      return { assignment: messageFromAssignment(after) };
    });
  });
}

/** Keeps the unit for the trip, or finds that it is kept already. */
async function holdUnit(work: Work, request: AssignUnitRequest, user: UserIdentity): Promise<Assignment> {
  const { tripId, unitId, overrideReason } = request;
  assertOverride(user, overrideReason);
  const { tx, now } = work;
  const trip = await lockTripCopy(tx, tripId);
  const agencyId = user.userType === "CENTER" ? undefined : (user.organizationId ?? "");
  const assignment = trip && (await lockNewestAssignment(tx, tripId, agencyId));
  if (!assignment) throw notFound("trip", tripId);
  work.touched("trip", tripId);
  work.touched("assignment", assignment.attemptId);
  if (grantedOrThrow(mayTakeUnit(assignment, unitId)) !== "new") return assignment;
  const unit = await lockUnitFor(work, { unitId, agencyId: assignment.agencyId, trip });
  const after = withHeldUnit(assignment, unit, now);
  await updateAssignment(tx, after, overrideReason);
  await takeUnit(work, unit);
  return after;
}

/** Tells Hospital if it may not know yet. @throws Refusal its own if it says no, and then the unit is free again. */
async function tellHospital(deps: AssignUnitDeps, context: HandlerContext, assignment: Assignment): Promise<void> {
  const { unitOfWork, newId, claims } = deps;
  const { attemptId, tripId, unit } = assignment;
  if (unit?.state !== "HELD") return;
  const told = { attemptId, tripId, unitId: unit.id, unitType: protoFromUnitType(unit.type) };
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

function assertOverride({ userType }: UserIdentity, overrideReason: string): void {
  if (userType !== "CENTER" || overrideReason.trim() !== "") return;
  const details = [badRequest([{ field: "override_reason", description: "Center says why it acts for the agency" }])];
  throw refuse(Reason.VALIDATION_FAILED, "override_reason is missing", { details });
}
