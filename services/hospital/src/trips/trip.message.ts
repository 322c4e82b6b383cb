import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AwardPolicy,
  type MilestoneSchema,
  MilestoneType,
  type PlaceSchema,
  Priority,
  TransportLevel,
  TransportStatus,
  type TripHistoryEntrySchema,
  type TripSchema,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import type { Milestone } from "./milestone.ts";
import { awardOf, type Place, type Trip } from "./trip.ts";
import { seesPatientData, type TripRelation } from "./trip-scope.ts";
import type { TripHistoryLine } from "./trip.store.ts";

/** A trip as somebody may see it: free text and the patient's pseudonym stay out for those whom it is only offered. */
export function messageFromTrip(trip: Trip, relation: TripRelation): MessageInitShape<typeof TripSchema> {
  const seesAll = seesPatientData(relation);
  const award = awardOf(trip);
  return {
    id: trip.id,
    tripNumber: trip.number,
    hospitalId: trip.hospitalId,
    patientId: seesAll ? trip.patientId : "",
    origin: messageFromPlace(trip.origin),
    destination: messageFromPlace(trip.destination),
    transportLevel: TransportLevel[trip.level],
    priority: Priority[trip.priority],
    status: TransportStatus[trip.status],
    specialRequirements: seesAll ? trip.specialRequirements : "",
    awardPolicy: AwardPolicy[trip.awardPolicy],
    requestTime: timestampFromDate(trip.requestedAt),
    ...timesOf(trip),
    assignedAgencyId: award?.agencyId ?? "",
    assignedUnitId: award?.unitId ?? "",
    acceptedAttemptId: award?.attemptId ?? "",
    createdByUserId: trip.createdBy,
    cancellationReason: seesAll && trip.status === "CANCELLED" ? trip.reason : "",
    materialVersion: BigInt(trip.materialVersion),
    etag: etagOf(trip.version),
    createTime: timestampFromDate(trip.createdAt),
    updateTime: timestampFromDate(trip.updatedAt),
    milestones: trip.milestones.map(messageFromMilestone),
  };
}

/** When a trip was accepted, picked up and completed, as far as it has come. */
export function timesOf(
  trip: Trip,
): Pick<MessageInitShape<typeof TripSchema>, "acceptTime" | "pickupTime" | "completionTime"> {
  const acceptedAt = awardOf(trip)?.acceptedAt;
  const pickedUpAt = "pickedUpAt" in trip ? trip.pickedUpAt : undefined;
  const completedAt = trip.status === "COMPLETED" ? trip.completedAt : undefined;
  return {
    ...(acceptedAt && { acceptTime: timestampFromDate(acceptedAt) }),
    ...(pickedUpAt && { pickupTime: timestampFromDate(pickedUpAt) }),
    ...(completedAt && { completionTime: timestampFromDate(completedAt) }),
  };
}

/** A facility as a trip names it. */
export function messageFromPlace(place: Place): MessageInitShape<typeof PlaceSchema> {
  const { facilityId, name, city, state, county, coordinates } = place;
  return { facilityId, name, city, state, county, ...(coordinates && { coordinates }) };
}

/** One line of a trip's history, with its free text for those who may read it. */
export function messageFromHistoryLine(
  line: TripHistoryLine,
  relation: TripRelation,
): MessageInitShape<typeof TripHistoryEntrySchema> {
  return {
    version: BigInt(line.version),
    occurTime: timestampFromDate(line.occurredAt),
    change: line.name,
    ...(line.fromStatus && { fromStatus: TransportStatus[line.fromStatus] }),
    toStatus: TransportStatus[line.toStatus],
    userId: line.userId,
    agencyId: line.agencyId ?? "",
    unitId: line.unitId ?? "",
    ...(line.milestone && { milestone: MilestoneType[line.milestone] }),
    comment: seesPatientData(relation) ? (line.comment ?? "") : "",
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
