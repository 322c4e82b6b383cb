import { systemSettingsFrom } from "#platform/system-settings.ts";
import type { Milestone } from "./milestone.ts";
import type { SlaPause } from "./sla.ts";
import type {
  AssignedTrip,
  Award,
  CancelledTrip,
  CompletedTrip,
  PendingTrip,
  Place,
  TripId,
  TripInProgress,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import type { TripTerms } from "./trip-terms.ts";

/** Minutes after eight in the morning: when things happen in these tests. */
export function at(minutes: number): Date {
  return new Date(Date.UTC(2026, 0, 5, 8, minutes));
}

/** What is configured if nobody has configured anything: bidding on a HIGH trip is open for ten minutes. */
export const terms: TripTerms = systemSettingsFrom([]);

/** A place fit for tests; name only what the test is about. */
export function aPlace(over: Partial<Place> = {}): Place {
  return {
    facilityId: "facility-origin",
    hospitalId: "mercy",
    name: "Mercy General",
    city: "Altoona",
    state: "PA",
    county: "Blair",
    ...over,
  };
}

/** A trip that Mercy asked for at 8:00, from its own place in Blair county to General's. */
export function aPendingTrip(over: Partial<PendingTrip> = {}): PendingTrip {
  return {
    status: "PENDING",
    id: "trip-1" as TripId,
    number: "T-10001",
    hospitalId: "mercy",
    patientId: "P-0",
    origin: aPlace(),
    destination: aPlace({ facilityId: "facility-destination", hospitalId: "general", name: "General" }),
    level: "ALS",
    priority: "HIGH",
    awardPolicy: "FIRST_ACCEPT",
    specialRequirements: "oxygen",
    requestedAt: at(0),
    createdBy: "user-1",
    createdAt: at(0),
    updatedAt: at(0),
    version: 1,
    materialVersion: 1,
    slaTerms: { assignMinutes: 20, pickupMinutes: 120, toleranceMinutes: 15 },
    slaPauses: [],
    biddingClosesAt: at(10),
    turn: 0,
    milestones: [],
    ...over,
  };
}

/** The same trip since 8:10, when Blair Valley won it with the unit 7. */
export function anAssignedTrip(over: Partial<AssignedTrip> = {}): AssignedTrip {
  const award: Award = {
    agencyId: "blair",
    unitId: "unit-7",
    unitType: "ALS",
    attemptId: "attempt-1",
    acceptedAt: at(10),
  };
  return {
    ...aPendingTrip(),
    turn: 1,
    version: 2,
    updatedAt: at(10),
    ...over,
    status: "ASSIGNED",
    award: over.award ?? award,
  };
}

/** The same trip since 8:30, when the patient left. */
export function aTripInProgress(over: Partial<TripInProgress> = {}): TripInProgress {
  const { award, ...trip } = anAssignedTrip();
  return {
    ...trip,
    award: { ...award, unitId: "unit-7" },
    pickedUpAt: at(30),
    version: 3,
    updatedAt: at(30),
    milestones: [aMilestone({ type: "LEFT_ORIGIN", occurredAt: at(30) })],
    ...over,
    status: "IN_PROGRESS",
  };
}

/** The same trip, over at 9:00. */
export function aCompletedTrip(over: Partial<CompletedTrip> = {}): CompletedTrip {
  return { ...aTripInProgress(), completedAt: at(60), version: 4, updatedAt: at(60), ...over, status: "COMPLETED" };
}

/** The same trip, given up at 8:20. */
export function aCancelledTrip(over: Partial<CancelledTrip> = {}): CancelledTrip {
  return { ...aPendingTrip(), cancelledAt: at(20), reason: "no bed", version: 2, ...over, status: "CANCELLED" };
}

/** A step that Blair Valley reported as it happened. */
export function aMilestone(over: Partial<Milestone> = {}): Milestone {
  const occurredAt = over.occurredAt ?? at(20);
  return {
    type: "EN_ROUTE",
    occurredAt,
    recordedAt: occurredAt,
    recordedBy: "user-2",
    reporter: "EMS",
    unitId: "unit-7",
    turn: 1,
    isLateEntry: false,
    ...over,
  };
}

/** A pause that Mercy began at 8:15, and that lasts. */
export function aPause(over: Partial<SlaPause> = {}): SlaPause {
  return { reason: "PATIENT_NOT_READY", startedAt: at(15), startedBy: "user-1", ...over };
}

/** Somebody of the hospital that asks for trips. */
export const owner: TripActor = { type: "HOSPITAL", userId: "user-1", hospitalId: "mercy" };
/** Somebody of the hospital that patients are brought to. */
export const receiver: TripActor = { type: "HOSPITAL", userId: "user-3", hospitalId: "general" };
/** Somebody of a hospital that has nothing to do with it. */
export const stranger: TripActor = { type: "HOSPITAL", userId: "user-9", hospitalId: "elsewhere" };
/** A dispatcher of the agency that has the trip, or may have it. */
export const blair: TripActor = {
  type: "EMS",
  userId: "user-2",
  agencyId: "blair",
  reach: { isActive: true, counties: ["blair"] },
};
/** A dispatcher of another agency in the same county. */
export const rival: Extract<TripActor, { type: "EMS" }> = {
  type: "EMS",
  userId: "user-4",
  agencyId: "rival",
  reach: { isActive: true, counties: ["blair"] },
};
/** Somebody of Center. */
export const overseer: TripActor = { type: "CENTER", userId: "user-5" };
