import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { Milestone, MilestoneType } from "./milestone.ts";
import type { UserType } from "#platform/auth/principal.ts";
import type { AwardPolicy, Priority, TransportLevel } from "./transport.ts";
import type { Award, Place, TransportStatus, Trip, TripFacts, TripId } from "./trip.ts";

/** A trip with its two facilities as a plain row, the way hot reads fetch it. Times are text, in UTC. */
export interface TripRow {
  readonly id: TripId;
  readonly trip_number: string;
  readonly hospital_id: string;
  readonly patient_id: string;
  readonly transport_level: TransportLevel;
  readonly priority: Priority;
  readonly status: TransportStatus;
  readonly award_policy: AwardPolicy;
  readonly special_requirements: string;
  readonly cancellation_reason: string | null;
  readonly request_time: string;
  readonly accept_time: string | null;
  readonly pickup_time: string | null;
  readonly completion_time: string | null;
  readonly cancel_time: string | null;
  readonly assigned_agency_id: string | null;
  readonly assigned_unit_id: string | null;
  readonly accepted_attempt_id: string | null;
  readonly created_by_user_id: string;
  readonly version: number;
  readonly material_version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly origin: PlaceRow;
  readonly destination: PlaceRow;
  readonly milestones: readonly MilestoneRow[];
}

/** A facility as JSON within a trip's row. */
export interface PlaceRow {
  readonly id: string;
  readonly hospital_id: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly county: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
}

/** A reported step as JSON within a trip's row, whose times are in the form of ISO 8601. */
export interface MilestoneRow {
  readonly type: MilestoneType;
  readonly occur_time: string;
  readonly record_time: string;
  readonly recorded_by_user_id: string;
  readonly reporter: UserType;
  readonly unit_id: string | null;
  readonly late_entry: boolean;
}

/**
 * Reads a trip from its rows. The database's checks see to it that each state has its fields.
 * @throws Error if it has not.
 */
export function tripFromRow(row: TripRow): Trip {
  const facts = factsFromRow(row);
  const award = awardFromRow(row);
  const pickedUpAt = optionalDate(row.pickup_time);
  const completedAt = optionalDate(row.completion_time);
  const cancelledAt = optionalDate(row.cancel_time);
  switch (row.status) {
    case "PENDING":
      return { ...facts, status: "PENDING" };
    case "ASSIGNED":
      if (!award) throw new Error(`trip ${row.id} is assigned to nobody`);
      return { ...facts, status: "ASSIGNED", award };
    case "IN_PROGRESS": {
      const unitId = award?.unitId;
      if (!award || unitId === undefined) throw new Error(`trip ${row.id} is in progress without a unit`);
      return { ...facts, status: "IN_PROGRESS", award: { ...award, unitId }, ...(pickedUpAt && { pickedUpAt }) };
    }
    case "COMPLETED":
      return {
        ...facts,
        status: "COMPLETED",
        ...(award && { award }),
        ...(pickedUpAt && { pickedUpAt }),
        ...(completedAt && { completedAt }),
      };
    case "CANCELLED":
      return {
        ...facts,
        status: "CANCELLED",
        reason: row.cancellation_reason ?? "",
        ...(award && { award }),
        ...(pickedUpAt && { pickedUpAt }),
        ...(cancelledAt && { cancelledAt }),
      };
  }
}

function milestoneFromRow(row: MilestoneRow): Milestone {
  return {
    type: row.type,
    occurredAt: new Date(row.occur_time),
    recordedAt: new Date(row.record_time),
    recordedBy: row.recorded_by_user_id,
    reporter: row.reporter,
    ...(row.unit_id !== null && { unitId: row.unit_id }),
    isLateEntry: row.late_entry,
  };
}

/** The columns of `trip` that a change may alter. What is fixed at the creation is not among them. */
export function changingColumns(trip: Trip): {
  readonly status: TransportStatus;
  readonly assignedAgencyId: string | null;
  readonly assignedUnitId: string | null;
  readonly acceptedAttemptId: string | null;
  readonly acceptTime: Date | null;
  readonly pickupTime: Date | null;
  readonly completionTime: Date | null;
  readonly cancelTime: Date | null;
  readonly cancellationReason: string | null;
  readonly version: number;
  readonly updatedAt: Date;
} {
  const award = trip.status === "PENDING" ? undefined : trip.award;
  const isCancelled = trip.status === "CANCELLED";
  return {
    status: trip.status,
    assignedAgencyId: award?.agencyId ?? null,
    assignedUnitId: award?.unitId ?? null,
    acceptedAttemptId: award?.attemptId ?? null,
    acceptTime: award?.acceptedAt ?? null,
    pickupTime: trip.status === "PENDING" || trip.status === "ASSIGNED" ? null : (trip.pickedUpAt ?? null),
    completionTime: trip.status === "COMPLETED" ? (trip.completedAt ?? null) : null,
    cancelTime: isCancelled ? (trip.cancelledAt ?? null) : null,
    cancellationReason: isCancelled ? trip.reason : null,
    version: trip.version,
    updatedAt: trip.updatedAt,
  };
}

function factsFromRow(row: TripRow): TripFacts {
  return {
    id: row.id,
    number: row.trip_number,
    hospitalId: row.hospital_id,
    patientId: row.patient_id,
    origin: placeFromRow(row.origin),
    destination: placeFromRow(row.destination),
    level: row.transport_level,
    priority: row.priority,
    awardPolicy: row.award_policy,
    specialRequirements: row.special_requirements,
    requestedAt: dateFromRow(row.request_time),
    createdBy: row.created_by_user_id,
    createdAt: dateFromRow(row.created_at),
    updatedAt: dateFromRow(row.updated_at),
    version: row.version,
    materialVersion: row.material_version,
    milestones: row.milestones.map(milestoneFromRow),
  };
}

function awardFromRow(row: TripRow): Award | undefined {
  if (row.assigned_agency_id === null) return undefined;
  const acceptedAt = optionalDate(row.accept_time);
  return {
    agencyId: row.assigned_agency_id,
    ...(row.assigned_unit_id !== null && { unitId: row.assigned_unit_id }),
    ...(row.accepted_attempt_id !== null && { attemptId: row.accepted_attempt_id }),
    ...(acceptedAt && { acceptedAt }),
  };
}

/** Reads a facility as a trip knows it. */
export function placeFromRow({ id, hospital_id: hospitalId, latitude, longitude, ...row }: PlaceRow): Place {
  const coordinates = latitude !== null && longitude !== null ? { latitude, longitude } : undefined;
  const { name, city, state, county } = row;
  return { facilityId: id, hospitalId, name, city, state, county, ...(coordinates && { coordinates }) };
}

function optionalDate(text: string | null): Date | undefined {
  return text === null ? undefined : dateFromRow(text);
}
