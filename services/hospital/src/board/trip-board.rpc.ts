import type { ServiceImpl } from "@connectrpc/connect";
import type { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import { type LiveBoardOptions, startLiveBoard } from "#platform/feed/live-board.ts";
import { filterFromProto } from "../trips/trip-list.message.ts";
import type { Trip } from "../trips/trip.ts";
import { TripBoardMessages } from "./trip-board.message.ts";
import { tripFeedSource } from "./trip-feed.store.ts";
import { tripView } from "./trip-view.ts";
import { createFindViewer } from "./viewer.store.ts";

/** The part of `medport.hospital.v1.TripService` that shows the live board. */
export type TripBoardMethods = Pick<ServiceImpl<typeof TripService>, "watchTrips">;

/** The live board of all trips. Dispose it to stop, after the server. */
export interface TripBoard extends AsyncDisposable {
  /** Implements its part of `medport.hospital.v1.TripService`. */
  readonly methods: TripBoardMethods;
}

/** Starts to follow the trips. */
export function startTripBoard(options: LiveBoardOptions): TripBoard {
  const { clock, databases } = options;
  const { feed, watchCall, ...owned } = startLiveBoard({ ...options, name: "trips", source: tripFeedSource });
  const findViewer = createFindViewer(databases.calls);
  const messages = new TripBoardMessages(clock);
  const board = {
    feed,
    entityType: "trip",
    idOf: ({ id }: Trip) => id,
    show: messages.show.bind(messages),
    tell: messages.tell.bind(messages),
  };
  return {
    ...owned,
    methods: {
      watchTrips: ({ filter: wanted, cursor }, context) => {
        const filter = filterFromProto(wanted);
        const view = async () => tripView(await findViewer(userOf(context)), filter);
        return watchCall(context, { board, cursor, filter, view });
      },
    },
  };
}
