import type { OddBook } from "./odd-book.ts";
import { oddBids } from "./odd-bids.ts";
import { type TripDesk, tripDesk } from "./odd-trip-desk.ts";
import { addAgency } from "./odd-organizations.ts";
import { addUser } from "./odd-people.ts";
import { addUnit } from "./odd-fleet.ts";
import { oddTexts } from "./odd-shapes.ts";
import { userIndexes } from "./plain-people.ts";
import { facilityRow } from "./plain-places.ts";
import { regionSizeFor } from "./region-size.ts";

type OddTrips = Readonly<Record<string, (desk: TripDesk) => void>>;

/** Adds every kind of odd trip, those that can be moved the more often the more trips there are. */
export function addOddTrips(book: OddBook): void {
  const times = 1 + Math.floor(book.size.trips / 5_000);
  for (const kinds of [oddTimes, oddAgencies, oddUnits, oddBids]) {
    for (const [kind, add] of Object.entries(kinds)) {
      for (let time = 0; time < times; time++) add(tripDesk(book, kind));
    }
  }
  for (const kinds of [oddPeopleAndPlaces, waiting, unusable]) {
    for (const [kind, add] of Object.entries(kinds)) add(tripDesk(book, kind));
  }
}

const scheduled = { status: "SCHEDULED" } as const;
const inTransit = { status: "IN_TRANSIT" } as const;
const completed = { status: "COMPLETED" } as const;
const cancelled = { status: "CANCELLED" } as const;

/** Times that contradict the status, or each other (R-STATUS). */
const oddTimes: OddTrips = {
  PENDING_WITH_TIMES: ({ trip, at }) => {
    trip({ acceptedTimestamp: at(10), pickupTimestamp: at(20), completionTimestamp: at(50) });
    trip({ pickupTimestamp: at(20), completionTimestamp: at(50), cancellationReason: "entered by mistake" });
  },
  PENDING_WITH_AGENCY: ({ trip, agency, unit }) => void trip({ assignedAgencyId: agency(0), assignedUnitId: unit() }),
  SCHEDULED_WITH_TIMES: ({ trip, agency, at }) =>
    void trip({ ...scheduled, assignedAgencyId: agency(0), acceptedTimestamp: at(9), pickupTimestamp: at(20) }),
  IN_TRANSIT_WITH_COMPLETION: ({ trip, agency, unit, at }) =>
    void trip({ ...inTransit, assignedAgencyId: agency(0), assignedUnitId: unit(), completionTimestamp: at(50) }),
  COMPLETED_BACKWARDS: ({ trip, agency, at }) => {
    const backwards = { acceptedTimestamp: at(30), pickupTimestamp: at(20), completionTimestamp: at(-10) };
    trip({ ...completed, assignedAgencyId: agency(0), ...backwards });
  },
  COMPLETED_WITHOUT_TIMES: ({ trip, agency }) => void trip({ ...completed, assignedAgencyId: agency(0) }),
  COMPLETED_AT_INFINITY: ({ trip, agency, at }) => {
    const times = { acceptedTimestamp: at(9), pickupTimestamp: "-infinity", completionTimestamp: "infinity" } as const;
    trip({ ...completed, assignedAgencyId: agency(0), ...times });
  },
  CANCELLED_WITHOUT_REASON: ({ trip, agency }) => {
    trip({ ...cancelled, assignedAgencyId: agency(0) });
    trip({ ...cancelled, cancellationReason: "" });
  },
  TO_ITS_ORIGIN_CLOSED: ({ trip, book, agency }) => {
    const destinationFacilityId = book.plain("Facility", 0);
    trip({ ...completed, assignedAgencyId: agency(0), destinationFacilityId });
    trip({ ...cancelled, destinationFacilityId });
  },
};

