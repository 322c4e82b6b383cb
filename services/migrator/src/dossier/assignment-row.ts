import { attemptIdOf } from "../target/imported-ids.ts";
import type { TargetTables } from "../target/target-tables.ts";
import type { DossierTrip } from "./dossier.ts";
import type { TripCourse } from "./trip-course.ts";

/** The trip's first version is the one at which its agency has it. */
const importedVersion = 1;

/** What of the award of an open trip stands in Hospital: the attempt that won it. */
export function claimRow(
  trip: DossierTrip,
  { agencyId, accepted, acceptTime }: TripCourse,
): TargetTables["hospital.trip_claim"] {
  return {
    agency_id: agencyId,
    attempt_id: attemptIdOf(trip.id),
    bid_id: accepted?.id ?? null,
    created_at: acceptTime ?? trip.requestTimestamp,
    outcome: "WON",
    reason: null,
    request_hash: null,
    trip_id: trip.id,
    trip_version: importedVersion,
  };
}

/**
 * What of the award of an open trip stands in EMS. An agency that took a trip without having bid has no bid here either
 * (R-BID): the assignment's source is DIRECT by having none.
 * @param agencyId the trip's, which is there while it is underway.
 */
export function assignmentRow(
  trip: DossierTrip,
  agencyId: string,
  { course, importedAt }: { readonly course: TripCourse; readonly importedAt: Date },
): TargetTables["ems.assignment"] {
  const { unit, accepted } = course;
  const acceptedAt = course.acceptTime ?? trip.requestTimestamp;
  return {
    agency_id: agencyId,
    attempt_id: attemptIdOf(trip.id),
    bid_id: accepted?.id ?? null,
    check_at: null,
    check_count: 0,
    created_at: acceptedAt,
    idempotency_key: null,
    imported_at: importedAt,
    override_reason: null,
    previous_unit_id: null,
    previous_unit_type: null,
    release_reason: null,
    request_hash: null,
    requested_by_user_id: course.createdByUserId,
    seen_material_version: 1,
    state: "CONFIRMED",
    trip_id: trip.id,
    trip_version: importedVersion,
    unit_id: unit?.id ?? null,
    unit_state: unit ? "CONFIRMED" : null,
    unit_type: unit?.type ?? null,
    updated_at: acceptedAt,
  };
}
