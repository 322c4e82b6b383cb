import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
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
  type TripState,
  TripStateSchema,
  TripUnitAssignedSchema,
  TripUpdatedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { newId } from "#platform/id.ts";

const schemas = {
  created: TripCreatedSchema,
  updated: TripUpdatedSchema,
  accepted: TripAcceptedSchema,
  consented: TripConsentedSchema,
  unit_assigned: TripUnitAssignedSchema,
  released: TripReleasedSchema,
  bidding_reopened: TripBiddingReopenedSchema,
  sla_paused: TripSlaPausedSchema,
  sla_resumed: TripSlaResumedSchema,
  milestone_recorded: TripMilestoneRecordedSchema,
  started: TripStartedSchema,
  completed: TripCompletedSchema,
  cancelled: TripCancelledSchema,
  amended: TripAmendedSchema,
} as const;

/** What may happen to a trip, by the names of its events. */
export type TripEventName = keyof typeof schemas;

/** Every name of an event of a trip. */
export const tripEventNames = Object.keys(schemas) as readonly TripEventName[];

/** When the trips of tests are asked for. */
export const requestTime = new Date("2026-03-01T12:00:00Z");

/** So many minutes after that. */
export function minutesLater(minutes: number): Timestamp {
  return timestampFromDate(new Date(requestTime.getTime() + minutes * 60_000));
}

/** What a test says of a trip as its events tell of it. */
export type TripStateFields = Exclude<MessageInitShape<typeof TripStateSchema>, { readonly $typeName: string }>;

/** A waiting trip as its events tell of it; name only what the test is about. */
export function aTripState(over: TripStateFields = {}): TripState {
  return create(TripStateSchema, {
    tripId: newId(),
    hospitalId: "hospital-1",
    transportLevel: TransportLevel.ALS,
    priority: Priority.HIGH,
    status: TransportStatus.PENDING,
    requestTime: timestampFromDate(requestTime),
    origin: { county: "Blair", name: "UPMC Altoona" },
    ...over,
  });
}

/** The same trip later. */
export function later({ $typeName, ...state }: TripState, over: TripStateFields): TripState {
  return create(TripStateSchema, { ...state, ...over });
}

/** Tells what happened to a trip, and where it stands since. */
export function aTripEvent(name: TripEventName, version: number, trip: TripState): PendingEvent {
  return { schema: schemas[name], message: { trip }, aggregateId: trip.tripId, version };
}

/** The events of a trip from its request to its completion, with these minutes in between. */
export function aWholeTrip(
  state: TripState,
  minutes: { readonly accept: number; readonly pickup: number; readonly complete: number },
): readonly PendingEvent[] {
  const accepted = later(state, {
    status: TransportStatus.ASSIGNED,
    assignedAgencyId: state.assignedAgencyId || "agency-1",
    assignedUnitId: "unit-1",
    acceptTime: minutesLater(minutes.accept),
  });
  const started = later(accepted, { status: TransportStatus.IN_PROGRESS, pickupTime: minutesLater(minutes.pickup) });
  const completed = later(started, {
    status: TransportStatus.COMPLETED,
    completionTime: minutesLater(minutes.complete),
  });
  return [
    aTripEvent("created", 1, state),
    aTripEvent("accepted", 2, accepted),
    aTripEvent("started", 3, started),
    aTripEvent("completed", 4, completed),
  ];
}
