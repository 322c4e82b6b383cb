import type { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Id } from "#platform/id.ts";
import { laterOf, type Milestone } from "./milestone.ts";
import type { TripActor } from "./trip-actor.ts";
import type { SlaPause, SlaTerms } from "./sla.ts";
import type {
  AwardPolicy,
  Disposition,
  Priority,
  ReleaseReason,
  TimeWindow,
  TransportLevel,
  UnitType,
} from "./transport.ts";

/** Identifies a trip. */
export type TripId = Id<"Trip">;

/** A facility as a trip knows it. */
export interface Place {
  readonly facilityId: string;
  /** The hospital that the facility belongs to; not always the one that asks for the trip. */
  readonly hospitalId: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly county: string;
  readonly coordinates?: { readonly latitude: number; readonly longitude: number };
}

/** What is true of a trip whatever its state. */
export interface TripFacts {
  readonly id: TripId;
  /** Short and speakable, such as T-10482. */
  readonly number: string;
  readonly hospitalId: string;
  /** A pseudonym made by us. */
  readonly patientId: string;
  readonly origin: Place;
  readonly destination: Place;
  readonly level: TransportLevel;
  readonly priority: Priority;
  readonly awardPolicy: AwardPolicy;
  /** Free text. Patient data. */
  readonly specialRequirements: string;
  /** When the patient is to be picked up; as soon as possible if undefined. */
  readonly window?: TimeWindow;
  readonly requestedAt: Date;
  /** Until then agencies may bid; undefined on trips from before bidding had an end. */
  readonly biddingClosesAt?: Date;
  readonly slaTerms: SlaTerms;
  /** Oldest first. Only the last may still last. */
  readonly slaPauses: readonly SlaPause[];
  /** Why it waits again; gone once another agency has it. */
  readonly releaseReason?: ReleaseReason;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
  /** Rises when something changes that an agency would want to know before it accepts. */
  readonly materialVersion: number;
  /** Rises when an agency or a unit takes the trip: each begins a sequence of steps of its own. */
  readonly turn: number;
  readonly milestones: readonly Milestone[];
}

/** Who won the trip, and with which attempt. Trips from the former system may lack the attempt and the time. */
export interface Award {
  readonly agencyId: string;
  readonly unitId?: string;
  /** Undefined on trips that were assigned before it was recorded, too. */
  readonly unitType?: UnitType;
  readonly attemptId?: string;
  readonly acceptedAt?: Date;
}

/** Waits for an agency. */
export type PendingTrip = TripFacts & { readonly status: "PENDING" };
/** An agency has it. */
export type AssignedTrip = TripFacts & {
  readonly status: "ASSIGNED";
  readonly award: Award;
  /** The trip was changed since: until then the agency must consent, or the trip waits again. */
  readonly consentDueAt?: Date;
};
/** The patient is on the way. */
export type TripInProgress = TripFacts & {
  readonly status: "IN_PROGRESS";
  readonly award: Award & { readonly unitId: string };
  readonly pickedUpAt?: Date;
};
/** The patient was handed over. */
export type CompletedTrip = TripFacts & {
  readonly status: "COMPLETED";
  readonly award?: Award;
  /** When an agency took it, on trips from the former system that do not say which one; otherwise the award tells. */
  readonly acceptedAt?: Date;
  readonly pickedUpAt?: Date;
  readonly completedAt?: Date;
};
/** Given up before the patient was handed over; with a disposition if that was after the pickup. */
export type CancelledTrip = TripFacts & {
  readonly status: "CANCELLED";
  readonly award?: Award;
  /** As of a completed trip. */
  readonly acceptedAt?: Date;
  readonly pickedUpAt?: Date;
  readonly cancelledAt?: Date;
  readonly disposition?: Disposition;
  /** Free text. Patient data. */
  readonly reason: string;
};

/** The transport of one patient from one facility to another. A field exists in the states that have it. */
export type Trip = PendingTrip | AssignedTrip | TripInProgress | CompletedTrip | CancelledTrip;

/** Where a trip stands. */
export type TransportStatus = Trip["status"];

/** Every state of a trip. */
export const transportStatuses: readonly TransportStatus[] = [
  "PENDING",
  "ASSIGNED",
  "IN_PROGRESS",
  "COMPLETED",
  "CANCELLED",
];

