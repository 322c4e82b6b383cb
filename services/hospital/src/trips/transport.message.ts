import {
  AwardPolicy as ProtoAwardPolicy,
  Disposition as ProtoDisposition,
  MilestoneType as ProtoMilestoneType,
  Priority as ProtoPriority,
  SlaPauseReason as ProtoPauseReason,
  type TimeWindow as ProtoTimeWindow,
  TransportLevel as ProtoLevel,
  TransportStatus as ProtoStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType as ProtoUnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type MilestoneType, milestoneTypes } from "./milestone.ts";
import { type SlaPauseReason, slaPauseReasons } from "./sla.ts";
import {
  type AwardPolicy,
  awardPolicies,
  type Disposition,
  dispositions,
  type Priority,
  priorities,
  type TimeWindow,
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

/** What became of the patient, as a message says; undefined if unspecified or unknown. */
export function dispositionFromProto(value: number): Disposition | undefined {
  return dispositions.find((disposition) => ProtoDisposition[disposition] === value);
}

/** The reason for a pause that a message means; undefined if unspecified or unknown. */
export function pauseReasonFromProto(value: number): SlaPauseReason | undefined {
  return slaPauseReasons.find((reason) => ProtoPauseReason[reason] === value);
}

/** The window that a message means; undefined if it names none. Whole milliseconds, as the database keeps them. */
export function windowFromProto(window: ProtoTimeWindow | undefined): TimeWindow | undefined {
  if (!window?.startTime || !window.endTime) return undefined;
  return { start: timestampDate(window.startTime), end: timestampDate(window.endTime) };
}

/** The type of unit that a message means; undefined if unspecified or unknown. */
export function unitTypeFromProto(value: number): UnitType | undefined {
  return unitTypes.find((type) => ProtoUnitType[type] === value);
}
