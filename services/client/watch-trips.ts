import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AvailableTripOffBoard,
  AvailableTripOnBoard,
  WatchAvailableTripsRequestSchema,
} from "#gen/medport/ems/v1/bid_service_pb.ts";
import type { TripFilterSchema, TripOffBoard, TripOnBoard } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { type BoardItem, type WatchControl, watchBoard } from "./board-stream.ts";
import type { Mesh } from "./connect-mesh.ts";

/**
 * Watches the trips that the caller may see; see `watchBoard`.
 *
 * ```ts
 * for await (const item of watchTrips(mesh, { statuses: [TransportStatus.PENDING] }, { signal })) {
 *   if (item.kind === "snapshot") board.replaceAll(item.trips);
 *   ...
 * }
 * ```
 */
export function watchTrips(
  { hospital }: Pick<Mesh, "hospital">,
  filter: MessageInitShape<typeof TripFilterSchema> = {},
  control: WatchControl = {},
): AsyncGenerator<BoardItem<TripOnBoard, TripOffBoard>, void> {
  return watchBoard<TripOnBoard, TripOffBoard>(
    (cursor, signal) => hospital.trips.watchTrips({ filter, cursor }, { signal }),
    control,
  );
}

/** Which of the trips that wait for an agency; for Center, also through whose eyes. */
export type AvailableTripFilter = Omit<
  MessageInitShape<typeof WatchAvailableTripsRequestSchema>,
  "$typeName" | "$unknown" | "cursor"
>;

/** Watches the trips that are open to the caller's agency; see `watchBoard`. */
export function watchAvailableTrips(
  { ems }: Pick<Mesh, "ems">,
  filter: AvailableTripFilter = {},
  control: WatchControl = {},
): AsyncGenerator<BoardItem<AvailableTripOnBoard, AvailableTripOffBoard>, void> {
  return watchBoard<AvailableTripOnBoard, AvailableTripOffBoard>(
    (cursor, signal) => ems.bids.watchAvailableTrips({ ...filter, cursor }, { signal }),
    control,
  );
}
