import type { LegacyTransportAgency } from "../legacy-rows.ts";
import { nth } from "./dice.ts";
import type { NewRow } from "./insert-rows.ts";
import type { OddBook } from "./odd-book.ts";
import { addAgencyUser, addUser } from "./odd-people.ts";
import { oddAreas, oddCapabilities, oddCoordinates, oddHours, oddPrices } from "./odd-shapes.ts";
import { firstDay, later } from "./calendar.ts";
import { userIndexes } from "./plain-people.ts";
import { agencyRow, facilityRow, firstPhantom, phantomRow, plainServiceAreas } from "./plain-places.ts";
import { unitRow } from "./plain-fleet.ts";

/** Row numbers from here on are of names that plain rows do not use. */
const apart = 7_000;

/** A time so late that no plain hospital was registered then. */
const calmTime = later(firstDay, 200_000);

/** An agency that one of Center's people added, but for `over`. */
export function addAgency(
  book: OddBook,
  kind: string,
  over: Partial<NewRow<LegacyTransportAgency>> = {},
): NewRow<LegacyTransportAgency> {
  const addedBy = book.plain("User", userIndexes.ofStaff(book.size, 0));
  const row = agencyRow({ id: book.id("TransportAgency"), addedBy, ...over }, apart + book.number());
  book.rows.TransportAgency.push(row);
  book.mark(kind, row.id);
  return row;
}

/** Places and agencies in every shape (R-HOURS, R-CAPS, R-COORD, R-AREA), hospitals in disguise (R-PHANTOM), and so on. */
export function addOddOrganizations(book: OddBook): void {
  addShapes(book);
  addPhantoms(book);
  addDoubtfulAgencies(book);
  addServiceAreas(book);
}

function addShapes(book: OddBook): void {
  for (let index = 0; index < Math.max(oddHours.length, oddCapabilities.length, oddCoordinates.length); index++) {
    const capabilities = nth(oddCapabilities, index);
    const operatingHours = nth(oddHours, index);
    const id = index === 0 ? "facility_demo-1" : book.id("Facility");
    const coordinates = nth(oddCoordinates, index);
    const contact = {
      phone: index % 2 === 0 ? null : "",
      email: index % 3 === 0 ? "" : null,
      isActive: index % 5 !== 4,
    };
    const place = { id, coordinates, operatingHours, capabilities, ...contact };
    book.rows.Facility.push(facilityRow(place, apart + index));
    book.mark("SHAPES", id);
    const pricingStructure = nth(oddPrices, index);
    addAgency(book, "SHAPES", { operatingHours, capabilities, pricingStructure, serviceArea: nth(oddAreas, index) });
  }
}

function addPhantoms(book: OddBook): void {
  const phantom = (kind: string, facilityId: string | number | null, over: object = {}): string => {
    const serviceArea = { type: "hospital", facilityId };
    const row = phantomRow({ id: book.id("TransportAgency"), serviceArea, createdAt: calmTime, ...over }, apart + 20);
    book.rows.TransportAgency.push({ ...row, email: "" });
    book.mark(kind, row.id);
    return row.id;
  };
  const place = (): string => {
    const row = facilityRow({ id: book.id("Facility") }, apart + book.number());
    book.rows.Facility.push(row);
    return row.id;
  };
  phantom("PHANTOM_WITHOUT_FACILITY", "cmissing0000000000000000x");
  phantom("PHANTOM_WITHOUT_FACILITY", null);
  phantom("PHANTOM_WITHOUT_FACILITY", 7);
  phantom("PHANTOM_OF_NO_HOSPITAL", place());
  phantom("PHANTOM_WITHOUT_NAME", place(), { name: " " });
  phantom("PHANTOM_WITH_BIDS", place());
  phantom("PHANTOM_WITH_TRIPS", place());
  const agencyId = phantom("PHANTOM_WITH_UNITS", place());
  book.rows.Unit.push(unitRow({ id: book.id("Unit"), agencyId }, apart));
  addAgencyUser(book, "USER_OF_PHANTOM", { agencyId: phantom("PHANTOM_WITH_PEOPLE", place()) });
}

