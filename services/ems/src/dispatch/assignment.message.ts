import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type AssignmentSchema, AssignmentState as ProtoState } from "#gen/medport/ems/v1/bid_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { protoFromUnitType } from "../units/unit.message.ts";
import { type Assignment, type AssignmentState, assignmentStates } from "./assignment.ts";

/** The state that a message means; undefined if unspecified or unknown to this version. */
export function assignmentStateFromProto(value: number): AssignmentState | undefined {
  return assignmentStates.find((state) => ProtoState[state] === value);
}

/** An assignment as messages carry it. */
export function messageFromAssignment(assignment: Assignment): MessageInitShape<typeof AssignmentSchema> {
  const { attemptId, tripId, agencyId, unit, bidId, state, createdAt, updatedAt } = assignment;
  return {
    id: attemptId,
    tripId,
    agencyId,
    unitId: unit?.id ?? "",
    unitType: unit ? protoFromUnitType(unit.type) : UnitType.UNSPECIFIED,
    bidId: bidId ?? "",
    state: ProtoState[state],
    createTime: timestampFromDate(createdAt),
    updateTime: timestampFromDate(updatedAt),
  };
}
