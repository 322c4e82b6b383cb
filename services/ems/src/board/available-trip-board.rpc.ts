import type { ServiceImpl } from "@connectrpc/connect";
import type { BidService } from "#gen/medport/ems/v1/bid_service_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { type LiveBoardOptions, startLiveBoard } from "#platform/feed/live-board.ts";
import { notFound } from "#platform/rpc/refusal.ts";
import { startRepeatedWork } from "#platform/silo/repeated-work.ts";
import { levelFromProto, priorityFromProto } from "../trip-copies/trip-copy.message.ts";
import { showTrip, tellChange } from "./available-trip-board.message.ts";
import { availableTripFeedSource, pruneAvailableTripChanges } from "./available-trip-change.store.ts";
import type { ShownTrip } from "./board-trip.row.ts";
import { type BoardTripView, boardTripView } from "./board-trip.ts";
import { createFindViewer, type FindViewer } from "./viewer.store.ts";

/** The part of `medport.ems.v1.BidService` that shows the live board. */
export type AvailableTripBoardMethods = Pick<ServiceImpl<typeof BidService>, "watchAvailableTrips">;

/** The live board of the trips that wait for an agency. Dispose it to stop, after the server. */
export interface AvailableTripBoard extends AsyncDisposable {
  /** Implements its part of `medport.ems.v1.BidService`. */
  readonly methods: AvailableTripBoardMethods;
}

const hourMs = 60 * 60_000;
/** Whoever comes back later than that begins with a snapshot. */
const keptMs = 7 * 24 * hourMs;

/** Starts to follow the trips that wait for an agency. */
export function startAvailableTripBoard(options: LiveBoardOptions): AvailableTripBoard {
  const { databases, clock, log } = options;
  const live = startLiveBoard({ ...options, name: "available-trips", source: availableTripFeedSource });
  const prune = (): Promise<void> =>
    databases.calls.transaction((tx) => pruneAvailableTripChanges(tx, new Date(clock().getTime() - keptMs)));
  const pruning = startRepeatedWork({ name: "available-trip-log", everyMs: hourMs, work: prune, log });
  const findViewer = createFindViewer(databases.calls);
  const board = {
    feed: live.feed,
    entityType: "trip",
    idOf: ({ id }: ShownTrip) => id,
    show: showTrip,
    tell: tellChange,
  };
  return {
    methods: {
      watchAvailableTrips: (request, context) => {
        const agencyId = agencyLookedThrough(userOf(context), request.agencyId);
        const levels = [...new Set(request.transportLevels.flatMap((level) => levelFromProto(level) ?? []))].toSorted();
        const priorities = [...new Set(request.priorities.flatMap((it) => priorityFromProto(it) ?? []))].toSorted();
        const filter = { agencyId, levels, priorities };
        const view = (): Promise<BoardTripView> => viewOf(findViewer, filter);
        return live.watchCall(context, { board, cursor: request.cursor, filter, view });
      },
    },
    [Symbol.asyncDispose]: async () => {
      await pruning[Symbol.asyncDispose]();
      await live[Symbol.asyncDispose]();
    },
  };
}

interface Wanted extends Pick<BoardTripView, "levels" | "priorities"> {
  /** Undefined sees all. */
  readonly agencyId: string | undefined;
}

async function viewOf(findViewer: FindViewer, { agencyId, ...filter }: Wanted): Promise<BoardTripView> {
  if (agencyId === undefined) {
    return boardTripView({ ...filter, scope: undefined, answers: { bidIds: new Map(), declined: new Set() } });
  }
  return boardTripView({ ...filter, ...(await findViewer(agencyId)) });
}

/** Through whose eyes the board is seen: an agency's people look through its own, Center may name one or see all. */
function agencyLookedThrough({ userType, organizationId = "" }: UserIdentity, named: string): string | undefined {
  if (userType === "CENTER") return named || undefined;
  if (named !== "" && named !== organizationId) throw notFound("agency", named);
  return organizationId;
}