function addDoubtfulAgencies(book: OddBook): void {
  addAgency(book, "AGENCY_PENDING", { status: "PENDING" });
  addAgency(book, "AGENCY_INACTIVE", { status: "INACTIVE", isActive: false });
  addAgency(book, "AGENCY_OFF_BUT_ACTIVE", { status: "ACTIVE", isActive: false });
  addAgency(book, "AGENCY_NEVER_ADDED", { addedBy: null, addedAt: null });
  addAgency(book, "AGENCY_ADDED_AT_INFINITY", { addedAt: "infinity" });
  addAgency(book, "AGENCY_ADDED_BY_AGENCY", { addedBy: book.plain("User", userIndexes.ofAgency(book.size, 1)) });
  addAgency(book, "AGENCY_OF_CONFLICT", { addedBy: addConflict(book) });
  const [first, second] = [addAgency(book, "AGENCY_NAMED_TWICE"), addAgency(book, "AGENCY_OF_ONE_DOMAIN")];
  addAgency(book, "AGENCY_NAMED_TWICE", { name: first.name });
  for (const agency of [first, second]) addContact(book, agency.id);
  addAgency(book, "AGENCY_OF_ONE_DOMAIN", { email: "a@two-agencies.example" });
  addAgency(book, "AGENCY_OF_ONE_DOMAIN", { email: "b@two-agencies.example" });
  addAgency(book, "AGENCY_WITHOUT_CONTACT", { contactName: null });
  const admin = {
    agencyId: addAgency(book, "AGENCY_WITHOUT_CONTACT", { contactName: " " }).id,
    role: "ADMIN",
  } as const;
  addAgencyUser(book, "CONTACT_SWITCHED_OFF", { ...admin, isActive: false });
  addAgencyUser(book, "CONTACT", admin);
  if (book.mayBeOrphaned) addAgency(book, "AGENCY_ADDED_BY_NOBODY", { addedBy: "cgone000000000000000000x" });
}

function addContact(book: OddBook, agencyId: string): void {
  addAgencyUser(book, "STAFF", { agencyId });
}

/** Somebody who prefers agencies as hospitals do and added one as Center does (R-ROLE); the preference is nobody's. */
function addConflict(book: OddBook): string {
  const { id } = addUser(book, "CONFLICT");
  const preference = addPreference(book, "PREFERENCE_OF_CENTER", { hospitalId: id, agency: 0 });
  book.quarantine("HospitalAgencyPreference", preference, "PREFERENCE_NO_HOSPITAL");
  const toPhantom = addPreference(book, "PREFERENCE_OF_PHANTOM", {
    hospitalId: book.plain("User", userIndexes.ofHospital(book.size, 1, 2)),
    agency: firstPhantom(book.size),
  });
  book.quarantine("HospitalAgencyPreference", toPhantom, "AGENCY_NOT_MOVED");
  const hospitalId = book.plain("User", userIndexes.ofHospital(book.size, 0, 0));
  addPreference(book, "PREFERENCE_TWICE", { hospitalId, agency: 0 });
  addPreference(book, "PREFERENCE_TWICE", { hospitalId, agency: 1 });
  addPreference(book, "PREFERENCE_ALONE", { hospitalId, agency: 3 });
  return id;
}

function addPreference(
  book: OddBook,
  kind: string,
  who: { readonly hospitalId: string; readonly agency: number },
): string {
  const id = book.id("HospitalAgencyPreference");
  const agencyId = book.plain("TransportAgency", who.agency);
  const order = { preferenceOrder: -1, notes: "Ask for the night crew", isActive: who.agency !== 1 };
  const times = { createdAt: calmTime, updatedAt: calmTime };
  book.rows.HospitalAgencyPreference.push({ id, hospitalId: who.hospitalId, agencyId, ...order, ...times });
  book.mark(kind, id);
  return id;
}

function addServiceAreas(book: OddBook): void {
  const [area] = plainServiceAreas(book.size, book.keys);
  if (!area) return;
  const phantom = book.plain("TransportAgency", firstPhantom(book.size));
  for (const over of [{ isActive: false }, { name: "" }, { agencyId: phantom }, { coverageRadius: null }]) {
    const id = book.id("ServiceArea");
    book.rows.ServiceArea.push({ ...area, ...over, id, primaryServiceArea: false });
    book.mark("SERVICE_AREA", id);
  }
}
