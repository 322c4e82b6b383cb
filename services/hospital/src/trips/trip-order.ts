import { biddingCloseAfter, type TripTerms } from "./trip-terms.ts";
import type { TimeWindow } from "./transport.ts";
import {
  type Decision,
  granted,
  type PendingTrip,
  type Place,
  refused,
  type TripChange,
  type TripFacts,
} from "./trip.ts";

/** A place that is asked for as origin or destination, and whether it takes part: itself, and the hospital behind it. */
export interface ActivePlace {
  readonly place: Place;
  readonly isActive: boolean;
}

/** Everything that a new trip is made of. */
export interface TripOrder
  extends Pick<
    TripFacts,
    | "id"
    | "number"
    | "hospitalId"
    | "patientId"
    | "level"
    | "priority"
    | "awardPolicy"
    | "specialRequirements"
    | "window"
  > {
  readonly origin: ActivePlace;
  readonly destination: ActivePlace;
  readonly terms: TripTerms;
  readonly userId: string;
  readonly now: Date;
}

/** T0: asks for a trip. What was promised and how long bidding is open follows from what is configured now. */
export function createTrip({
  origin,
  destination,
  terms,
  userId,
  now,
  ...order
}: TripOrder): Decision<TripChange<PendingTrip>> {
  const { window } = order;
  const allowed = mayBeAsked({
    route: { origin: origin.place, destination: destination.place },
    newPlaces: [origin, destination],
    ...(window && { newWindow: window }),
    now,
  });
  if (!allowed.ok) return allowed;
  const after: PendingTrip = {
    ...order,
    status: "PENDING",
    origin: origin.place,
    destination: destination.place,
    requestedAt: now,
    biddingClosesAt: biddingCloseAfter(now, order.priority, terms),
    slaTerms: {
      assignMinutes: terms.slaAssignMinutes[order.priority],
      pickupMinutes: terms.slaPickupMinutes[order.priority],
      toleranceMinutes: terms.slaWindowToleranceMinutes,
    },
    slaPauses: [],
    createdBy: userId,
    createdAt: now,
    updatedAt: now,
    version: 1,
    materialVersion: 1,
    turn: 0,
    milestones: [],
  };
  return granted({ name: "created", after, userId });
}

/** What somebody asks for, or asks to change, as far as it can be wrong. */
export interface Asked {
  readonly route: Pick<TripFacts, "origin" | "destination">;
  readonly newPlaces: readonly ActivePlace[];
  readonly newWindow?: TimeWindow;
  readonly now: Date;
}

/** Says whether this can be asked for: from one place to another, both taking part, and not in the past. */
export function mayBeAsked({ route, newPlaces, newWindow, now }: Asked): Decision<undefined> {
  if (route.origin.facilityId === route.destination.facilityId) {
    return refused("VALIDATION_FAILED", "origin and destination must differ");
  }
  const closed = newPlaces.find(({ isActive }) => !isActive);
  if (closed) return refused("FACILITY_NOT_ACTIVE", `facility ${closed.place.facilityId} is not active`);
  if (!newWindow) return granted(undefined);
  // Messages tell finer times apart than we keep.
  if (newWindow.start >= newWindow.end) return refused("VALIDATION_FAILED", "pickup_window ends after it starts");
  if (newWindow.end <= now) return refused("VALIDATION_FAILED", "pickup_window must end in the future");
  return granted(undefined);
}
