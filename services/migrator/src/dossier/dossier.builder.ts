import type { Directory, DirectoryAgency, DirectoryFacility, DirectoryUnit, Person } from "../directory/directory.ts";
import type { Dossier, DossierBid, DossierQueueEntry, DossierTrip, DossierUnitAssignment } from "./dossier.ts";

/** A moment of the day on which tests play. @param time such as 10:30. */
export function at(time: string): Date {
  return new Date(`2025-03-01T${time}:00Z`);
}

/** A trip fit for tests, which waits; name only what the test is about. */
export function aTrip(over: Partial<DossierTrip> = {}): DossierTrip {
  return {
    id: "trip-1",
    patientId: "P0A1B2C3D",
    originFacilityId: "mercy",
    destinationFacilityId: "general",
    transportLevel: "ALS",
    priority: "HIGH",
    status: "PENDING",
    specialRequirements: null,
    requestTimestamp: at("08:00"),
    pickupTimestamp: null,
    completionTimestamp: null,
    assignedAgencyId: null,
    assignedUnitId: null,
    createdById: "nurse",
    createdAt: at("08:00"),
    updatedAt: at("12:00"),
    acceptedTimestamp: null,
    cancellationReason: null,
    estimatedArrivalTime: null,
    estimatedPickupTime: null,
    ...over,
  };
}

/** An open bid of the swift agency on trip-1. */
export function aBid(over: Partial<DossierBid> = {}): DossierBid {
  return {
    id: "bid-1",
    transportRequestId: "trip-1",
    agencyId: "swift",
    agencyUserId: "dispatcher",
    bidAmount: null,
    estimatedArrival: null,
    notes: null,
    status: "PENDING",
    submittedAt: at("08:10"),
    reviewedAt: null,
    reviewNotes: null,
    updatedAt: at("08:10"),
    ...over,
  };
}

/** A unit of the swift agency was put on the trip. */
export function aUnitAssignment(over: Partial<DossierUnitAssignment> = {}): DossierUnitAssignment {
  return { id: "assignment-1", unitId: "swift-1", createdAt: at("08:30"), ...over };
}

/** The trip is in a queue, for the swift agency. */
export function aQueueEntry(over: Partial<DossierQueueEntry> = {}): DossierQueueEntry {
  return { id: "queue-1", assignedProviderId: "swift", queueTimestamp: at("08:20"), ...over };
}

/** A dossier with nothing but its trip. */
export function aDossier(trip: Partial<DossierTrip> = {}, over: Partial<Omit<Dossier, "trip">> = {}): Dossier {
  return { trip: aTrip(trip), bids: [], unitAssignments: [], queueEntries: [], ...over };
}

/** Every place of the small region: two hospitals' own, and a nursing home of nobody's. */
export const places: readonly DirectoryFacility[] = [
  aPlace("mercy", "mercy"),
  aPlace("general", "general"),
  aPlace("nursing-home", "hosp_shared_directory"),
];

/** Two agencies, a hospital in disguise, and one that was switched off. */
export const agencies: readonly DirectoryAgency[] = [
  { id: "swift", name: "Swift", isReal: true, isActive: true },
  { id: "calm", name: "Calm", isReal: true, isActive: false },
  { id: "phantom", name: "Mercy", isReal: false, isActive: true },
];

/** Two units of the swift agency, one of the calm one. */
export const units: readonly DirectoryUnit[] = [
  { id: "swift-1", agencyId: "swift", type: "ALS", isActive: true },
  { id: "swift-2", agencyId: "swift", type: "CCT", isActive: false },
  { id: "calm-1", agencyId: "calm", type: "BLS", isActive: true },
];

const people: readonly (readonly [string, Person])[] = [
  ["nurse", aPerson({ userId: "nurse", type: "HOSPITAL", hospitalId: "mercy" })],
  ["operator", aPerson({ userId: "operator", type: "CENTER" })],
  ["twin", aPerson({ userId: "dispatcher", type: "EMS", agencyId: "swift" })],
];

/** A region in which every rule has something to find. */
export function aDirectory(): Directory {
  const facilityById = new Map(places.map((it) => [it.id, it]));
  const agencyById = new Map(agencies.map((it) => [it.id, it]));
  const unitById = new Map(units.map((it) => [it.id, it]));
  const personById = new Map(people);
  return {
    person: (id) => personById.get(id),
    agencyUser: (id) => (id === "dispatcher" ? personById.get("twin") : undefined),
    facility: (id) => facilityById.get(id),
    agency: (id) => agencyById.get(id),
    unit: (id) => unitById.get(id),
    hospitalIds: new Set(["mercy", "general", "hosp_shared_directory"]),
    preferredAgencies: () => [],
  };
}

function aPlace(id: string, hospitalId: string): DirectoryFacility {
  const address = { address: "1 Main Street", city: "Altoona", state: "PA", zipCode: "16601", county: "Blair" };
  return { id, hospitalId, name: id, type: "HOSPITAL", ...address, coordinates: null };
}

function aPerson(over: Pick<Person, "userId" | "type"> & Partial<Person>): Person {
  return { hasAccount: true, hospitalId: null, agencyId: null, email: "a@example.org", name: "A", ...over };
}
