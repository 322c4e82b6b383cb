/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * The silos' tables that are filled from the old database, each with its columns as PostgreSQL names them. The order of the
 * columns is the order in which they are copied. Generated columns are left out.
 */
export interface TargetTables {
  "hospital.facility": {
    readonly active: boolean;
    readonly address: string;
    readonly capabilities: readonly string[];
    readonly city: string;
    readonly county: string;
    readonly created_at: Date;
    readonly email: string | null;
    readonly hospital_id: string;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly latitude: number | null;
    readonly longitude: number | null;
    readonly name: string;
    readonly operating_hours: string | null;
    readonly phone: string | null;
    readonly state: string;
    readonly type: string;
    readonly updated_at: Date;
    readonly version: number;
    readonly zip_code: string;
  };
  "hospital.trip": {
    readonly accept_time: Date | null;
    readonly accepted_attempt_id: string | null;
    readonly assigned_agency_id: string | null;
    readonly assigned_unit_id: string | null;
    readonly assigned_unit_type: string | null;
    readonly award_policy: string;
    readonly bidding_close_time: Date | null;
    readonly cancel_time: Date | null;
    readonly cancellation_reason: string | null;
    readonly closed_at: Date | null;
    readonly completion_time: Date | null;
    readonly consent_due_time: Date | null;
    readonly created_at: Date;
    readonly created_by_user_id: string;
    readonly destination_facility_id: string;
    readonly disposition: string | null;
    readonly hospital_id: string;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly material_version: number;
    readonly origin_facility_id: string;
    readonly patient_id: string;
    readonly pickup_time: Date | null;
    readonly pickup_window_end: Date | null;
    readonly pickup_window_start: Date | null;
    readonly priority: string;
    readonly release_reason: string | null;
    readonly request_time: Date;
    readonly sla_assign_minutes: number;
    readonly sla_pauses: Json;
    readonly sla_pickup_minutes: number;
    readonly sla_tolerance_minutes: number;
    readonly special_requirements: string;
    readonly status: string;
    readonly transport_level: string;
    readonly trip_number: string;
    readonly turn: number;
    readonly updated_at: Date;
    readonly version: number;
  };
  "hospital.trip_claim": {
    readonly agency_id: string | null;
    readonly attempt_id: string;
    readonly bid_id: string | null;
    readonly created_at: Date;
    readonly outcome: string;
    readonly reason: string | null;
    readonly request_hash: Uint8Array | null;
    readonly trip_id: string;
    readonly trip_version: number | null;
  };
  "hospital.agency_preference": {
    readonly active: boolean;
    readonly agency_id: string;
    readonly created_at: Date;
    readonly hospital_id: string;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly notes: string;
    readonly preference_order: number;
    readonly updated_at: Date;
  };
  "hospital.preference_list": {
    readonly hospital_id: string;
    readonly version: number;
  };
  "hospital.hospital": {
    readonly active: boolean;
    readonly address: string;
    readonly city: string;
    readonly created_at: Date;
    readonly email: string;
    readonly id: string;
    readonly name: string;
    readonly phone: string;
    readonly state: string;
    readonly updated_at: Date;
    readonly version: number;
    readonly zip_code: string;
  };
  "hospital.hospital_user": {
    readonly active: boolean;
    readonly created_at: Date;
    readonly email: string;
    readonly hospital_id: string;
    readonly id: string;
    readonly name: string;
    readonly updated_at: Date;
    readonly version: number;
  };
  "hospital.agency": {
    readonly active: boolean;
    readonly id: string;
    readonly message: Uint8Array;
    readonly name: string;
    readonly service_area: readonly string[];
    readonly status: string;
    readonly told_at: Date;
    readonly version: number;
  };
  "hospital.trip_history": {
    readonly accept_time: Date | null;
    readonly accepted_attempt_id: string | null;
    readonly agency_id: string | null;
    readonly assigned_unit_type: string | null;
    readonly award_policy: string;
    readonly bidding_close_time: Date | null;
    readonly cancel_time: Date | null;
    readonly cancellation_reason: string | null;
    readonly change: string;
    readonly changed_fields: readonly string[];
    readonly comment: string | null;
    readonly completion_time: Date | null;
    readonly consent_due_time: Date | null;
    readonly destination_facility_id: string;
    readonly disposition: string | null;
    readonly from_status: string | null;
    readonly material_version: number;
    readonly milestone: string | null;
    readonly occur_time: Date;
    readonly origin_facility_id: string;
    readonly pickup_time: Date | null;
    readonly pickup_window_end: Date | null;
    readonly pickup_window_start: Date | null;
    readonly priority: string;
    readonly recorded_at: Date;
    readonly release_reason: string | null;
    readonly sla_pauses: Json;
    readonly special_requirements: string;
    readonly to_status: string;
    readonly transport_level: string;
    readonly trip_id: string;
    readonly turn: number;
    readonly unit_id: string | null;
    readonly user_id: string;
    readonly version: number;
  };
  "ems.agency": {
    readonly added_at: Date;
    readonly added_by: string | null;
    readonly address: string;
    readonly capabilities: readonly string[];
    readonly city: string;
    readonly contact_name: string;
    readonly created_at: Date;
    readonly email: string;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly is_active: boolean;
    readonly name: string;
    readonly operating_hours: string;
    readonly phone: string;
    readonly pricing_structure: Json | null;
    readonly registration_hash: Uint8Array | null;
    readonly service_area: readonly string[];
    readonly state: string;
    readonly status: string;
    readonly updated_at: Date;
    readonly version: number;
    readonly zip_code: string;
  };
  "ems.unit": {
    readonly agency_id: string;
    readonly capabilities: readonly string[];
    readonly created_at: Date;
    readonly current_location: Json | null;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly is_active: boolean;
    readonly shift_end: Date | null;
    readonly shift_start: Date | null;
    readonly status: string;
    readonly status_reason: string | null;
    readonly type: string;
    readonly unit_number: string;
    readonly updated_at: Date;
    readonly version: number;
  };
  "ems.unit_availability": {
    readonly created_at: Date;
    readonly end_time: Date | null;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly notes: string | null;
    readonly start_time: Date;
    readonly status: string;
    readonly unit_id: string;
    readonly updated_at: Date;
  };
  "ems.bid": {
    readonly agency_id: string;
    readonly amount: string | null;
    readonly end_reason: string | null;
    readonly estimated_arrival: Date | null;
    readonly estimated_pickup: Date | null;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly notes: string;
    readonly override_reason: string | null;
    readonly seen_material_version: number;
    readonly source: string;
    readonly status: string;
    readonly submitted_at: Date;
    readonly submitted_by_user_id: string;
    readonly trip_id: string;
    readonly unit_id: string | null;
    readonly updated_at: Date;
    readonly version: number;
  };
  "ems.assignment": {
    readonly agency_id: string;
    readonly attempt_id: string;
    readonly bid_id: string | null;
    readonly check_at: Date | null;
    readonly check_count: number;
    readonly created_at: Date;
    readonly idempotency_key: string | null;
    readonly imported_at: Date | null;
    readonly override_reason: string | null;
    readonly previous_unit_id: string | null;
    readonly previous_unit_type: string | null;
    readonly release_reason: string | null;
    readonly request_hash: Uint8Array | null;
    readonly requested_by_user_id: string;
    readonly seen_material_version: number;
    readonly state: string;
    readonly trip_id: string;
    readonly trip_version: number | null;
    readonly unit_id: string | null;
    readonly unit_state: string | null;
    readonly unit_type: string | null;
    readonly updated_at: Date;
  };
  "ems.route": {
    readonly agency_id: string;
    readonly created_at: Date;
    readonly distance_miles: string | null;
    readonly estimated_minutes: number | null;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly route_name: string;
    readonly route_type: string;
    readonly status: string;
    readonly updated_at: Date;
    readonly version: number;
    readonly waypoints: Json;
  };
  "ems.trip_copy": {
    readonly accept_time: Date | null;
    readonly accepted_attempt_id: string | null;
    readonly assigned_agency_id: string | null;
    readonly assigned_unit_id: string | null;
    readonly award_policy: string;
    readonly bidding_close_time: Date | null;
    readonly bidding_closed_for: Date | null;
    readonly cancel_time: Date | null;
    readonly completion_time: Date | null;
    readonly destination: Json;
    readonly hospital_id: string;
    readonly id: string;
    readonly material_version: number;
    readonly origin: Json;
    readonly origin_county: string;
    readonly pickup_time: Date | null;
    readonly pickup_window_end: Date | null;
    readonly pickup_window_start: Date | null;
    readonly priority: string;
    readonly receive_time: Date;
    readonly release_reason: string | null;
    readonly request_time: Date;
    readonly status: string;
    readonly transport_level: string;
    readonly trip_number: string;
    readonly urgency: number;
    readonly version: number;
  };
  "ems.agency_user": {
    readonly agency_id: string;
    readonly created_at: Date;
    readonly email: string;
    readonly id: string;
    readonly is_active: boolean;
    readonly name: string;
    readonly updated_at: Date;
    readonly version: number;
  };
  "ems.hospital_preference": {
    readonly agency_ids: readonly string[];
    readonly hospital_id: string;
    readonly version: number;
  };
  "center.hospital": {
    readonly address: string;
    readonly city: string;
    readonly created_at: Date;
    readonly email: string | null;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly is_active: boolean;
    readonly name: string;
    readonly phone: string | null;
    readonly state: string;
    readonly updated_at: Date;
    readonly version: number;
    readonly zip_code: string;
  };
  "center.user_account": {
    readonly agency_id: string | null;
    readonly created_at: Date;
    readonly email: string;
    readonly hospital_id: string | null;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly is_active: boolean;
    readonly must_change_password: boolean;
    readonly name: string;
    readonly password_hash: string;
    readonly roles: readonly string[];
    readonly tokens_valid_from: Date | null;
    readonly updated_at: Date;
    readonly user_type: string;
    readonly version: number;
  };
  "center.agency": {
    readonly added_at: Date;
    readonly added_by: string | null;
    readonly address: string;
    readonly capabilities: readonly string[];
    readonly city: string;
    readonly contact_name: string;
    readonly created_at: Date;
    readonly email: string;
    readonly heard_at: Date;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly is_active: boolean;
    readonly name: string;
    readonly operating_hours: string;
    readonly phone: string;
    readonly pricing_structure: Json | null;
    readonly service_area: readonly string[];
    readonly state: string;
    readonly status: string;
    readonly updated_at: Date;
    readonly version: number;
    readonly zip_code: string;
  };
  "center.service_registry": {
    readonly added_at: Date;
    readonly added_by: string | null;
    readonly address: string | null;
    readonly configuration: Json | null;
    readonly created_at: Date;
    readonly id: string;
    readonly imported_at: Date | null;
    readonly last_heartbeat_at: Date | null;
    readonly metadata: Json | null;
    readonly service_name: string;
    readonly service_type: string;
    readonly status: string;
    readonly updated_at: Date;
    readonly version: number;
  };
  "center.database_reference": {
    readonly created_at: Date;
    readonly entity_id: string;
    readonly entity_type: string;
    readonly id: string;
    readonly reference_id: string;
    readonly reference_type: string;
    readonly source_database: string;
    readonly target_database: string;
    readonly updated_at: Date;
  };
  "center.trip_fact": {
    readonly accepted_at: Date | null;
    readonly agency_id: string | null;
    readonly assign_due_at: Date | null;
    readonly assign_state: string | null;
    readonly cancelled_at: Date | null;
    readonly completed_at: Date | null;
    readonly heard_at: Date;
    readonly hospital_id: string;
    readonly origin_county: string;
    readonly paused_since: Date | null;
    readonly picked_up_at: Date | null;
    readonly pickup_due_at: Date | null;
    readonly pickup_state: string | null;
    readonly priority: string;
    readonly requested_at: Date;
    readonly sla_start: Date | null;
    readonly status: string;
    readonly transport_level: string;
    readonly trip_id: string;
    readonly unit_id: string | null;
    readonly version: number;
    readonly window_end: Date | null;
    readonly window_start: Date | null;
  };
  /** What running instances of EMS tell their live boards; written for trips that wait. Its key is given by the table. */
  "ems.available_trip_change": {
    readonly change: string;
    readonly county: string;
    readonly is_open: boolean;
    readonly level: string;
    readonly open_before: Json | null;
    readonly priority: string;
    readonly recorded_at: Date;
    readonly trip: Uint8Array;
    readonly trip_id: string;
    readonly trip_version: number;
  };
  "hospital.outbox_event": OutboxEventRow;
  "ems.outbox_event": OutboxEventRow;
  "center.outbox_event": OutboxEventRow;
  "hospital.inbox_cursor": InboxCursorRow;
  "ems.inbox_cursor": InboxCursorRow;
  "center.inbox_cursor": InboxCursorRow;
}

/** An event, with what the table does not give by itself. Unique: event_id; and aggregate_type, aggregate_id, aggregate_ver. */
export interface OutboxEventRow {
  readonly aggregate_id: string;
  readonly aggregate_type: string;
  readonly aggregate_ver: number;
  readonly event_id: string;
  readonly event_type: string;
  readonly headers: Json;
  readonly occurred_at: Date;
  readonly payload: Uint8Array;
  /** infinity: held back until the cut-over. */
  readonly published_at: Date | "infinity" | null;
  readonly stream_epoch: string | null;
  readonly subject: string;
}

/** How far a subscriber is with a record. Its key: consumer, aggregate_type, aggregate_id. */
export interface InboxCursorRow {
  readonly aggregate_id: string;
  readonly aggregate_type: string;
  readonly blocked: boolean;
  readonly consumer: string;
  readonly last_ver: number;
}

/** Such as hospital.trip. */
export type TargetTable = keyof TargetTables;

/** A row to be there after the move. */
export type TargetRow = {
  [Table in TargetTable]: { readonly table: Table; readonly row: TargetTables[Table] };
}[TargetTable];
