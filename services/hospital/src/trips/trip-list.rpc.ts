import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { ListTripsRequest, ListTripsResponseSchema } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { decodePageToken, encodePageToken, type PageScope } from "#platform/rpc/page-token.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { statusFromProto } from "./transport.message.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { listTrips, type TripFilter, type TripPosition } from "./trip-list.store.ts";
import { messageFromTrip } from "./trip.message.ts";
import { relationTo } from "./trip-scope.ts";

const defaultPageSize = 50;

/** Answers one page of ListTrips: the trips that the caller may see, newest first. */
export async function listTripsPage(
  work: Work,
  { filter: wanted, pageSize, pageToken }: ListTripsRequest,
  context: HandlerContext,
): Promise<MessageInitShape<typeof ListTripsResponseSchema>> {
  const actor = await tripActorOf(work);
  const filter: TripFilter = {
    statuses: [...new Set(wanted?.statuses)].map(statusFromProto).filter((status) => status !== undefined),
    ...(wanted?.hospitalId && { hospitalId: wanted.hospitalId }),
    ...(wanted?.assignedAgencyId && { assignedAgencyId: wanted.assignedAgencyId }),
  };
  const scope: PageScope = { method: fullNameOf(context.method), filter, caller: work.caller };
  const after = positionFrom(decodePageToken(pageToken, scope));
  const size = pageSize || defaultPageSize;
  // One more than asked for tells whether there is a next page, so that an empty token is the end and only the end.
  const found = await listTrips(work.tx, actor, filter, { limit: size + 1, ...(after && { after }) });
  const trips = found.slice(0, size);
  const last = trips.at(-1);
  for (const trip of trips) work.touched("trip", trip.id);
  return {
    trips: trips.flatMap((trip) => {
      // Asked again of each trip, so that a query that lists too much shows nothing that it should not.
      const relation = relationTo(trip, actor);
      return relation ? [messageFromTrip(trip, relation)] : [];
    }),
    nextPageToken: found.length > size && last ? encodePageToken([last.requestedAt.toISOString(), last.id], scope) : "",
  };
}

function positionFrom(keyset: ReturnType<typeof decodePageToken>): TripPosition | undefined {
  if (!keyset) return undefined;
  const [time, id] = keyset;
  const requestedAt = new Date(String(time));
  if (typeof id !== "string" || Number.isNaN(requestedAt.getTime())) {
    throw refuse(Reason.PAGE_TOKEN_MISMATCH, "the page token belongs to another list");
  }
  return { requestedAt, id };
}
