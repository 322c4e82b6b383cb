import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TripStateSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { ReleaseReason } from "#gen/medport/transport/v1/trip_pb.ts";
import { messageFromClocks } from "./sla.message.ts";
import { messageFromCourse } from "./trip.message.ts";
import type { Trip } from "./trip.ts";

/** The trip as projections keep it, for every event about it; its clocks as they stood at the change. */
export function stateFromTrip(trip: Trip): MessageInitShape<typeof TripStateSchema> {
  return {
    ...messageFromCourse(trip),
    tripId: trip.id,
    sla: messageFromClocks(trip, trip.updatedAt, true),
    ...(trip.releaseReason && { releaseReason: ReleaseReason[trip.releaseReason] }),
  };
}
