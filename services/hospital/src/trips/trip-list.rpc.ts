import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  CompareTripsResponseSchema,
  type GetTripRequest,
  GetTripResponseSchema,
  type ListTripsRequest,
  ListTripsResponseSchema,
  type TripService,
} from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { openPage, readKey } from "#platform/rpc/page.ts";
import type { KeysetValue } from "#platform/rpc/page-token.ts";
import { notFound } from "#platform/rpc/refusal.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { pastTime, relationThen } from "./trip-as-of.ts";
import { findTripVersion } from "./trip-as-of.store.ts";
import { compareTripsPage } from "./trip-compare.rpc.ts";
import { tripListing, type TripPosition } from "./trip-list.ts";
import { filterFromProto, orderFromProto } from "./trip-list.message.ts";
import { findTripPlaces, loadTripPlaces } from "./trip-list.store.ts";
import { messageFromTrip } from "./trip.message.ts";
import { grantedOrThrow } from "./trip.refusal.ts";
import { seeTrip } from "./trip-sight.store.ts";

export interface TripReadRpcDeps {
  readonly unitOfWork: UnitOfWork;
}

/** The part of `medport.hospital.v1.TripService` that only reads trips, now and as of any time. */
export function tripReadRpc({
  unitOfWork,
}: TripReadRpcDeps): Pick<ServiceImpl<typeof TripService>, "getTrip" | "listTrips" | "compareTrips"> {
  return {
    getTrip: (request, context) =>
      unitOfWork.read(context, request, GetTripResponseSchema, (work) => getTrip(work, request)),

    listTrips: (request, context) =>
      unitOfWork.read(context, request, ListTripsResponseSchema, (work) => listTripsPage(work, request, context)),

    compareTrips: (request, context) =>
      unitOfWork.read(context, request, CompareTripsResponseSchema, (work) => compareTripsPage(work, request, context)),
  };
}

async function getTrip(
  work: Work,
  { tripId, asOfTime }: GetTripRequest,
): Promise<MessageInitShape<typeof GetTripResponseSchema>> {
  const actor = await tripActorOf(work);
  if (!asOfTime) {
    const { trip, relation } = await seeTrip(work, tripId, actor);
    return { trip: messageFromTrip(trip, relation, work.now) };
  }
  const asOf = grantedOrThrow(pastTime("as_of_time", timestampDate(asOfTime), work.now));
  const now = await seeTrip(work, tripId, actor);
  const then = await findTripVersion(work.tx, tripId, asOf);
  const relation = then && relationThen(now.relation, then.trip, actor);
  if (!then || !relation) throw notFound("trip", tripId);
  return { trip: messageFromTrip(then.trip, relation, asOf) };
}

async function listTripsPage(
  work: Work,
  request: ListTripsRequest,
  context: HandlerContext,
): Promise<MessageInitShape<typeof ListTripsResponseSchema>> {
  const { asOfTime } = request;
  const asked = {
    filter: filterFromProto(request.filter),
    order: orderFromProto(request.order),
    ...(asOfTime && { asOf: timestampDate(asOfTime) }),
  };
  const listing = grantedOrThrow(tripListing(asked, work.now));
  const actor = await tripActorOf(work);
  const page = openPage(context, request, listing);
  const after = positionFromKey(page.after);
  const found = await findTripPlaces(work.tx, actor, listing, { limit: page.limit, ...(after && { after }) });
  const { rows, nextPageToken } = page.end(found.places, keyOf, found.until && keyOf(found.until));
  const trips = await loadTripPlaces(work.tx, actor, listing, rows);
  for (const { trip } of trips) work.touched("trip", trip.id);
  const at = listing.asOf ?? work.now;
  return { trips: trips.map(({ trip, relation }) => messageFromTrip(trip, relation, at)), nextPageToken };
}

function positionFromKey(key: readonly KeysetValue[] | undefined): TripPosition | undefined {
  const parts = readKey(key, ["whole", "time", "text"]);
  return parts && { rank: parts[0], requestedAt: parts[1], id: parts[2] };
}

function keyOf({ rank, requestedAt, id }: TripPosition): readonly KeysetValue[] {
  return [rank, requestedAt.getTime(), id];
}
