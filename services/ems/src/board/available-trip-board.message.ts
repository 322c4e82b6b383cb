import { create, type MessageShape } from "@bufbuild/protobuf";
import { AvailableTripSchema } from "#gen/medport/ems/v1/bid_pb.ts";
import { AvailableTripOffBoardSchema, AvailableTripOnBoardSchema } from "#gen/medport/ems/v1/bid_service_pb.ts";
import type { Change } from "#platform/feed/change.ts";
import type { Told } from "#platform/feed/watch.ts";
import type { ShownTrip } from "./board-trip.row.ts";
import { type BoardTripView, fateOnBoard, isOnBoard } from "./board-trip.ts";

type OnBoard = MessageShape<typeof AvailableTripOnBoardSchema>;
type OffBoard = MessageShape<typeof AvailableTripOffBoardSchema>;

/** A trip of a snapshot; undefined if it is not on the viewer's board. */
export function showTrip(trip: ShownTrip, view: BoardTripView): OnBoard | undefined {
  return isOnBoard(trip, view) ? onBoard(trip, "", view) : undefined;
}

/** What a viewer is told of a change; undefined if nothing. */
export function tellChange(change: Change<ShownTrip>, view: BoardTripView): Told<OnBoard, OffBoard> | undefined {
  const { after, name } = change;
  switch (fateOnBoard(change, view)) {
    case "ON_BOARD":
      return { case: "trip", value: onBoard(after, name, view) };
    case "OFF_BOARD":
      return {
        case: "gone",
        value: create(AvailableTripOffBoardSchema, { tripId: after.id, version: BigInt(after.version) }),
      };
    case "UNSEEN":
      return undefined;
  }
}

/** The trip's message is the same for all who have said nothing to it. */
function onBoard({ id, version, message }: ShownTrip, change: string, { answers }: BoardTripView): OnBoard {
  const ownBidId = answers.bidIds.get(id);
  const declined = answers.declined.has(id);
  const isAnswered = ownBidId !== undefined || declined;
  const trip = isAnswered ? create(AvailableTripSchema, { ...message, ownBidId: ownBidId ?? "", declined }) : message;
  return create(AvailableTripOnBoardSchema, { trip, change, version: BigInt(version) });
}
