import { create } from "@bufbuild/protobuf";
import { type AvailableTrip as AvailableTripMessage, AvailableTripSchema } from "#gen/medport/ems/v1/bid_pb.ts";
import { messageFromAvailableTrip } from "../trip-copies/available-trip.message.ts";
import { urgencyOf } from "../trip-copies/transport.ts";
import type { TripCopyRow } from "../trip-copies/trip-copy.entity.ts";
import type { BoardTrip } from "./board-trip.ts";

/** A trip of the board with what is sent of it: nothing of the agency that looks. */
export interface ShownTrip extends BoardTrip {
  readonly message: AvailableTripMessage;
}

/** How a trip's copy stands on the board. */
export function shownTripFromRow(row: TripCopyRow): ShownTrip {
  const { id, version, originCounty: county, transportLevel: level, priority, biddingCloseTime } = row;
  const isClosed = biddingCloseTime && row.biddingClosedFor?.getTime() === biddingCloseTime.getTime();
  const { pickupWindowStart: start, pickupWindowEnd: end } = row;
  const message = messageFromAvailableTrip({
    ...{ id, level, priority },
    number: row.tripNumber,
    hospitalId: row.hospitalId,
    origin: row.origin,
    destination: row.destination,
    urgency: urgencyOf(priority),
    awardPolicy: row.awardPolicy,
    requestedAt: row.requestTime,
    materialVersion: row.materialVersion,
    receivedAt: row.receiveTime,
    ...(biddingCloseTime && { biddingClosesAt: biddingCloseTime }),
    ...(start && end && { pickupWindow: { start, end } }),
    isDeclined: false,
  });
  return {
    ...{ id, version, county, level, priority },
    isOpen: row.status === "PENDING" && !isClosed,
    message: create(AvailableTripSchema, message),
  };
}
