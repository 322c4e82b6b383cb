import {
  AwardPolicy as ProtoAwardPolicy,
  MilestoneType as ProtoMilestoneType,
  Priority as ProtoPriority,
  TransportLevel as ProtoLevel,
  TransportStatus as ProtoStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType as ProtoUnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { type MilestoneType, milestoneTypes } from "./milestone.ts";
import {
  type AwardPolicy,
  awardPolicies,
  type Priority,
  priorities,
  type TransportLevel,
  transportLevels,
  type UnitType,
  unitTypes,
} from "./transport.ts";
import { type TransportStatus, transportStatuses } from "./trip.ts";

// Messages may carry numbers that this version does not know. Here words come of them, or undefined.

/** The level that a message means; undefined if unspecified or unknown. */
export function levelFromProto(value: number): TransportLevel | undefined {
  return transportLevels.find((level) => ProtoLevel[level] === value);
}

/** The priority that a message means; undefined if unspecified or unknown. */
export function priorityFromProto(value: number): Priority | undefined {
  return priorities.find((priority) => ProtoPriority[priority] === value);
}

/** The award policy that a message means; undefined if unspecified or unknown. */
export function awardPolicyFromProto(value: number): AwardPolicy | undefined {
  return awardPolicies.find((policy) => ProtoAwardPolicy[policy] === value);
}

/** The state that a message means; undefined if unspecified or unknown. */
export function statusFromProto(value: number): TransportStatus | undefined {
  return transportStatuses.find((status) => ProtoStatus[status] === value);
}

/** The step that a message means; undefined if unspecified or unknown. */
export function milestoneTypeFromProto(value: number): MilestoneType | undefined {
  return milestoneTypes.find((type) => ProtoMilestoneType[type] === value);
}

/** The type of unit that a message means; undefined if unspecified or unknown. */
export function unitTypeFromProto(value: number): UnitType | undefined {
  return unitTypes.find((type) => ProtoUnitType[type] === value);
}