/** Trips that do not say who has them (R-AGENCY). */
const oddAgencies: OddTrips = {
  AGENCY_BY_BID: ({ trip, bid, at, agency, agencyUser }) => {
    const row = trip(scheduled);
    bid(row, { status: "ACCEPTED", reviewedAt: at(9) });
    bid(row, { status: "ACCEPTED", reviewedAt: at(12), agencyId: agency(1), agencyUserId: agencyUser(1) });
    bid(row, { status: "ACCEPTED", agencyId: agency(2), agencyUserId: agencyUser(2) });
  },
  AGENCY_BY_UNIT: ({ trip, unit }) => {
    trip({ ...scheduled, assignedUnitId: unit(1) });
    trip({ ...inTransit, assignedUnitId: unit(1) });
  },
  AGENCY_BY_ASSIGNMENT: ({ trip, assign, unit, at }) => {
    const row = trip(scheduled);
    assign(row, unit(0), { createdAt: at(10) });
    assign(row, unit(1), { createdAt: at(20) });
    assign(trip(inTransit), unit(2));
  },
  AGENCY_BY_QUEUE: ({ trip, queue, agency }) => {
    const row = trip(scheduled);
    queue(row, null);
    queue(row, agency(1));
    queue(trip(completed), agency(1));
  },
  AGENCY_UNKNOWN: ({ trip, bid }) => {
    bid(trip(scheduled));
    trip({ ...completed, requestTimestamp: new Date("2024-05-05T05:05:05.055Z") });
    trip({ ...cancelled, cancellationReason: "No longer needed" });
  },
};

/** Units of others, units twice, units that are out (R-UNIT, R-UNITSTATUS). */
const oddUnits: OddTrips = {
  UNIT_OF_OTHERS: ({ trip, agency, unit }) => {
    trip({ ...scheduled, assignedAgencyId: agency(0), assignedUnitId: unit(1) });
    trip({ ...completed, assignedAgencyId: agency(0), assignedUnitId: unit(1) });
    trip({ ...cancelled, assignedUnitId: unit(1), cancellationReason: "Weather" });
  },
  UNIT_TWICE: ({ trip, agency, unit, at }) => {
    const both = { assignedAgencyId: agency(0), assignedUnitId: unit() };
    trip({ ...scheduled, ...both, acceptedTimestamp: at(9) });
    trip({ ...inTransit, ...both, acceptedTimestamp: at(8) });
    trip({ ...scheduled, ...both });
    trip({ ...completed, ...both, acceptedTimestamp: at(1) });
  },
  UNIT_TWICE_AT_ONCE: ({ trip, agency, unit, at }) => {
    const both = { ...scheduled, assignedAgencyId: agency(0), assignedUnitId: unit(), acceptedTimestamp: at(9) };
    trip(both);
    trip(both);
  },
  UNIT_OUT_ON_TRIP: ({ trip, agency, book }) => {
    const { id } = addUnit(book, "UNIT_OUT_ON_TRIP", { currentStatus: "MAINTENANCE" });
    trip({ ...inTransit, assignedAgencyId: agency(0), assignedUnitId: id });
  },
  UNIT_OFF_ON_TRIP: ({ trip, agency, book }) => {
    const { id } = addUnit(book, "UNIT_OFF_ON_TRIP", { isActive: false, type: "OTHER" });
    trip({ ...scheduled, assignedAgencyId: agency(0), assignedUnitId: id });
  },
  ACCEPTED_AT_BY_ASSIGNMENT: ({ trip, agency, unit, assign }) => {
    const unitId = unit();
    assign(trip({ ...scheduled, assignedAgencyId: agency(0), assignedUnitId: unitId }), unitId);
  },
};

