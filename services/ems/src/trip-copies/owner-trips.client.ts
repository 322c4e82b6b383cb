import type { Client, HandlerContext } from "@connectrpc/connect";
import type { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { forward } from "#platform/rpc/peer.ts";
import { availableTripFromOwner } from "./available-trip.message.ts";
import type { AvailableListing, AvailablePlace, AvailableTrip, Reach } from "./available-trip.store.ts";

/** Which of Hospital's trips to list; what an agency has declined only EMS knows. */
export type OwnerListing = Omit<AvailableListing, "tripId" | "limit" | "hidesDeclined">;

const pageSize = 500;

/**
 * Asks Hospital, in the caller's name, for the trips that wait, and keeps those that the agency has a unit for: Hospital
 * does not know the units. Hospital lists the newest first, so that all of them are read to find the most urgent.
 * @throws Refusal DEPENDENCY_DOWN if Hospital is out of reach.
 */
export async function listOwnersTrips(
  trips: Pick<Client<typeof TripService>, "listTrips">,
  context: HandlerContext,
  { reach, levels, priorities, county, after, now }: OwnerListing,
): Promise<readonly AvailableTrip[]> {
  const found: AvailableTrip[] = [];
  let pageToken = "";
  do {
    const filter = { statuses: [TransportStatus.PENDING] };
    const page = await trips.listTrips({ filter, pageSize, pageToken }, forward(context));
    found.push(...page.trips.flatMap((trip) => availableTripFromOwner(trip, now) ?? []));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return found
    .filter(({ biddingClosesAt }) => biddingClosesAt === undefined || biddingClosesAt > now)
    .filter((trip) => isWithin(trip, reach) && (levels.length === 0 || levels.includes(trip.level)))
    .filter(({ priority }) => priorities.length === 0 || priorities.includes(priority))
    .filter(({ origin }) => county === undefined || origin.county.trim().toLowerCase() === county)
    .filter((trip) => after === undefined || inOrder(after, trip) < 0)
    .toSorted(inOrder);
}

function isWithin({ origin, level }: AvailableTrip, reach: Reach | undefined): boolean {
  if (!reach) return true;
  return reach.counties.includes(origin.county.trim().toLowerCase()) && reach.levels.includes(level);
}

/** The most urgent first, then the oldest, as our own copy lists them. */
function inOrder(one: AvailablePlace, other: AvailablePlace): number {
  if (one.urgency !== other.urgency) return other.urgency - one.urgency;
  const timeMs = one.requestedAt.getTime() - other.requestedAt.getTime();
  if (timeMs !== 0) return timeMs;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}
