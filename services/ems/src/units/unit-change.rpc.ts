import type { ServiceImpl } from "@connectrpc/connect";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type RecordAvailabilityRequest,
  RecordAvailabilityResponseSchema,
  ReportUnitLocationResponseSchema,
  SetUnitShiftResponseSchema,
  SetUnitStatusResponseSchema,
  type SetUnitStatusRequest,
  type UnitService,
  UpdateUnitResponseSchema,
} from "#gen/medport/ems/v1/unit_service_pb.ts";
import type { TimeWindow } from "#gen/medport/transport/v1/trip_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { grantedOrThrow } from "../granted.ts";
import { type Availability, type AvailabilityId, recordAvailability } from "./availability.ts";
import { findNeighbours, saveRecording } from "./availability.store.ts";
import { saveUnit } from "./unit.events.ts";
import {
  availabilityStatusFromProto,
  messageFromAvailability,
  messageFromUnit,
  unitDetailsFrom,
  unitStatusFromProto,
} from "./unit.message.ts";
import { mayTouch } from "./unit-scope.ts";
import { findUnit, lockUnit } from "./unit.store.ts";
import type { Shift, Unit } from "./unit.ts";
import { type StatusWish, withCrew, withDetails, withLocation, withShift, withStatus } from "./unit-change.ts";

export interface UnitChangeRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** The methods by which a unit changes. */
export type UnitChangeMethods = Pick<
  ServiceImpl<typeof UnitService>,
  "updateUnit" | "setUnitStatus" | "setUnitShift" | "recordAvailability" | "reportUnitLocation"
>;

/** Implements the part of `medport.ems.v1.UnitService` that changes units. Each of them holds the unit's row, as holds do. */
export function unitChangeRpc({ unitOfWork, newId }: UnitChangeRpcDeps): UnitChangeMethods {
  return {
    updateUnit: (request, context) =>
      unitOfWork.write(context, request, UpdateUnitResponseSchema, async (work) => {
        const details = unitDetailsFrom(request);
        const unit = await lockOwnUnit(work, request);
        const after = grantedOrThrow(withDetails(unit, details, work.now));
        return saved(work, unit, after);
      }),

    setUnitStatus: (request, context) =>
      unitOfWork.write(context, request, SetUnitStatusResponseSchema, async (work) => {
        const unit = await lockOwnUnit(work, request);
        const wish = statusWishFrom(work, request);
        return saved(work, unit, grantedOrThrow(withStatus(unit, wish)), wish.reason);
      }),

    setUnitShift: (request, context) =>
      unitOfWork.write(context, request, SetUnitShiftResponseSchema, async (work) => {
        const unit = await lockOwnUnit(work, request);
        return saved(work, unit, withShift(unit, shiftFrom(request.shift), work.now));
      }),

    recordAvailability: (request, context) =>
      unitOfWork.write(context, request, RecordAvailabilityResponseSchema, (work) =>
        record(work, request, newId() as AvailabilityId),
      ),

    reportUnitLocation: (request, context) =>
      unitOfWork.write(context, request, ReportUnitLocationResponseSchema, async (work) => {
        const unit = await lockOwnUnit(work, request);
        const { latitude = 0, longitude = 0 } = request.location ?? {};
        return saved(work, unit, withLocation(unit, { latitude, longitude }, work.now));
      }),
  };
}

/** Notes what the crew does, and what follows for the unit at this moment. */
async function record(work: Work, request: RecordAvailabilityRequest, id: AvailabilityId) {
  const { tx, now } = work;
  const unit = await lockOwnUnit(work, request);
  const wanted = availabilityFrom(request, { id, now });
  const recording = grantedOrThrow(recordAvailability(wanted, await findNeighbours(tx, unit.id, wanted.startTime)));
  await saveRecording(tx, recording, now);
  const { crew = unit.crew } = (await findUnit(tx, unit.id, now)) ?? {};
  const availability = messageFromAvailability(recording.recorded);
  return { availability, ...(await saved(work, unit, withCrew(unit, crew, now))) };
}

/**
 * Reads the unit that a call is about and holds its row. Another agency's looks like one that does not exist.
 * @throws Refusal RESOURCE_NOT_FOUND or ETAG_MISMATCH.
 */
async function lockOwnUnit(
  work: Work,
  { unitId, etag = "" }: { readonly unitId: string; readonly etag?: string },
): Promise<Unit> {
  work.touched("unit", unitId);
  const unit = await lockUnit(work.tx, unitId, work.now);
  if (!unit || !mayTouch(unit, work.caller.user)) throw notFound("unit", unitId);
  assertEtag(etag, unit.version);
  return unit;
}

/** Saves the unit and tells it, if it has changed at all. */
async function saved(work: Work, before: Unit, after: Unit, statusReason?: string) {
  if (after !== before) await saveUnit(work, after, statusReason);
  return { unit: messageFromUnit(after, work.now) };
}

function statusWishFrom({ caller, now }: Work, { status: message, reason }: SetUnitStatusRequest): StatusWish {
  const status = unitStatusFromProto(message);
  if (!status || status === "IN_USE") throw refuse(Reason.VALIDATION_FAILED, "nobody sets this status");
  return { status, reason, byCenter: caller.user?.userType === "CENTER", now };
}

function shiftFrom(window: TimeWindow | undefined): Shift {
  const { startTime, endTime } = window ?? {};
  return { ...(startTime && { start: timestampDate(startTime) }), ...(endTime && { end: timestampDate(endTime) }) };
}

function availabilityFrom(
  { unitId, status: message, startTime, endTime, notes }: RecordAvailabilityRequest,
  { id, now }: { readonly id: AvailabilityId; readonly now: Date },
): Availability {
  const status = availabilityStatusFromProto(message);
  if (!status) throw refuse(Reason.VALIDATION_FAILED, "nobody records this status");
  return {
    ...{ id, unitId, status, notes },
    startTime: startTime ? timestampDate(startTime) : now,
    ...(endTime && { endTime: timestampDate(endTime) }),
  };
}