/** People, patients and places that make trips odd (R-TRIPHOSP, R-PHI); ids and texts as only people write them. */
const oddPeopleAndPlaces: OddTrips = {
  PATIENT_CODES: ({ trip }) => {
    for (const patientId of ["MRN-0044321", "1234567", "P0abcdef1", "", "Doe, J.", "P123456789"]) trip({ patientId });
    for (const patientId of ["demo-patient-1", "test-patient-999999", "P0000FFFF"]) trip({ patientId });
  },
  ORIGIN_OF_OTHERS: ({ trip, book }) => void trip({ originFacilityId: book.plain("Facility", 2) }),
  BY_CENTER: ({ trip, book }) => {
    const createdById = book.plain("User", userIndexes.ofStaff(book.size, 1));
    trip({ createdById });
    trip({ createdById, originFacilityId: sharedPlace(book) });
  },
  BY_AGENCY: ({ trip, book }) => {
    const originFacilityId = sharedPlace(book);
    for (const agency of [0, 1]) {
      trip({ createdById: book.plain("User", userIndexes.ofAgency(book.size, agency)), originFacilityId });
    }
  },
  BY_ADMIN_OF_ONE_PLACE: ({ trip, book }) => {
    const createdById = addUser(book, "ADMIN_OF_ONE_PLACE", { role: "ADMIN" }).id;
    trip({ createdById, originFacilityId: sharedPlace(book) });
  },
  BY_ADMIN_OF_TWO_HOSPITALS: ({ trip, book }) => {
    const createdById = addUser(book, "ADMIN_OF_TWO_HOSPITALS", { role: "ADMIN" }).id;
    for (const hospital of [2, 3]) trip({ createdById, originFacilityId: book.plain("Facility", hospital) });
  },
  FOR_PHANTOM: ({ trip, bid, book, agency, at }) => {
    const assignedAgencyId = book.notes.odd["PHANTOM_WITH_TRIPS"]?.[0] ?? null;
    trip({ ...completed, assignedAgencyId, acceptedTimestamp: at(9), completionTimestamp: at(70) });
    bid(trip(), { agencyId: book.notes.odd["PHANTOM_WITH_BIDS"]?.[0] ?? agency(0) });
  },
  FOR_SWITCHED_OFF_AGENCY: ({ trip, book }) => {
    const { id } = addAgency(book, "AGENCY_OFF_WITH_TRIP", { isActive: false, status: "INACTIVE" });
    trip({ ...scheduled, assignedAgencyId: id });
  },
  HANDMADE_ID: ({ trip, bid }) => {
    for (const id of ["demo-request-1", "REQ_2", "req_2", "-", "Z".repeat(64), "ztrip_last"]) bid(trip({ id }));
  },
  STRANGE_TEXT: ({ trip, agency }) => {
    for (const text of oddTexts) {
      trip({ ...cancelled, assignedAgencyId: agency(0), specialRequirements: text, cancellationReason: text });
    }
  },
  STRANGE_NUMBERS: ({ trip }) => {
    const etaUpdates = [{ at: "2026-01-01", eta: null }, "\u0001", 1e-7];
    trip({
      routeOptimizationScore: "NaN",
      revenuePotential: -1e300,
      timeFlexibility: -5,
      etaUpdates,
      transportLevel: "OTHER",
    });
  },
  YEARS_APART: ({ trip }) => {
    trip({ requestTimestamp: new Date("0001-01-01T00:00:00Z"), updatedAt: new Date("9999-12-31T23:59:59.999Z") });
    trip({ requestTimestamp: new Date("2025-03-09T02:30:00.001Z"), createdAt: new Date("2024-02-29T23:59:59.999Z") });
  },
};

