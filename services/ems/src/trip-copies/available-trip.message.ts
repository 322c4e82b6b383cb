import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { AvailableTripSchema } from "#gen/medport/ems/v1/bid_pb.ts";
import {
  AwardPolicy as ProtoAwardPolicy,
  Priority as ProtoPriority,
  TransportLevel as ProtoLevel,
  type Trip,
} from "#gen/medport/transport/v1/trip_pb.ts";
import type { AvailableTrip } from "./available-trip.store.ts";
import { awardPolicies, priorities, urgencyOf } from "./transport.ts";
import { levelFromProto, placeFromMessage, windowFrom } from "./trip-copy.message.ts";

/** A trip that waits for an agency, as messages carry it. */
export function messageFromAvailableTrip(trip: AvailableTrip): MessageInitShape<typeof AvailableTripSchema> {
  const { id, number, hospitalId, origin, destination, level, priority, awardPolicy } = trip;
  return {
    tripId: id,
    tripNumber: number,
    hospitalId,
    origin,
    destination,
    transportLevel: ProtoLevel[level],
    priority: ProtoPriority[priority],
    awardPolicy: ProtoAwardPolicy[awardPolicy],
    requestTime: timestampFromDate(trip.requestedAt),
    materialVersion: BigInt(trip.materialVersion),
    receiveTime: timestampFromDate(trip.receivedAt),
    ownBidId: trip.ownBidId ?? "",
    ...(trip.biddingClosesAt && { biddingCloseTime: timestampFromDate(trip.biddingClosesAt) }),
    ...(trip.pickupWindow && {
      pickupWindow: {
        startTime: timestampFromDate(trip.pickupWindow.start),
        endTime: timestampFromDate(trip.pickupWindow.end),
      },
    }),
    declined: trip.isDeclined,
  };
}

/**
 * A trip that Hospital has just shown, reduced to what an agency may see of it before it is assigned.
 * @param receivedAt the time of the answer.
 * @returns undefined if it lacks what every trip has, or has what this version does not know.
 */
export function availableTripFromOwner(trip: Trip, receivedAt: Date): AvailableTrip | undefined {
  const level = levelFromProto(trip.transportLevel);
  const priority = priorities.find((name) => ProtoPriority[name] === trip.priority);
  const awardPolicy = awardPolicies.find((name) => ProtoAwardPolicy[name] === trip.awardPolicy);
  const pickupWindow = windowFrom(trip.pickupWindow);
  if (!level || !priority || !awardPolicy || !trip.origin || !trip.destination || !trip.requestTime) return undefined;
  return {
    id: trip.id,
    number: trip.tripNumber,
    hospitalId: trip.hospitalId,
    origin: placeFromMessage(trip.origin),
    destination: placeFromMessage(trip.destination),
    level,
    priority,
    urgency: urgencyOf(priority),
    awardPolicy,
    requestedAt: timestampDate(trip.requestTime),
    materialVersion: Number(trip.materialVersion),
    ...(trip.biddingCloseTime && { biddingClosesAt: timestampDate(trip.biddingCloseTime) }),
    ...(pickupWindow && { pickupWindow }),
    isDeclined: false,
    receivedAt,
  };
}
