import type { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Id } from "#platform/id.ts";
import { laterOf, type Milestone } from "./milestone.ts";
import type { TripActor } from "./trip-actor.ts";
import type { AwardPolicy, Priority, TransportLevel } from "./transport.ts";

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
  readonly requestedAt: Date;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
  /** Rises when something changes that an agency would want to know before it accepts. */
  readonly materialVersion: number;
  readonly milestones: readonly Milestone[];
}

/** Who won the trip, and with which attempt. Trips from the former system may lack the attempt and the time. */
export interface Award {
  readonly agencyId: string;
  readonly unitId?: string;
  readonly attemptId?: string;
  readonly acceptedAt?: Date;
}

/** Waits for an agency. */
export type PendingTrip = TripFacts & { readonly status: "PENDING" };
/** An agency has it. */
export type AssignedTrip = TripFacts & { readonly status: "ASSIGNED"; readonly award: Award };
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
  readonly pickedUpAt?: Date;
  readonly completedAt?: Date;
};
/** Given up before the patient was handed over. */
export type CancelledTrip = TripFacts & {
  readonly status: "CANCELLED";
  readonly award?: Award;
  readonly pickedUpAt?: Date;
  readonly cancelledAt?: Date;
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
  | "accepted"
  | "unit_assigned"
  | "started"
  | "completed"
  | "cancelled"
  | "milestone_recorded";

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

/** A place that is asked for as origin or destination, and whether it takes part: itself, and the hospital behind it. */
export interface ActivePlace {
  readonly place: Place;
  readonly isActive: boolean;
}

/** Everything that a new trip is made of. */
export interface TripOrder
  extends Pick<
    TripFacts,
    "id" | "number" | "hospitalId" | "patientId" | "level" | "priority" | "awardPolicy" | "specialRequirements"
  > {
  readonly origin: ActivePlace;
  readonly destination: ActivePlace;
  readonly userId: string;
  readonly now: Date;
}

/** T0: asks for a trip. */
export function createTrip({
  origin,
  destination,
  userId,
  now,
  ...order
}: TripOrder): Decision<TripChange<PendingTrip>> {
  if (origin.place.facilityId === destination.place.facilityId) {
    return refused("VALIDATION_FAILED", "origin and destination must differ");
  }
  const closed = [origin, destination].find(({ isActive }) => !isActive);
  if (closed) return refused("FACILITY_NOT_ACTIVE", `facility ${closed.place.facilityId} is not active`);
  const after: PendingTrip = {
    ...order,
    status: "PENDING",
    origin: origin.place,
    destination: destination.place,
    requestedAt: now,
    createdBy: userId,
    createdAt: now,
    updatedAt: now,
    version: 1,
    materialVersion: 1,
    milestones: [],
  };
  return granted({ name: "created", after, userId });
}

/** Who gives a trip up, and why. */
export interface Cancellation {
  readonly actor: TripActor;
  /** Free text. Patient data. */
  readonly reason: string;
  readonly now: Date;
}

/** T6 and T7: gives a trip up before the pickup. The reason of a cancelled trip is never overwritten. */
export function cancelTrip(trip: Trip, { actor, reason, now }: Cancellation): Decision<TripChange<CancelledTrip>> {
  if (!isOwner(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the hospital that asked for the trip may cancel it");
  }
  if (reason.trim() === "") return refused("VALIDATION_FAILED", "a reason is demanded");
  if (trip.status !== "PENDING" && trip.status !== "ASSIGNED") {
    return refused("INVALID_STATE_TRANSITION", `a trip that is ${trip.status} cannot be cancelled`);
  }
  const after: CancelledTrip = {
    ...changed(trip, now),
    status: "CANCELLED",
    reason,
    cancelledAt: laterOf(trip.status === "ASSIGNED" ? trip.award.acceptedAt : trip.requestedAt, now),
  };
  return granted({ name: "cancelled", before: trip, after, userId: actor.userId, comment: reason });
}

/** The same trip one version later. */
export function changed<T extends Trip>(trip: T, now: Date): T {
  return { ...trip, version: trip.version + 1, updatedAt: laterOf(trip.updatedAt, now) };
}

/** Who has, or had, the trip; undefined while it waits. */
export function awardOf(trip: Trip): Award | undefined {
  return trip.status === "PENDING" ? undefined : trip.award;
}

/** True for people of the hospital that asked for the trip. */
export function isOwner(trip: Trip, actor: TripActor): boolean {
  return actor.type === "HOSPITAL" && actor.hospitalId === trip.hospitalId;
}

/** True for people of the agency that has, or had, the trip. */
export function isAssignedAgency(trip: Trip, actor: TripActor): boolean {
  return actor.type === "EMS" && actor.agencyId === awardOf(trip)?.agencyId;
}