/** Trips that must be quarantined: one of each kind, since they stop a move. */
const waiting: OddTrips = {
  TO_ITS_ORIGIN_OPEN: ({ trip, bid, book, quarantine }) => {
    const row = trip({ destinationFacilityId: book.plain("Facility", 0) });
    bid(row);
    quarantine(row, "OPEN_TRIP_TO_ITS_ORIGIN");
  },
  IN_TRANSIT_WITHOUT_AGENCY: ({ trip, bid, quarantine }) => {
    const row = trip(inTransit);
    bid(row, { status: "REJECTED" });
    quarantine(row, "IN_PROGRESS_WITHOUT_AGENCY");
  },
  IN_TRANSIT_WITHOUT_UNIT: ({ trip, bid, queue, unit, agency, at, quarantine }) => {
    const byBid = trip(inTransit);
    bid(byBid, { status: "ACCEPTED", reviewedAt: at(9) });
    const byQueue = trip(inTransit);
    queue(byQueue, agency(0));
    const ofOthers = trip({ ...inTransit, assignedAgencyId: agency(0), assignedUnitId: unit(1) });
    for (const row of [byBid, byQueue, ofOthers]) quarantine(row, "IN_PROGRESS_WITHOUT_UNIT");
  },
  IN_TRANSIT_UNIT_TWICE: ({ trip, agency, unit, at, quarantine }) => {
    const both = { ...inTransit, assignedAgencyId: agency(0), assignedUnitId: unit() };
    trip({ ...both, acceptedTimestamp: at(8) });
    quarantine(trip({ ...both, acceptedTimestamp: at(9) }), "IN_PROGRESS_WITHOUT_UNIT");
  },
  BEFORE_CHRIST: ({ trip, quarantine }) => quarantine(trip({ requestTimestamp: "-infinity" }), "TIME_OUT_OF_RANGE"),
  UNUSABLE_ID: ({ trip, quarantine }) => {
    quarantine(trip({ id: "trip 7/1" }), "ID_NOT_USABLE");
    quarantine(trip({ id: "é" }), "ID_NOT_USABLE");
  },
};

/** Rows without a usable id, which take along what refers to them, and only that. */
const unusable: OddTrips = {
  FOR_UNUSABLE_AGENCY: ({ trip, bid, book, quarantine }) => {
    const assignedAgencyId = addAgency(book, "AGENCY_UNUSABLE", { id: "agency 7" }).id;
    book.quarantine("TransportAgency", assignedAgencyId, "ID_NOT_USABLE");
    const row = trip({ ...scheduled, assignedAgencyId });
    bid(row, { agencyId: assignedAgencyId });
    quarantine(row, "AGENCY_NOT_MOVED");
    trip({ ...completed, assignedAgencyId });
    const lost = bid(trip(), { agencyId: assignedAgencyId });
    book.quarantine("TransportBid", lost.id, "AGENCY_NOT_MOVED");
    const unit = addUnit(book, "UNIT_OF_UNUSABLE_AGENCY", { agencyId: assignedAgencyId });
    book.quarantine("Unit", unit.id, "AGENCY_NOT_MOVED");
  },
  WITH_UNUSABLE_UNIT: ({ trip, agency, assign, book }) => {
    const unit = addUnit(book, "UNIT_UNUSABLE", { id: "unit/7" });
    book.quarantine("Unit", unit.id, "ID_NOT_USABLE");
    assign(trip({ ...scheduled, assignedAgencyId: agency(0), assignedUnitId: unit.id }), unit.id);
    book.quarantine("UnitAvailability", book.rows.UnitAvailability.at(-1)?.id ?? "", "UNIT_NOT_MOVED");
  },
  TO_UNUSABLE_FACILITY: ({ trip, book, quarantine }) => {
    const place = facilityRow({ id: "place.7", name: "Larchwood Rehabilitation Center" }, regionSizeFor(0).facilities);
    book.rows.Facility.push(place);
    book.quarantine("Facility", place.id, "ID_NOT_USABLE");
    quarantine(trip({ destinationFacilityId: place.id }), "FACILITY_NOT_MOVED");
    quarantine(trip({ ...completed, originFacilityId: place.id }), "FACILITY_NOT_MOVED");
  },
};

/** A place that no single hospital sends from. */
function sharedPlace(book: OddBook): string {
  const row = facilityRow({ id: book.id("Facility"), name: "Kettlevale Nursing Home" }, regionSizeFor(0).facilities);
  book.rows.Facility.push(row);
  return row.id;
}
