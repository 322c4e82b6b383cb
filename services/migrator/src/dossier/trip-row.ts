import { type SystemSettings, systemSettingsFrom } from "#platform/system-settings.ts";
import { patientIdFrom } from "../rules/patient-id.ts";
import { attemptIdOf, tripNumberOf } from "../target/imported-ids.ts";
import type { TargetTables } from "../target/target-tables.ts";
import { type DossierTrip, isUnderway, nothingFound, type Ruled } from "./dossier.ts";
import type { TripCourse } from "./trip-course.ts";
import { closedAtOf } from "./trip-status.ts";

/** What is promised about imported trips: as about new ones while nobody has set anything else. */
const terms: SystemSettings = systemSettingsFrom([]);

/** The row of a trip. The former system knew neither windows nor an end of bidding, and hospitals chose among bids. */
export function tripRow(trip: DossierTrip, course: TripCourse, importedAt: Date): Ruled<TargetTables["hospital.trip"]> {
  const { status, agencyId, unit } = course;
  const patient = patientIdFrom(trip.patientId, trip.id);
  return {
    findings: patient.issue === undefined ? nothingFound : [{ kind: patient.issue, rule: "R-PHI" }],
    value: {
      accept_time: course.acceptTime,
      accepted_attempt_id: isUnderway(status) ? attemptIdOf(trip.id) : null,
      assigned_agency_id: agencyId,
      assigned_unit_id: unit?.id ?? null,
      assigned_unit_type: unit?.type ?? null,
      award_policy: "MANUAL",
      bidding_close_time: null,
      cancel_time: null,
      cancellation_reason: course.cancellationReason,
      closed_at: closedAtOf(trip, status, course),
      completion_time: course.completionTime,
      consent_due_time: null,
      created_at: trip.createdAt,
      created_by_user_id: course.createdByUserId,
      destination_facility_id: trip.destinationFacilityId,
      disposition: null,
      hospital_id: course.hospitalId,
      id: trip.id,
      imported_at: importedAt,
      material_version: 1,
      origin_facility_id: trip.originFacilityId,
      patient_id: patient.value,
      pickup_time: course.pickupTime,
      pickup_window_end: null,
      pickup_window_start: null,
      priority: trip.priority,
      release_reason: null,
      request_time: trip.requestTimestamp,
      sla_assign_minutes: terms.slaAssignMinutes[trip.priority],
      sla_pauses: [],
      sla_pickup_minutes: terms.slaPickupMinutes[trip.priority],
      sla_tolerance_minutes: terms.slaWindowToleranceMinutes,
      special_requirements: trip.specialRequirements ?? "",
      status,
      transport_level: trip.transportLevel,
      trip_number: tripNumberOf(trip.id),
      turn: agencyId === null ? 0 : 1,
      updated_at: trip.updatedAt,
      version: 1,
    },
  };
}
