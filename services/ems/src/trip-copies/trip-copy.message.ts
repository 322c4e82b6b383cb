import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { TripState } from "#gen/medport/events/v1/trip_events_pb.ts";
import {
  AwardPolicy as ProtoAwardPolicy,
  type Place as PlaceMessage,
  Priority as ProtoPriority,
  ReleaseReason as ProtoReleaseReason,
  type TimeWindow,
  TransportLevel as ProtoLevel,
  TransportStatus as ProtoStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { parseId } from "#platform/id.ts";
import {
  awardPolicies,
  priorities,
  type Priority,
  releaseReasons,
  type TransportLevel,
  transportLevels,
  type TransportStatus,
  transportStatuses,
} from "./transport.ts";
import type { Place, TripCopy, TripId } from "./trip-copy.ts";

/** The level that a message means; undefined if unspecified or unknown to this version. */
export function levelFromProto(value: number): TransportLevel | undefined {
  return transportLevels.find((level) => ProtoLevel[level] === value);
}

/** The priority that a message means; undefined if unspecified or unknown to this version. */
export function priorityFromProto(value: number): Priority | undefined {
  return priorities.find((priority) => ProtoPriority[priority] === value);
}

/** The status that a message means; undefined if unspecified or unknown to this version. */
export function statusFromProto(value: number): TransportStatus | undefined {
  return transportStatuses.find((status) => ProtoStatus[status] === value);
}

/** What came with an event beside the trip itself. */
export interface Arrived {
  readonly version: number;
  readonly receivedAt: Date;
}

/** The trip that an event tells of; undefined if it lacks what every trip has, or has what this version does not know. */
export function tripFromState(state: TripState | undefined, { version, receivedAt }: Arrived): TripCopy | undefined {
  const id = parseId<TripId>(state?.tripId ?? "");
  const facts = state && factsFrom(state);
  if (!state?.origin || !state.destination || !state.requestTime || !id || !facts) return undefined;
  const { assignedAgencyId, assignedUnitId, acceptedAttemptId } = state;
  return {
    ...facts,
    ...timesFrom(state),
    id,
    number: state.tripNumber,
    hospitalId: state.hospitalId,
    origin: placeFromMessage(state.origin),
    destination: placeFromMessage(state.destination),
    requestedAt: timestampDate(state.requestTime),
    ...(assignedAgencyId && { assignedAgencyId }),
    ...(assignedUnitId && { assignedUnitId }),
    ...(acceptedAttemptId && { acceptedAttemptId }),
    materialVersion: Number(state.materialVersion),
    ...termsFrom(state),
    version,
    receivedAt,
  };
}

function termsFrom(state: TripState): Pick<TripCopy, "biddingClosesAt" | "pickupWindow" | "releaseReason"> {
  const biddingClosesAt = dateFrom(state.biddingCloseTime);
  const pickupWindow = windowFrom(state.pickupWindow);
  const releaseReason = releaseReasons.find((name) => ProtoReleaseReason[name] === state.releaseReason);
  return {
    ...(biddingClosesAt && { biddingClosesAt }),
    ...(pickupWindow && { pickupWindow }),
    ...(releaseReason && { releaseReason }),
  };
}

/** A window with both of its ends; undefined if it lacks one. */
export function windowFrom(window: TimeWindow | undefined): TripCopy["pickupWindow"] {
  const [start, end] = [dateFrom(window?.startTime), dateFrom(window?.endTime)];
  return start && end ? { start, end } : undefined;
}

function factsFrom(state: TripState): Pick<TripCopy, "level" | "priority" | "status" | "awardPolicy"> | undefined {
  const level = levelFromProto(state.transportLevel);
  const priority = priorityFromProto(state.priority);
  const status = statusFromProto(state.status);
  const awardPolicy = awardPolicies.find((name) => ProtoAwardPolicy[name] === state.awardPolicy);
  return level && priority && status && awardPolicy ? { level, priority, status, awardPolicy } : undefined;
}

function timesFrom(state: TripState): Pick<TripCopy, "acceptedAt" | "pickedUpAt" | "completedAt" | "cancelledAt"> {
  const [acceptedAt, pickedUpAt] = [dateFrom(state.acceptTime), dateFrom(state.pickupTime)];
  const [completedAt, cancelledAt] = [dateFrom(state.completionTime), dateFrom(state.cancelTime)];
  return {
    ...(acceptedAt && { acceptedAt }),
    ...(pickedUpAt && { pickedUpAt }),
    ...(completedAt && { completedAt }),
    ...(cancelledAt && { cancelledAt }),
  };
}

function dateFrom(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}

/** A facility as messages carry it. */
export function placeFromMessage({ facilityId, name, city, state, county, coordinates }: PlaceMessage): Place {
  const { latitude, longitude } = coordinates ?? {};
  const hasCoordinates = latitude !== undefined && longitude !== undefined;
  return { facilityId, name, city, state, county, ...(hasCoordinates && { coordinates: { latitude, longitude } }) };
}
