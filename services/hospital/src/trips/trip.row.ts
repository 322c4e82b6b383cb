import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { Milestone, MilestoneType } from "./milestone.ts";
import type { UserType } from "#platform/auth/principal.ts";
import type { SlaPause, SlaPauseReason } from "./sla.ts";
import type {
  AwardPolicy,
  Disposition,
  Priority,
  ReleaseReason,
  TimeWindow,
  TransportLevel,
  UnitType,
} from "./transport.ts";
import {
  acceptedAtOf,
  type Award,
  awardOf,
  pickedUpAtOf,
  type Place,
  type TransportStatus,
  type Trip,
  type TripFacts,
  type TripId,
} from "./trip.ts";

/** A time of a row: text in UTC as the database answers it, or a date where a program makes the row. */
type Time = string | Date;

/** A trip with its two facilities as a plain row, the way hot reads fetch it. */
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
  readonly pickup_window_start: Time | null;
  readonly pickup_window_end: Time | null;
  readonly cancellation_reason: string | null;
  readonly disposition: Disposition | null;
  readonly request_time: Time;
  readonly accept_time: Time | null;
  readonly pickup_time: Time | null;
  readonly completion_time: Time | null;
  readonly cancel_time: Time | null;
  readonly assigned_agency_id: string | null;
  readonly assigned_unit_id: string | null;
  readonly assigned_unit_type: UnitType | null;
  readonly accepted_attempt_id: string | null;
  readonly bidding_close_time: Time | null;
  readonly consent_due_time: Time | null;
  readonly release_reason: ReleaseReason | null;
  readonly sla_assign_minutes: number;
  readonly sla_pickup_minutes: number;
  readonly sla_tolerance_minutes: number;
  readonly sla_pauses: readonly SlaPauseRow[];
  readonly created_by_user_id: string;
  readonly version: number;
  readonly material_version: number;
  readonly turn: number;
  readonly created_at: Time;
  readonly updated_at: Time;
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
  readonly turn: number;
}

/** A pause of a trip's clocks as JSON, whose times are in the form of ISO 8601. */
export interface SlaPauseRow {
  readonly reason: SlaPauseReason;
  readonly start: string;
  readonly started_by: string;
  /** Both absent while it lasts. */
  readonly end?: string;
  readonly ended_by?: string;
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
  const consentDueAt = optionalDate(row.consent_due_time);
  const acceptedAt = award ? undefined : optionalDate(row.accept_time);
  switch (row.status) {
    case "PENDING":
      return { ...facts, status: "PENDING" };
    case "ASSIGNED":
      if (!award) throw new Error(`trip ${row.id} is assigned to nobody`);
      return { ...facts, status: "ASSIGNED", award, ...(consentDueAt && { consentDueAt }) };
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
        ...(acceptedAt && { acceptedAt }),
        ...(pickedUpAt && { pickedUpAt }),
        ...(completedAt && { completedAt }),
      };
    case "CANCELLED":
      return {
        ...facts,
        status: "CANCELLED",
        reason: row.cancellation_reason ?? "",
        ...(award && { award }),
        ...(acceptedAt && { acceptedAt }),
        ...(pickedUpAt && { pickedUpAt }),
        ...(cancelledAt && { cancelledAt }),
        ...(row.disposition && { disposition: row.disposition }),
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
    turn: row.turn,
    isLateEntry: row.late_entry,
  };
}

/** What a change of a trip may alter, as columns. What is fixed at the creation is not among them. */
export interface ChangingColumns {
  readonly originFacilityId: string;
  readonly destinationFacilityId: string;
  readonly transportLevel: TransportLevel;
  readonly priority: Priority;
  readonly awardPolicy: AwardPolicy;
  readonly specialRequirements: string;
  readonly pickupWindowStart: Date | null;
  readonly pickupWindowEnd: Date | null;
  readonly assignedUnitType: UnitType | null;
  readonly acceptedAttemptId: string | null;
  readonly acceptTime: Date | null;
  readonly pickupTime: Date | null;
  readonly completionTime: Date | null;
  readonly cancelTime: Date | null;
  readonly cancellationReason: string | null;
  readonly disposition: Disposition | null;
  readonly biddingCloseTime: Date | null;
  readonly consentDueTime: Date | null;
  readonly releaseReason: ReleaseReason | null;
  readonly slaPauses: readonly SlaPauseRow[];
  readonly materialVersion: number;
  readonly turn: number;
  readonly version: number;
}

