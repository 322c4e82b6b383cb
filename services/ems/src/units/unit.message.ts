import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type UnitSchema, UnitStatus as ProtoUnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { UnitType as ProtoUnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { type Unit, type UnitStatus, unitStatuses } from "./unit.ts";
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

/** A unit as messages and events carry it. */
export function messageFromUnit(unit: Unit): MessageInitShape<typeof UnitSchema> {
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
  };
}