/** What happened to a trip, by the name of its event. */
export type TripChangeName =
  | "created"
  | "updated"
  | "accepted"
  | "consented"
  | "unit_assigned"
  | "released"
  | "started"
  | "completed"
  | "cancelled"
  | "amended"
  | "bidding_reopened"
  | "sla_paused"
  | "sla_resumed"
  | "milestone_recorded";

/** What made a version of a trip: a change, or that it was taken over from the former system. */
export type TripVersionName = TripChangeName | "imported";

/** What a hospital may change about a trip, by the names of the fields in messages. */
export const tripDetailNames = [
  "origin_facility_id",
  "destination_facility_id",
  "transport_level",
  "priority",
  "special_requirements",
  "pickup_window",
  "award_policy",
] as const;

/** Something that a hospital may change about a trip. */
export type TripDetailName = (typeof tripDetailNames)[number];

/** One change of a trip: what is saved, written into its history and told to the world. */
export interface TripChange<After extends Trip = Trip> {
  readonly name: TripChangeName;
  /** Undefined for the creation. */
  readonly before?: Trip;
  readonly after: After;
  /** Who did it; empty for what the system did on its own. */
  readonly userId: string;
  readonly milestone?: Milestone;
  /** The bid that won, for an acceptance that followed one. */
  readonly bidId?: string;
  /** For what a hospital changed about the trip, which fields. */
  readonly changedFields?: readonly TripDetailName[];
  /** Free text given with the change. Patient data. */
  readonly comment?: string;
}

/** The name of a reason for which a call is refused. */
export type ReasonName = Exclude<keyof typeof Reason, "UNSPECIFIED">;

/** Why not, for programs and for people. */
export interface TripRefusal {
  readonly reason: ReasonName;
  /** One sentence without patient data. */
  readonly sentence: string;
}

/** What a rule answers: a value, or why not. */
export type Decision<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: TripRefusal };

/** Says yes. */
export function granted<T>(value: T): Decision<T> {
  return { ok: true, value };
}

/** Says no. */
export function refused(reason: ReasonName, sentence: string): Decision<never> {
  return { ok: false, refusal: { reason, sentence } };
}

/** The same trip one version later. */
export function changed<T extends Trip>(trip: T, now: Date): T {
  return { ...trip, version: trip.version + 1, updatedAt: laterOf(trip.updatedAt, now) };
}

/** The same trip with nothing to consent to. */
export function withoutConsent({ consentDueAt, ...trip }: AssignedTrip): AssignedTrip {
  return trip;
}

/** Who has, or had, the trip; undefined while it waits. */
export function awardOf(trip: Trip): Award | undefined {
  return trip.status === "PENDING" ? undefined : trip.award;
}

/** When an agency took the trip; undefined while it waits, and where nobody recorded it. */
export function acceptedAtOf(trip: Trip): Date | undefined {
  const acceptedAt = awardOf(trip)?.acceptedAt;
  return acceptedAt ?? (isClosed(trip) ? trip.acceptedAt : undefined);
}

/** True if nothing but amendments and late reports will come. */
export function isClosed(trip: Trip): trip is CompletedTrip | CancelledTrip {
  return trip.status === "COMPLETED" || trip.status === "CANCELLED";
}

/** Says no to what the trip's state does not allow; `cannot` goes on from "a trip that is ... cannot". */
export function refusedInState(trip: Trip, cannot: string): Decision<never> {
  if (trip.status === "CANCELLED") return refused("TRIP_CANCELLED", "the trip was cancelled");
  return refused("INVALID_STATE_TRANSITION", `a trip that is ${trip.status} cannot ${cannot}`);
}

/** When the patient left the origin; undefined before that, and where nobody recorded it. */
export function pickedUpAtOf(trip: Trip): Date | undefined {
  return trip.status === "PENDING" || trip.status === "ASSIGNED" ? undefined : trip.pickedUpAt;
}

/** True for people of the hospital that asked for the trip. */
export function isOwner(trip: Trip, actor: TripActor): boolean {
  return actor.type === "HOSPITAL" && actor.hospitalId === trip.hospitalId;
}

/** True for people of the agency that has, or had, the trip. */
export function isAssignedAgency(trip: Trip, actor: TripActor): boolean {
  return actor.type === "EMS" && actor.agencyId === awardOf(trip)?.agencyId;
}