/** The columns that a trip and its history have in common, under the same names. */
export function changingColumns(trip: Trip): ChangingColumns {
  const award = awardOf(trip);
  const cancelled = trip.status === "CANCELLED" ? trip : undefined;
  return {
    originFacilityId: trip.origin.facilityId,
    destinationFacilityId: trip.destination.facilityId,
    transportLevel: trip.level,
    priority: trip.priority,
    awardPolicy: trip.awardPolicy,
    specialRequirements: trip.specialRequirements,
    pickupWindowStart: trip.window?.start ?? null,
    pickupWindowEnd: trip.window?.end ?? null,
    assignedUnitType: award?.unitType ?? null,
    acceptedAttemptId: award?.attemptId ?? null,
    acceptTime: acceptedAtOf(trip) ?? null,
    pickupTime: pickedUpAtOf(trip) ?? null,
    completionTime: trip.status === "COMPLETED" ? (trip.completedAt ?? null) : null,
    cancelTime: cancelled?.cancelledAt ?? null,
    cancellationReason: cancelled?.reason ?? null,
    disposition: cancelled?.disposition ?? null,
    biddingCloseTime: trip.biddingClosesAt ?? null,
    consentDueTime: trip.status === "ASSIGNED" ? (trip.consentDueAt ?? null) : null,
    releaseReason: trip.releaseReason ?? null,
    slaPauses: trip.slaPauses.map(rowFromPause),
    materialVersion: trip.materialVersion,
    turn: trip.turn,
    version: trip.version,
  };
}

function rowFromPause({ reason, startedAt, startedBy, ended }: SlaPause): SlaPauseRow {
  return {
    reason,
    start: startedAt.toISOString(),
    started_by: startedBy,
    ...(ended && { end: ended.at.toISOString(), ended_by: ended.by }),
  };
}

function pauseFromRow({ reason, start, started_by: startedBy, end, ended_by: endedBy = "" }: SlaPauseRow): SlaPause {
  return {
    ...{ reason, startedBy, startedAt: new Date(start) },
    ...(end !== undefined && { ended: { at: new Date(end), by: endedBy } }),
  };
}

function factsFromRow(row: TripRow): TripFacts {
  const window = windowFromRow(row);
  const biddingClosesAt = optionalDate(row.bidding_close_time);
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
    ...(window && { window }),
    requestedAt: dateFrom(row.request_time),
    ...(biddingClosesAt && { biddingClosesAt }),
    slaTerms: {
      assignMinutes: row.sla_assign_minutes,
      pickupMinutes: row.sla_pickup_minutes,
      toleranceMinutes: row.sla_tolerance_minutes,
    },
    slaPauses: row.sla_pauses.map(pauseFromRow),
    ...(row.release_reason && { releaseReason: row.release_reason }),
    createdBy: row.created_by_user_id,
    createdAt: dateFrom(row.created_at),
    updatedAt: dateFrom(row.updated_at),
    version: row.version,
    materialVersion: row.material_version,
    turn: row.turn,
    milestones: row.milestones.map(milestoneFromRow),
  };
}

function awardFromRow(row: TripRow): Award | undefined {
  if (row.assigned_agency_id === null) return undefined;
  const acceptedAt = optionalDate(row.accept_time);
  return {
    agencyId: row.assigned_agency_id,
    ...(row.assigned_unit_id !== null && { unitId: row.assigned_unit_id }),
    ...(row.assigned_unit_type !== null && { unitType: row.assigned_unit_type }),
    ...(row.accepted_attempt_id !== null && { attemptId: row.accepted_attempt_id }),
    ...(acceptedAt && { acceptedAt }),
  };
}

function windowFromRow({ pickup_window_start: from, pickup_window_end: until }: TripRow): TimeWindow | undefined {
  return from !== null && until !== null ? { start: dateFrom(from), end: dateFrom(until) } : undefined;
}

/** Reads a facility as a trip knows it. */
export function placeFromRow({ id, hospital_id: hospitalId, latitude, longitude, ...row }: PlaceRow): Place {
  const coordinates = latitude !== null && longitude !== null ? { latitude, longitude } : undefined;
  const { name, city, state, county } = row;
  return { facilityId: id, hospitalId, name, city, state, county, ...(coordinates && { coordinates }) };
}

function optionalDate(time: Time | null): Date | undefined {
  return time === null ? undefined : dateFrom(time);
}

function dateFrom(time: Time): Date {
  return typeof time === "string" ? dateFromRow(time) : time;
}
