import { toBinary } from "@bufbuild/protobuf";
import { AvailableTripSchema } from "#gen/medport/ems/v1/bid_pb.ts";
import type { TripState } from "#gen/medport/events/v1/trip_events_pb.ts";
import { tripFactFromState } from "../../../center/src/analytics/trip-fact.message.ts";
import { shownTripFromRow } from "../../../ems/src/board/board-trip.row.ts";
import { urgencyOf } from "../../../ems/src/trip-copies/transport.ts";
import type { TripCopyRow } from "../../../ems/src/trip-copies/trip-copy.entity.ts";
import { tripFromState } from "../../../ems/src/trip-copies/trip-copy.message.ts";
import type { TripCopy } from "../../../ems/src/trip-copies/trip-copy.ts";
import { importedVersion } from "./imported-events.ts";
import type { ImportedTripRow } from "./imported-trip.ts";
import type { TargetTables } from "./target-tables.ts";

/**
 * The first line of an imported trip's history: what the trip was when it was taken over. As of any time before that there
 * was no such trip here.
 */
export function tripHistoryRow(row: ImportedTripRow, importedAt: Date): TargetTables["hospital.trip_history"] {
  return {
    accept_time: row.accept_time,
    accepted_attempt_id: row.accepted_attempt_id,
    agency_id: row.assigned_agency_id,
    assigned_unit_type: row.assigned_unit_type,
    award_policy: row.award_policy,
    bidding_close_time: row.bidding_close_time,
    cancel_time: row.cancel_time,
    cancellation_reason: row.cancellation_reason,
    change: "imported",
    changed_fields: [],
    comment: null,
    completion_time: row.completion_time,
    consent_due_time: row.consent_due_time,
    destination_facility_id: row.destination_facility_id,
    disposition: row.disposition,
    from_status: null,
    material_version: row.material_version,
    milestone: null,
    occur_time: row.updated_at,
    origin_facility_id: row.origin_facility_id,
    pickup_time: row.pickup_time,
    pickup_window_end: row.pickup_window_end,
    pickup_window_start: row.pickup_window_start,
    priority: row.priority,
    recorded_at: importedAt,
    release_reason: row.release_reason,
    sla_pauses: row.sla_pauses,
    special_requirements: row.special_requirements,
    to_status: row.status,
    transport_level: row.transport_level,
    trip_id: row.id,
    turn: row.turn,
    unit_id: row.assigned_unit_id,
    user_id: "",
    version: row.version,
  };
}

/** EMS's copy of a trip, as its consumer would have made it of the event. @throws Error if it would not have. */
export function tripCopyFrom(state: TripState, importedAt: Date): TripCopy {
  const copy = tripFromState(state, { version: importedVersion, receivedAt: importedAt });
  if (!copy) throw new Error(`EMS would not understand trip ${state.tripId}`);
  return copy;
}

/** The row of EMS's copy. */
export function tripCopyRow(copy: TripCopy): TargetTables["ems.trip_copy"] {
  return {
    accept_time: copy.acceptedAt ?? null,
    accepted_attempt_id: copy.acceptedAttemptId ?? null,
    assigned_agency_id: copy.assignedAgencyId ?? null,
    assigned_unit_id: copy.assignedUnitId ?? null,
    award_policy: copy.awardPolicy,
    bidding_close_time: copy.biddingClosesAt ?? null,
    bidding_closed_for: null,
    cancel_time: copy.cancelledAt ?? null,
    completion_time: copy.completedAt ?? null,
    destination: { ...copy.destination },
    hospital_id: copy.hospitalId,
    id: copy.id,
    material_version: copy.materialVersion,
    origin: { ...copy.origin },
    origin_county: copy.origin.county.trim().toLowerCase(),
    pickup_time: copy.pickedUpAt ?? null,
    pickup_window_end: copy.pickupWindow?.end ?? null,
    pickup_window_start: copy.pickupWindow?.start ?? null,
    priority: copy.priority,
    receive_time: copy.receivedAt,
    release_reason: copy.releaseReason ?? null,
    request_time: copy.requestedAt,
    status: copy.status,
    transport_level: copy.level,
    trip_number: copy.number,
    urgency: urgencyOf(copy.priority),
    version: copy.version,
  };
}

/** What EMS's live boards are told of a trip that waits. */
export function availableTripChangeRow(copy: TripCopy, importedAt: Date): TargetTables["ems.available_trip_change"] {
  const { id, version, isOpen, county, level, priority, message } = shownTripFromRow(copyColumns(copy));
  return {
    change: "imported",
    county,
    is_open: isOpen,
    level,
    open_before: null,
    priority,
    recorded_at: importedAt,
    trip: toBinary(AvailableTripSchema, message),
    trip_id: id,
    trip_version: version,
  };
}

function copyColumns(copy: TripCopy): TripCopyRow {
  return {
    id: copy.id,
    tripNumber: copy.number,
    hospitalId: copy.hospitalId,
    origin: copy.origin,
    destination: copy.destination,
    originCounty: copy.origin.county.trim().toLowerCase(),
    transportLevel: copy.level,
    priority: copy.priority,
    urgency: urgencyOf(copy.priority),
    status: copy.status,
    awardPolicy: copy.awardPolicy,
    requestTime: copy.requestedAt,
    acceptTime: copy.acceptedAt ?? null,
    pickupTime: copy.pickedUpAt ?? null,
    completionTime: copy.completedAt ?? null,
    cancelTime: copy.cancelledAt ?? null,
    assignedAgencyId: copy.assignedAgencyId ?? null,
    assignedUnitId: copy.assignedUnitId ?? null,
    acceptedAttemptId: copy.acceptedAttemptId ?? null,
    materialVersion: copy.materialVersion,
    biddingCloseTime: copy.biddingClosesAt ?? null,
    pickupWindowStart: copy.pickupWindow?.start ?? null,
    pickupWindowEnd: copy.pickupWindow?.end ?? null,
    releaseReason: copy.releaseReason ?? null,
    biddingClosedFor: null,
    version: copy.version,
    receiveTime: copy.receivedAt,
  };
}

/** What Center counts of a trip, as its consumer would have made it of the event. */
export function tripFactRow(state: TripState, importedAt: Date): TargetTables["center.trip_fact"] {
  const { clocks, window, ...fact } = tripFactFromState(state, importedVersion);
  return {
    accepted_at: fact.acceptTime ?? null,
    agency_id: fact.agencyId ?? null,
    assign_due_at: clocks?.assign.dueTime ?? null,
    assign_state: clocks?.assign.state ?? null,
    cancelled_at: fact.cancelTime ?? null,
    completed_at: fact.completionTime ?? null,
    heard_at: importedAt,
    hospital_id: fact.hospitalId,
    origin_county: fact.originCounty,
    paused_since: clocks?.pausedSince ?? null,
    picked_up_at: fact.pickupTime ?? null,
    pickup_due_at: clocks?.pickup.dueTime ?? null,
    pickup_state: clocks?.pickup.state ?? null,
    priority: fact.priority,
    requested_at: fact.requestTime,
    sla_start: clocks?.startTime ?? null,
    status: fact.status,
    transport_level: fact.transportLevel,
    trip_id: fact.tripId,
    unit_id: fact.unitId ?? null,
    version: fact.version,
    window_end: window?.end ?? null,
    window_start: window?.start ?? null,
  };
}
