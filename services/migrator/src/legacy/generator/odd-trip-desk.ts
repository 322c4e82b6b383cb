import type { LegacyBid, LegacyQueueEntry, LegacyTrip, LegacyUnitAssignment } from "../legacy-rows.ts";
import { lastDay, later } from "./calendar.ts";
import type { NewRow } from "./insert-rows.ts";
import type { OddBook } from "./odd-book.ts";
import { addUnit } from "./odd-fleet.ts";
import { availabilityRow } from "./plain-fleet.ts";
import { usersPerAgency } from "./region-size.ts";

/** Writes down odd trips with what belongs to them. Times are minutes after the trip was asked for. */
export interface TripDesk {
  readonly book: OddBook;
  /** A trip from the first hospital that waits, but for `over`. */
  readonly trip: (over?: Partial<NewRow<LegacyTrip>>) => NewRow<LegacyTrip>;
  /** An open bid of the first agency, but for `over`. */
  readonly bid: (trip: NewRow<LegacyTrip>, over?: Partial<NewRow<LegacyBid>>) => NewRow<LegacyBid>;
  /** The unit was put on the trip. */
  readonly assign: (trip: NewRow<LegacyTrip>, unitId: string, over?: Partial<NewRow<LegacyUnitAssignment>>) => void;
  /** The trip is in a queue. */
  readonly queue: (trip: NewRow<LegacyTrip>, assignedProviderId: string | null) => void;
  /** A unit of the agency of this number that nothing else is on. */
  readonly unit: (agency?: number) => string;
  /** The agency of this number. */
  readonly agency: (index: number) => string;
  /** A person of the agency of this number. */
  readonly agencyUser: (agency: number) => string;
  /** A moment so many minutes after the trips were asked for. */
  readonly at: (minutes: number) => Date;
  /** The trip must be quarantined, and its bids with it: those that are written down so far. */
  readonly quarantine: (trip: NewRow<LegacyTrip>, reason: string) => void;
}

const asked = later(lastDay, -600);

/** Trips of one kind. */
export function tripDesk(book: OddBook, kind: string): TripDesk {
  const { plain, rows } = { plain: book.plain.bind(book), rows: book.rows };
  const agency = (index: number): string => plain("TransportAgency", index);
  const agencyUser = (index: number): string => plain("AgencyUser", index * usersPerAgency);
  const at = (minutes: number): Date => later(asked, minutes);
  return {
    ...{ book, agency, agencyUser, at },
    trip: (over = {}) => {
      const trip = tripRow(book, over);
      rows.TransportRequest.push(trip);
      book.mark(kind, trip.id);
      return trip;
    },
    bid: (trip, over = {}) => {
      const who = { agencyId: agency(0), agencyUserId: agencyUser(0) };
      const bid = { ...bidDefaults(), id: book.id("TransportBid"), transportRequestId: trip.id, ...who, ...over };
      rows.TransportBid.push(bid);
      return bid;
    },
    assign: (trip, unitId, over = {}) => {
      const unitAvailabilityId = book.id("UnitAvailability");
      rows.UnitAvailability.push(availabilityRow({ id: unitAvailabilityId, unitId }, 0));
      const who = { id: book.id("UnitAssignment"), unitId, unitAvailabilityId, transportRequestId: trip.id };
      rows.UnitAssignment.push({ ...assignmentDefaults(), ...who, ...over });
    },
    queue: (trip, assignedProviderId) => {
      const emergencyDepartmentId = plain("EmergencyDepartment", 0);
      const who = { id: book.id("TransportQueue"), transportRequestId: trip.id, emergencyDepartmentId };
      rows.TransportQueue.push({ ...queueDefaults(), ...who, assignedProviderId });
    },
    unit: (index = 0) => addUnit(book, "UNIT_OF_ODD_TRIP", { agencyId: agency(index), currentStatus: "IN_USE" }).id,
    quarantine: (trip, reason) => {
      book.quarantine("TransportRequest", trip.id, reason);
      for (const bid of rows.TransportBid) {
        if (bid.transportRequestId === trip.id) book.quarantine("TransportBid", bid.id, "TRIP_QUARANTINED");
      }
    },
  };
}

function tripRow(book: OddBook, over: Partial<NewRow<LegacyTrip>>): NewRow<LegacyTrip> {
  return {
    id: book.id("TransportRequest"),
    patientId: "P0DD0CA5E",
    originFacilityId: book.plain("Facility", 0),
    destinationFacilityId: book.plain("Facility", 1),
    transportLevel: "ALS",
    priority: "MEDIUM",
    status: "PENDING",
    specialRequirements: null,
    requestTimestamp: asked,
    acceptedTimestamp: null,
    pickupTimestamp: null,
    completionTimestamp: null,
    assignedAgencyId: null,
    assignedUnitId: null,
    createdById: book.plain("User", 0),
    createdAt: asked,
    updatedAt: later(asked, 30),
    routeOptimizationScore: null,
    chainingOpportunities: null,
    timeFlexibility: null,
    revenuePotential: null,
    estimatedArrivalTime: null,
    estimatedPickupTime: null,
    etaUpdates: null,
    cancellationReason: null,
    ...over,
  };
}

function bidDefaults(): Omit<NewRow<LegacyBid>, "id" | "transportRequestId" | "agencyId" | "agencyUserId"> {
  return {
    ...{ bidAmount: 512.5, estimatedArrival: null, unitType: "ALS", specialCapabilities: null, notes: null },
    ...{ status: "PENDING", submittedAt: later(asked, 5), reviewedAt: null, reviewedBy: null, reviewNotes: null },
    ...{ createdAt: later(asked, 5), updatedAt: later(asked, 5) },
  };
}

type NewAssignment = NewRow<LegacyUnitAssignment>;

function assignmentDefaults(): Omit<NewAssignment, "id" | "unitId" | "unitAvailabilityId" | "transportRequestId"> {
  return {
    ...{ assignmentType: "PRIMARY", startTime: later(asked, 20), endTime: null, status: "ACTIVE", notes: null },
    ...{ assignedBy: null, createdAt: later(asked, 20), updatedAt: later(asked, 20) },
  };
}

type NewQueueEntry = NewRow<LegacyQueueEntry>;

function queueDefaults(): Omit<
  NewQueueEntry,
  "id" | "transportRequestId" | "emergencyDepartmentId" | "assignedProviderId"
> {
  return {
    ...{ queuePosition: 1, priority: "MEDIUM", waitTime: 0, estimatedWaitTime: null, status: "ASSIGNED" },
    ...{ assignedUnitId: null, queueTimestamp: later(asked, 2), assignedTimestamp: null },
    ...{ createdAt: later(asked, 2), updatedAt: later(asked, 2) },
  };
}
