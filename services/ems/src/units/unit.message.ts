import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AvailabilityStatus as ProtoAvailability,
  type UnitAvailabilitySchema,
  type UnitSchema,
  UnitStatus as ProtoUnitStatus,
} from "#gen/medport/ems/v1/unit_pb.ts";
import { UnitDetailsSchema, type UpdateUnitRequest } from "#gen/medport/ems/v1/unit_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { UnitType as ProtoUnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { type Availability, type AvailabilityStatus, availabilityStatuses } from "./availability.ts";
import { availabilityOf, isAssignable, type Unit, type UnitStatus, unitStatuses } from "./unit.ts";
import type { UnitDetails } from "./unit-change.ts";
import { type UnitType, unitTypes } from "./unit-type.ts";

/** The type that a message means; undefined if unspecified or unknown to this version. */
export function unitTypeFromProto(value: number): UnitType | undefined {
  return unitTypes.find((type) => ProtoUnitType[type] === value);
}

/** The status that a message means; undefined if unspecified or unknown to this version. */
export function unitStatusFromProto(value: number): UnitStatus | undefined {
  return unitStatuses.find((status) => ProtoUnitStatus[status] === value);
}

/** A unit's type as messages spell it. */
export function protoFromUnitType(type: UnitType): ProtoUnitType {
  return ProtoUnitType[type];
}

/** A unit as messages and events carry it. @param now the time for which it was read. */
export function messageFromUnit(unit: Unit, now: Date): MessageInitShape<typeof UnitSchema> {
  const { shift, location } = unit;
  return {
    id: unit.id,
    agencyId: unit.agencyId,
    unitNumber: unit.unitNumber,
    type: protoFromUnitType(unit.type),
    capabilities: [...unit.capabilities],
    status: ProtoUnitStatus[unit.status],
    active: unit.isActive,
    etag: etagOf(unit.version),
    createTime: timestampFromDate(unit.createdAt),
    updateTime: timestampFromDate(unit.updatedAt),
    ...(shift.start && { shiftStartTime: timestampFromDate(shift.start) }),
    ...(shift.end && { shiftEndTime: timestampFromDate(shift.end) }),
    availability: ProtoAvailability[availabilityOf(unit)],
    assignable: isAssignable(unit, now).ok,
    ...(location && { location: { ...location } }),
  };
}

/** The status that a message means; undefined if it is none that is recorded, or unknown to this version. */
export function availabilityStatusFromProto(value: number): AvailabilityStatus | undefined {
  return availabilityStatuses.find((status) => status !== "ASSIGNED" && ProtoAvailability[status] === value);
}

/** A time of availability as messages carry it. */
export function messageFromAvailability(recorded: Availability): MessageInitShape<typeof UnitAvailabilitySchema> {
  const { id, unitId, status, startTime, endTime, notes } = recorded;
  return {
    ...{ id, unitId, notes },
    status: ProtoAvailability[status],
    startTime: timestampFromDate(startTime),
    ...(endTime && { endTime: timestampFromDate(endTime) }),
  };
}

/** The details that a request names, in our words. @throws Refusal VALIDATION_FAILED for a field that may not be empty. */
export function unitDetailsFrom({ details, updateMask }: UpdateUnitRequest): Partial<UnitDetails> {
  const fields = maskedFields(UnitDetailsSchema, updateMask);
  if (!details) throw refuse(Reason.VALIDATION_FAILED, "details are missing");
  const type = unitTypeFromProto(details.type);
  if (fields.has("type") && !type) {
    throw refuse(Reason.VALIDATION_FAILED, "the unit has no type that this version knows");
  }
  return {
    ...(fields.has("unitNumber") && { unitNumber: details.unitNumber }),
    ...(fields.has("type") && type && { type }),
    ...(fields.has("capabilities") && { capabilities: details.capabilities }),
    ...(fields.has("active") && { isActive: details.active }),
  };
}
