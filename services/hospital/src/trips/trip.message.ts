import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { TripStateSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import {
  AwardPolicy,
  Disposition,
  type MilestoneSchema,
  MilestoneType,
  type PlaceSchema,
  Priority,
  ReleaseReason,
  type TimeWindowSchema,
  TransportLevel,
  TransportStatus,
  type TripHistoryEntrySchema,
  type TripSchema,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import type { Milestone } from "./milestone.ts";
import { messageFromClocks } from "./sla.message.ts";
import type { TimeWindow } from "./transport.ts";
import { acceptedAtOf, awardOf, pickedUpAtOf, type Place, type Trip } from "./trip.ts";
import { seesPatientData, type TripRelation } from "./trip-scope.ts";
import type { TripHistoryLine } from "./trip.store.ts";

/**
 * A trip as somebody may see it: free text, the patient's pseudonym, and what those did who had it before stay out for
 * those whom it is only offered.
 * @param now when it is looked at, by which its clocks are read.
 */
export function messageFromTrip(trip: Trip, relation: TripRelation, now: Date): MessageInitShape<typeof TripSchema> {
  const seesAll = seesPatientData(relation);
  return {
    ...messageFromCourse(trip),
    id: trip.id,
    tripNumber: trip.number,
    hospitalId: trip.hospitalId,
    patientId: seesAll ? trip.patientId : "",
    specialRequirements: seesAll ? trip.specialRequirements : "",
    createdByUserId: trip.createdBy,
    cancellationReason: seesAll && trip.status === "CANCELLED" ? trip.reason : "",
    etag: etagOf(trip.version),
    version: BigInt(trip.version),
    createTime: timestampFromDate(trip.createdAt),
    updateTime: timestampFromDate(trip.updatedAt),
    milestones: seesAll ? trip.milestones.map(messageFromMilestone) : [],
    sla: messageFromClocks(trip, now, seesAll),
  };
}

/** What a trip and the state of a trip in events have in common, under the same names. None of it is free text. */
type TripCourse = Pick<
  MessageInitShape<typeof TripStateSchema>,
  Exclude<keyof MessageInitShape<typeof TripStateSchema> & keyof MessageInitShape<typeof TripSchema>, "sla">
>;

/** What everybody who knows of a trip may know of it: no free text, and nothing about the patient. */
export function messageFromCourse(trip: Trip): Omit<TripCourse, "$typeName" | "$unknown"> {
  const award = awardOf(trip);
  const { window } = trip;
  const disposition = trip.status === "CANCELLED" ? trip.disposition : undefined;
  return {
    tripNumber: trip.number,
    hospitalId: trip.hospitalId,
    origin: messageFromPlace(trip.origin),
    destination: messageFromPlace(trip.destination),
    transportLevel: TransportLevel[trip.level],
    priority: Priority[trip.priority],
    status: TransportStatus[trip.status],
    awardPolicy: AwardPolicy[trip.awardPolicy],
    ...timesOf(trip),
    assignedAgencyId: award?.agencyId ?? "",
    assignedUnitId: award?.unitId ?? "",
    ...(award?.unitType && { assignedUnitType: UnitType[award.unitType] }),
    acceptedAttemptId: award?.attemptId ?? "",
    materialVersion: BigInt(trip.materialVersion),
    ...(window && { pickupWindow: messageFromWindow(window) }),
    ...(disposition && { disposition: Disposition[disposition] }),
  };
}

type TimeName =
  | "requestTime"
  | "acceptTime"
  | "pickupTime"
  | "completionTime"
  | "cancelTime"
  | "biddingCloseTime"
  | "consentDueTime";

/** When a trip was asked for, accepted, picked up and so on, as far as it has come. */
function timesOf(trip: Trip): Pick<TripCourse, TimeName> {
  const times: Readonly<Record<TimeName, Date | undefined>> = {
    requestTime: trip.requestedAt,
    acceptTime: acceptedAtOf(trip),
    pickupTime: pickedUpAtOf(trip),
    completionTime: trip.status === "COMPLETED" ? trip.completedAt : undefined,
    cancelTime: trip.status === "CANCELLED" ? trip.cancelledAt : undefined,
    biddingCloseTime: trip.biddingClosesAt,
    consentDueTime: trip.status === "ASSIGNED" ? trip.consentDueAt : undefined,
  };
  return Object.fromEntries(
    Object.entries(times).flatMap(([name, time]) => (time ? [[name, timestampFromDate(time)]] : [])),
  );
}

function messageFromWindow({ start, end }: TimeWindow): MessageInitShape<typeof TimeWindowSchema> {
  return { startTime: timestampFromDate(start), endTime: timestampFromDate(end) };
}

/** A facility as a trip names it. */
export function messageFromPlace(place: Place): MessageInitShape<typeof PlaceSchema> {
  const { facilityId, name, city, state, county, coordinates } = place;
  return { facilityId, name, city, state, county, ...(coordinates && { coordinates }) };
}

/** One line of a trip's history. Those whom the trip is only offered see neither free text nor who had it before. */
export function messageFromHistoryLine(
  line: TripHistoryLine,
  relation: TripRelation,
): MessageInitShape<typeof TripHistoryEntrySchema> {
  const seesAll = seesPatientData(relation);
  return {
    version: BigInt(line.version),
    occurTime: timestampFromDate(line.occurredAt),
    change: line.name,
    ...(line.fromStatus && { fromStatus: TransportStatus[line.fromStatus] }),
    toStatus: TransportStatus[line.toStatus],
    userId: seesAll ? line.userId : "",
    agencyId: seesAll ? (line.agencyId ?? "") : "",
    unitId: seesAll ? (line.unitId ?? "") : "",
    ...(line.milestone && { milestone: MilestoneType[line.milestone] }),
    comment: seesAll ? (line.comment ?? "") : "",
    changedFields: [...line.changedFields],
    ...(line.releaseReason && { releaseReason: ReleaseReason[line.releaseReason] }),
    ...(line.disposition && { disposition: Disposition[line.disposition] }),
  };
}

function messageFromMilestone(milestone: Milestone): MessageInitShape<typeof MilestoneSchema> {
  return {
    type: MilestoneType[milestone.type],
    occurTime: timestampFromDate(milestone.occurredAt),
    recordTime: timestampFromDate(milestone.recordedAt),
    recordedByUserId: milestone.recordedBy,
    lateEntry: milestone.isLateEntry,
  };
}
