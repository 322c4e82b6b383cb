import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type SlaPauseSchema, type SlaSchema, SlaPauseReason, SlaState } from "#gen/medport/transport/v1/trip_pb.ts";
import { type SlaFulfilment, type SlaPause, slaStanding } from "./sla.ts";
import { acceptedAtOf, awardOf, pickedUpAtOf, type Trip } from "./trip.ts";

/**
 * A trip's clocks, as they stand at this time.
 * @param saysWho whether it tells who stopped them.
 */
export function messageFromClocks(trip: Trip, now: Date, saysWho: boolean): MessageInitShape<typeof SlaSchema> {
  const { requestedAt, window, slaTerms: terms, slaPauses: pauses } = trip;
  const acceptedAt = acceptedAtOf(trip);
  const hasLeft = trip.status === "IN_PROGRESS" || trip.status === "COMPLETED" || pickedUpAtOf(trip) !== undefined;
  // Whoever was brought away was brought by somebody, though a trip from the former system may not say by whom.
  const wasAssigned = awardOf(trip) !== undefined || acceptedAt !== undefined || hasLeft;
  const { startsAt, assign, pickup } = slaStanding(
    {
      ...{ requestedAt, terms, pauses },
      ...(window && { window }),
      assigned: fulfilment(wasAssigned, acceptedAt),
      pickedUp: fulfilment(hasLeft, pickedUpAtOf(trip)),
      cancelled: fulfilment(trip.status === "CANCELLED", trip.status === "CANCELLED" ? trip.cancelledAt : undefined),
    },
    now,
  );
  return {
    startTime: timestampFromDate(startsAt),
    assignDueTime: timestampFromDate(assign.dueAt),
    pickupDueTime: timestampFromDate(pickup.dueAt),
    assignState: assign.state ? SlaState[assign.state] : SlaState.UNSPECIFIED,
    pickupState: pickup.state ? SlaState[pickup.state] : SlaState.UNSPECIFIED,
    pauses: pauses.map((pause) => messageFromPause(pause, saysWho)),
  };
}

function fulfilment(happened: boolean, at: Date | undefined): SlaFulfilment {
  return happened ? { happened, ...(at && { at }) } : { happened };
}

function messageFromPause(
  { reason, startedAt, startedBy, ended }: SlaPause,
  saysWho: boolean,
): MessageInitShape<typeof SlaPauseSchema> {
  return {
    reason: SlaPauseReason[reason],
    startTime: timestampFromDate(startedAt),
    startedByUserId: saysWho ? startedBy : "",
    ...(ended && { endTime: timestampFromDate(ended.at), endedByUserId: saysWho ? ended.by : "" }),
  };
}
