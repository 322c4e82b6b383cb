import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  TripAcceptedSchema,
  TripCancelledSchema,
  TripCompletedSchema,
  TripCreatedSchema,
  TripMilestoneRecordedSchema,
  TripStartedSchema,
  type TripStateSchema,
  TripUnitAssignedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import {
  AwardPolicy,
  MilestoneType,
  Priority,
  TransportLevel,
  TransportStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { awardOf, type Trip, type TripChange } from "./trip.ts";
import { messageFromPlace, timesOf } from "./trip.message.ts";
import { saveTripChange } from "./trip.store.ts";

/**
 * Saves a change of a trip, with its line of history and the one event that tells it: all in the work's transaction.
 * @throws as `saveTripChange` does.
 */
export async function recordTripChange(work: Work, change: TripChange): Promise<void> {
  await saveTripChange(work.tx, change);
  emitTripChange(work, change);
  work.touched("trip", change.after.id);
}

function emitTripChange(work: Work, { name, before, after, milestone, bidId = "" }: TripChange): void {
  const trip = stateOf(after);
  const about = { aggregateId: after.id, version: after.version };
  switch (name) {
    case "created":
      return work.emit({ schema: TripCreatedSchema, message: { trip }, ...about });
    case "accepted": {
      const attemptId = awardOf(after)?.attemptId ?? "";
      return work.emit({ schema: TripAcceptedSchema, message: { trip, attemptId, bidId }, ...about });
    }
    case "unit_assigned": {
      const previousUnitId = (before && awardOf(before)?.unitId) ?? "";
      return work.emit({ schema: TripUnitAssignedSchema, message: { trip, previousUnitId }, ...about });
    }
    case "started":
      return work.emit({ schema: TripStartedSchema, message: { trip }, ...about });
    case "completed":
      return work.emit({ schema: TripCompletedSchema, message: { trip }, ...about });
    case "cancelled":
      return work.emit({ schema: TripCancelledSchema, message: { trip }, ...about });
    case "milestone_recorded": {
      if (!milestone) throw new Error("a recorded milestone is missing from its change");
      const message = {
        trip,
        milestone: MilestoneType[milestone.type],
        occurTime: timestampFromDate(milestone.occurredAt),
        lateEntry: milestone.isLateEntry,
      };
      return work.emit({ schema: TripMilestoneRecordedSchema, message, ...about });
    }
  }
}

/** What everybody may know of a trip: no free text, and nothing about the patient. */
function stateOf(trip: Trip): MessageInitShape<typeof TripStateSchema> {
  const award = awardOf(trip);
  const cancelledAt = trip.status === "CANCELLED" ? trip.cancelledAt : undefined;
  return {
    tripId: trip.id,
    tripNumber: trip.number,
    hospitalId: trip.hospitalId,
    origin: messageFromPlace(trip.origin),
    destination: messageFromPlace(trip.destination),
    transportLevel: TransportLevel[trip.level],
    priority: Priority[trip.priority],
    status: TransportStatus[trip.status],
    awardPolicy: AwardPolicy[trip.awardPolicy],
    requestTime: timestampFromDate(trip.requestedAt),
    ...timesOf(trip),
    ...(cancelledAt && { cancelTime: timestampFromDate(cancelledAt) }),
    assignedAgencyId: award?.agencyId ?? "",
    assignedUnitId: award?.unitId ?? "",
    acceptedAttemptId: award?.attemptId ?? "",
    materialVersion: BigInt(trip.materialVersion),
  };
}
