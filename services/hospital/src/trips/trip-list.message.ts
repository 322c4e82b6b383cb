import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { TripFilter as FilterMessage } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { TripOrder as ProtoOrder } from "#gen/medport/transport/v1/trip_pb.ts";
import { levelFromProto, priorityFromProto, statusFromProto } from "./transport.message.ts";
import type { TripFilter, TripOrder } from "./trip-list.ts";

/** A filter from the wire; fields that are not set match everything. */
export function filterFromProto(message: FilterMessage | undefined): TripFilter {
  const { hospitalId, assignedAgencyId, originFacilityId, destinationFacilityId, tripNumber } = message ?? {};
  const requestedFrom = dateFrom(message?.requestedFromTime);
  const requestedUntil = dateFrom(message?.requestedUntilTime);
  return {
    statuses: wordsFrom(message?.statuses, statusFromProto),
    levels: wordsFrom(message?.transportLevels, levelFromProto),
    priorities: wordsFrom(message?.priorities, priorityFromProto),
    ...(hospitalId && { hospitalId }),
    ...(assignedAgencyId && { assignedAgencyId }),
    ...(originFacilityId && { originFacilityId }),
    ...(destinationFacilityId && { destinationFacilityId }),
    ...(tripNumber && { tripNumber }),
    ...(requestedFrom && { requestedFrom }),
    ...(requestedUntil && { requestedUntil }),
  };
}

/** The order that a message means; the newest first if it says nothing. */
export function orderFromProto(value: number): TripOrder {
  switch (value) {
    case ProtoOrder.OLDEST_FIRST:
      return "OLDEST_FIRST";
    case ProtoOrder.MOST_URGENT_FIRST:
      return "MOST_URGENT_FIRST";
    default:
      return "NEWEST_FIRST";
  }
}

/** Each once and always in the same order, so that the same wish has the same page token. */
function wordsFrom<Word extends string>(
  values: readonly number[] | undefined,
  wordFrom: (value: number) => Word | undefined,
): readonly Word[] {
  return [...new Set(values?.flatMap((value) => wordFrom(value) ?? []))].toSorted();
}

function dateFrom(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}
