import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Client, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type BidService,
  GetAvailableTripResponseSchema,
  ListAvailableTripsResponseSchema,
} from "#gen/medport/ems/v1/bid_service_pb.ts";
import type { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { AnswerSource } from "#gen/medport/transport/v1/answer_source_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { KeysetValue } from "#platform/rpc/page-token.ts";
import { notFound } from "#platform/rpc/refusal.ts";
import { countiesServed, takesPart } from "../agencies/agency.ts";
import { findDeclinedTrips, findOwnOpenBids } from "../bids/bid.store.ts";
import { openPage, type Page, readKey } from "#platform/rpc/page.ts";
import { levelsServedBy } from "../units/unit-type.ts";
import { messageFromAvailableTrip } from "./available-trip.message.ts";
import {
  type AvailableListing,
  type AvailablePlace,
  type AvailableTrip,
  listAvailableTrips,
  type Reach,
} from "./available-trip.store.ts";
import { listOwnersTrips } from "./owner-trips.client.ts";
import { levelFromProto, priorityFromProto } from "./trip-copy.message.ts";
import { findCandidate, newestArrival } from "./trip-copy.store.ts";

export interface AvailableTripRpcDeps {
  readonly unitOfWork: UnitOfWork;
  /** Hospital, which owns trips. */
  readonly trips: Pick<Client<typeof TripService>, "listTrips">;
  /** Until when our copy knows what Hospital told; undefined as long as nobody has been heard. */
  readonly copyHeardAt: () => Date | undefined;
}

/** What `medport.ems.v1.BidService` shows of the trips that wait for an agency. */
export type AvailableTripMethods = Pick<ServiceImpl<typeof BidService>, "listAvailableTrips" | "getAvailableTrip">;

/** Implements the part of `medport.ems.v1.BidService` that shows the trips that wait for an agency. */
export function availableTripRpc(deps: AvailableTripRpcDeps): AvailableTripMethods {
  const { unitOfWork } = deps;
  return {
    listAvailableTrips: (request, context) =>
      unitOfWork.read(context, request, ListAvailableTripsResponseSchema, async (work) => {
        const agencyId = agencyLookedThrough(userOf(context), request.agencyId);
        const levels = [...new Set(request.transportLevels)].flatMap((level) => levelFromProto(level) ?? []);
        const priorities = [...new Set(request.priorities)].flatMap((priority) => priorityFromProto(priority) ?? []);
        const { source, hideDeclined: hidesDeclined } = request;
        const county = request.county.trim().toLowerCase() || undefined;
        const filter = {
          agencyId,
          levels: levels.toSorted(),
          priorities: priorities.toSorted(),
          county,
          hidesDeclined,
        };
        const page = openPage(context, request, { ...filter, source });
        const reach = await reachOf(work, agencyId);
        const listing = {
          reach,
          levels,
          priorities,
          county,
          hidesDeclined,
          now: work.now,
          after: placeFrom(page.after),
        };
        if (source === AnswerSource.OWNER) return listFromOwner(work, context, { deps, page, listing });
        return listFromCopy(work, { deps, page, listing });
      }),

    getAvailableTrip: (request, context) => {
      const { tripId } = request;
      const agencyId = agencyLookedThrough(userOf(context), "");
      return unitOfWork.read(context, request, GetAvailableTripResponseSchema, async (work) => {
        const reach = await reachOf(work, agencyId);
        const everything = { levels: [], priorities: [], hidesDeclined: false };
        const [trip] = await listAvailableTrips(work.tx, { ...everything, reach, tripId, now: work.now, limit: 1 });
        if (!trip) throw notFound("trip", tripId);
        work.touched("trip", tripId);
        return { trip: messageFromAvailableTrip(trip) };
      });
    },
  };
}

type ListAnswer = MessageInitShape<typeof ListAvailableTripsResponseSchema>;

interface List {
  readonly deps: AvailableTripRpcDeps;
  readonly page: Page;
  readonly listing: Omit<AvailableListing, "limit" | "tripId">;
}

async function listFromCopy(work: Work, { deps, page, listing }: List): Promise<ListAnswer> {
  const found = await listAvailableTrips(work.tx, { ...listing, limit: page.limit });
  const asOf = deps.copyHeardAt() ?? (await newestArrival(work.tx));
  const answer = endPage(work, page, found);
  return { ...answer, source: AnswerSource.COPY, ...(asOf && { asOfTime: timestampFromDate(asOf) }) };
}

async function listFromOwner(work: Work, context: HandlerContext, { deps, page, listing }: List): Promise<ListAnswer> {
  const offered = await listOwnersTrips(deps.trips, context, listing);
  const agencyId = listing.reach?.agencyId;
  const declined = await findDeclinedTrips(
    work.tx,
    agencyId,
    offered.map(({ id }) => id),
  );
  const found = offered.filter(({ id }) => !(listing.hidesDeclined && declined.has(id)));
  const own = await findOwnOpenBids(
    work.tx,
    agencyId,
    found.slice(0, page.limit).map(({ id }) => id),
  );
  const trips = found.map((trip) => {
    const ownBidId = own.get(trip.id);
    return { ...trip, isDeclined: declined.has(trip.id), ...(ownBidId !== undefined && { ownBidId }) };
  });
  return { ...endPage(work, page, trips), source: AnswerSource.OWNER, asOfTime: timestampFromDate(work.now) };
}

function endPage(work: Work, page: Page, found: readonly AvailableTrip[]): Pick<ListAnswer, "trips" | "nextPageToken"> {
  const keyOf = ({ urgency, requestedAt, id }: AvailableTrip) => [urgency, requestedAt.getTime(), id];
  const { rows, nextPageToken } = page.end(found, keyOf);
  for (const { id } of rows) work.touched("trip", id);
  return { trips: rows.map(messageFromAvailableTrip), nextPageToken };
}

/** Through whose eyes the list is seen: an agency's people look through its own, Center may name one or see all. */
function agencyLookedThrough({ userType, organizationId = "" }: UserIdentity, named: string): string | undefined {
  if (userType === "CENTER") return named || undefined;
  if (named !== "" && named !== organizationId) throw notFound("agency", named);
  return organizationId;
}

/** What is open to the agency; nothing if it does not take part. */
async function reachOf({ tx }: Work, agencyId: string | undefined): Promise<Reach | undefined> {
  if (agencyId === undefined) return undefined;
  const { agency, unitTypes } = await findCandidate(tx, agencyId);
  if (!agency || !takesPart(agency)) return { agencyId, counties: [], levels: [] };
  return { agencyId, counties: countiesServed(agency.serviceArea), levels: levelsServedBy(unitTypes) };
}

/** @throws Refusal PAGE_TOKEN_MISMATCH if the token names no place in the list. */
function placeFrom(key: readonly KeysetValue[] | undefined): AvailablePlace | undefined {
  const parts = readKey(key, ["whole", "time", "text"]);
  return parts && { urgency: parts[0], requestedAt: parts[1], id: parts[2] };
}
