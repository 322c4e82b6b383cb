import type { LegacyUnit } from "../legacy-rows.ts";
import { legacyEnums } from "../legacy-enums.ts";
import { nth } from "./dice.ts";
import type { BeyondJson, NewRow } from "./insert-rows.ts";
import type { OddBook } from "./odd-book.ts";
import { oddCapabilities } from "./odd-shapes.ts";
import { availabilityRow, routeRow, stopRow, unitRow } from "./plain-fleet.ts";
import { userIndexes } from "./plain-people.ts";

/** Row numbers from here on are of names that plain rows do not use. */
const apart = 9_000;

/** A unit of the first agency, but for `over`. */
export function addUnit(book: OddBook, kind: string, over: Partial<NewRow<LegacyUnit>> = {}): NewRow<LegacyUnit> {
  const agencyId = book.plain("TransportAgency", 0);
  const row = unitRow({ id: book.id("Unit"), agencyId, ...over }, apart + book.number());
  book.rows.Unit.push(row);
  book.mark(kind, row.id);
  return row;
}

/** Units, and when they are there (R-UNITTYPE, R-UNITSTATUS, R-AVAIL), and routes (R-ROUTE). */
export function addOddFleet(book: OddBook): void {
  for (const capabilities of oddCapabilities) addUnit(book, "UNIT_SHAPES", { capabilities, currentLocation: null });
  addUnit(book, "UNIT_WHEELCHAIR", { type: "OTHER", unitNumber: "WC-1" });
  addUnit(book, "UNIT_WHEELCHAIR", { type: "OTHER", capabilities: { lift: true } });
  addUnit(book, "UNIT_BOTH", { type: "OTHER", unitNumber: "Taxi 2", capabilities: "ramp" });
  addUnit(book, "UNIT_TAXI", { type: "OTHER", unitNumber: "SEDAN-3" });
  addUnit(book, "UNIT_GUESSED", { type: "OTHER", unitNumber: "X-4", capabilities: null });
  addUnit(book, "UNIT_NUMBER_TWICE", { unitNumber: "M-7" });
  addUnit(book, "UNIT_NUMBER_TWICE", { unitNumber: "M-7", isActive: false });
  addUnit(book, "UNIT_IDLE_IN_USE", { currentStatus: "IN_USE" });
  addUnit(book, "UNIT_IDLE_IN_USE", { currentStatus: "IN_USE", isActive: false });
  addUnit(book, "UNIT_OUT", { currentStatus: "OUT_OF_SERVICE" });
  addUnit(book, "UNIT_HANDMADE_ID", { id: "unit_demo-1", shiftStart: null, shiftEnd: null });
  addUnit(book, "UNIT_FOREVER", { shiftStart: "-infinity", shiftEnd: "infinity" });
  addAvailabilities(book);
  addRoutes(book);
}

function addAvailabilities(book: OddBook): void {
  const unitId = addUnit(book, "UNIT_BY_NOTES", { type: "OTHER", unitNumber: "X-5" }).id;
  const add = (over: Partial<Parameters<typeof availabilityRow>[0]>): void => {
    const row = availabilityRow({ id: book.id("UnitAvailability"), unitId, ...over }, apart);
    book.rows.UnitAvailability.push(row);
    book.mark("AVAILABILITY", row.id);
  };
  for (const status of legacyEnums.UnitStatus) {
    add({ status, shiftStart: null, shiftEnd: null, location: null, crewMembers: null });
    add({ status, notes: "wheelchair van", currentAssignment: "cgone000000000000000000x" });
  }
  add({ shiftStart: "infinity", shiftEnd: "-infinity" });
}

function addRoutes(book: OddBook): void {
  const createdById = book.plain("User", userIndexes.ofStaff(book.size, 0));
  const agencyId = book.plain("TransportAgency", 0);
  const distances: readonly (number | BeyondJson)[] = [1.005, 2.675, 0, -4, "NaN", "Infinity", 1e12];
  for (const [index, totalDistanceMiles] of distances.entries()) {
    const status = nth(legacyEnums.RouteStatus, index);
    const optimizationType = nth([...legacyEnums.RouteOptimizationType, null], index);
    const own = { id: book.id("Route"), routeNumber: `ODD-${index}`, agencyId, createdById };
    book.rows.Route.push(routeRow({ ...own, status, optimizationType, totalDistanceMiles }, apart + index));
    book.mark("ROUTE", own.id);
  }
  const routeId = book.rows.Route[0]?.id ?? "";
  for (const stopOrder of [5, 1, 3]) {
    const facilityId = stopOrder === 3 ? "facility_demo-1" : book.plain("Facility", stopOrder);
    const estimated = stopOrder === 1 ? { estimatedArrival: null, estimatedDeparture: "infinity" as const } : {};
    book.rows.RouteStop.push(stopRow({ id: book.id("RouteStop"), routeId, stopOrder, facilityId, ...estimated }));
  }
}
