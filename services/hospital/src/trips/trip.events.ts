import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  TripAcceptedSchema,
  TripAmendedSchema,
  TripBiddingReopenedSchema,
  TripCancelledSchema,
  TripCompletedSchema,
  TripConsentedSchema,
  TripCreatedSchema,
  TripMilestoneRecordedSchema,
  TripReleasedSchema,
  TripSlaPausedSchema,
  TripSlaResumedSchema,
  TripStartedSchema,
  TripUnitAssignedSchema,
  TripUpdatedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { MilestoneType, ReleaseReason, SlaPauseReason } from "#gen/medport/transport/v1/trip_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { openPause } from "./sla-pause.ts";
import { withdrawClaim } from "./claim.store.ts";
import { type Award, awardOf, type TripChange } from "./trip.ts";
import { stateFromTrip } from "./trip-state.message.ts";
import { isMaterial } from "./trip-update.ts";
import { saveTripChange } from "./trip.store.ts";

type Fields<Schema extends DescMessage> = Exclude<MessageInitShape<Schema>, { readonly $typeName: string }>;

/**
 * Saves a change of a trip, with its line of history and the one event that tells it: all in the work's transaction. A
 * release takes the victory of the attempt back that had won the trip.
 * @throws as `saveTripChange` does.
 */
export async function recordTripChange(work: Work, change: TripChange): Promise<void> {
  await saveTripChange(work.tx, change);
  const attemptId = change.name === "released" ? awardBefore(change)?.attemptId : undefined;
  if (attemptId !== undefined) await withdrawClaim(work.tx, attemptId);
  emitTripChange(work, change);
  work.touched("trip", change.after.id);
}

function emitTripChange(work: Work, change: TripChange): void {
  const { after, bidId = "", changedFields = [] } = change;
  const trip = stateFromTrip(after);
  const tell = <Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>): void =>
    work.emit({ schema, message, aggregateId: after.id, version: after.version });
  switch (change.name) {
    case "created":
      return tell(TripCreatedSchema, { trip });
    case "updated":
      return tell(TripUpdatedSchema, { trip, changedFields: [...changedFields], material: isMaterial(changedFields) });
    case "accepted":
      return tell(TripAcceptedSchema, { trip, attemptId: awardOf(after)?.attemptId ?? "", bidId });
    case "consented":
      return tell(TripConsentedSchema, { trip });
    case "unit_assigned":
      return tell(TripUnitAssignedSchema, { trip, previousUnitId: awardBefore(change)?.unitId ?? "" });
    case "released":
      return tell(TripReleasedSchema, { trip, ...releaseOf(change) });
    case "started":
      return tell(TripStartedSchema, { trip });
    case "completed":
      return tell(TripCompletedSchema, { trip });
    case "cancelled":
      return tell(TripCancelledSchema, { trip });
    case "amended":
      return tell(TripAmendedSchema, { trip });
    case "bidding_reopened":
      return tell(TripBiddingReopenedSchema, { trip });
    case "sla_paused":
      return tell(TripSlaPausedSchema, { trip, ...pauseOf(change) });
    case "sla_resumed":
      return tell(TripSlaResumedSchema, { trip });
    case "milestone_recorded":
      return tell(TripMilestoneRecordedSchema, { trip, ...milestoneOf(change) });
  }
}

function awardBefore({ before }: TripChange): Award | undefined {
  return before && awardOf(before);
}

function releaseOf(change: TripChange): Omit<Fields<typeof TripReleasedSchema>, "trip"> {
  const { releaseReason } = change.after;
  const award = awardBefore(change);
  if (!releaseReason || !award) throw new Error("a release gives no reason, or released nobody");
  const { attemptId = "", agencyId: previousAgencyId, unitId: previousUnitId = "" } = award;
  return { reason: ReleaseReason[releaseReason], attemptId, previousAgencyId, previousUnitId };
}

function pauseOf({ after }: TripChange): Omit<Fields<typeof TripSlaPausedSchema>, "trip"> {
  const pause = openPause(after);
  if (!pause) throw new Error("a pause is missing from its change");
  return { reason: SlaPauseReason[pause.reason] };
}

function milestoneOf({ milestone }: TripChange): Omit<Fields<typeof TripMilestoneRecordedSchema>, "trip"> {
  if (!milestone) throw new Error("a recorded milestone is missing from its change");
  return {
    milestone: MilestoneType[milestone.type],
    occurTime: timestampFromDate(milestone.occurredAt),
    lateEntry: milestone.isLateEntry,
  };
}
