import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { ListTripsRequest, ListTripsResponseSchema } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { momentFromKey, openPage } from "#platform/rpc/page.ts";
import { statusFromProto } from "./transport.message.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { listTrips, type TripFilter } from "./trip-list.store.ts";
import { messageFromTrip } from "./trip.message.ts";
import { relationTo } from "./trip-scope.ts";

/** Answers one page of ListTrips: the trips that the caller may see, newest first. */
export async function listTripsPage(
  work: Work,
  request: ListTripsRequest,
  context: HandlerContext,
): Promise<MessageInitShape<typeof ListTripsResponseSchema>> {
  const actor = await tripActorOf(work);
  const { filter: wanted } = request;
  const filter: TripFilter = {
    statuses: [...new Set(wanted?.statuses)].map(statusFromProto).filter((status) => status !== undefined),
    ...(wanted?.hospitalId && { hospitalId: wanted.hospitalId }),
    ...(wanted?.assignedAgencyId && { assignedAgencyId: wanted.assignedAgencyId }),
  };
  const page = openPage(context, request, filter);
  const after = momentFromKey(page.after);
  const found = await listTrips(work.tx, actor, filter, { limit: page.limit, ...(after && { after }) });
  const { rows: trips, nextPageToken } = page.end(found, ({ requestedAt, id }) => [requestedAt.getTime(), id]);
  for (const trip of trips) work.touched("trip", trip.id);
  return {
    trips: trips.flatMap((trip) => {
      // Asked again of each trip, so that a query that lists too much shows nothing that it should not.
      const relation = relationTo(trip, actor);
      return relation ? [messageFromTrip(trip, relation)] : [];
    }),
    nextPageToken,
  };
}
