import { allButNative, asJson, type ComparedColumn, type Comparison, privately } from "../comparison.ts";

const imported = "(select imported_at from v_option)";
const moved = "v_trip t left join v_attempt x on x.trip_id = t.id where t.bad is null";
const underway = `v_trip t join v_attempt x on x.trip_id = t.id left join v_kept k on k.trip_id = t.id where t.bad is null`;

/** The minutes of a promise, as they are by default. */
function minutes(urgent: number, high: number, medium: number, low: number): string {
  return `case t.priority when 'URGENT' then ${urgent} when 'HIGH' then ${high} when 'MEDIUM' then ${medium} else ${low} end`;
}
const assignMinutes = minutes(10, 20, 30, 60);
const pickupMinutes = minutes(60, 120, 240, 480);

const isClosed = "t.status in ('COMPLETED', 'CANCELLED')";
/** Trips that are under way have one (v_attempt). */
const attempt = "x.attempt_id";
const closedAt = `case when ${isClosed} then coalesce(t.completion_time, t.pickup_time, t.accept_time, t.request_time) end`;

/** What a trip and its line of history have in common. */
const courseColumns: Readonly<Record<string, ComparedColumn>> = {
  ...{
    accept_time: "t.accept_time",
    pickup_time: "t.pickup_time",
    completion_time: "t.completion_time",
    cancel_time: "null",
  },
  ...{ accepted_attempt_id: attempt, assigned_unit_type: "t.unit_type", award_policy: "'MANUAL'" },
  ...{ bidding_close_time: "null", consent_due_time: "null", disposition: "null", release_reason: "null" },
  ...{ pickup_window_start: "null", pickup_window_end: "null", material_version: "1", version: "1" },
  ...{ origin_facility_id: "t.origin_id", destination_facility_id: "t.destination_id" },
  ...{ priority: "t.priority", transport_level: "t.level" },
  sla_pauses: asJson("'[]'::jsonb"),
  turn: "case when t.agency_id is null then 0 else 1 end",
  special_requirements: privately("t.special_requirements"),
  cancellation_reason: privately("t.cancellation_reason"),
};

/** Trips and what Hospital keeps with them. */
export const tripComparisons: readonly Comparison[] = [
  {
    table: "hospital.trip",
    silo: "hospital",
    key: { expected: "t.id", actual: "a.id" },
    columns: {
      ...courseColumns,
      ...{
        trip_number: "pg_temp.trip_number(t.id)",
        status: "t.status",
        hospital_id: "t.hospital_id",
        created_by_user_id: "t.created_by",
      },
      ...{ assigned_agency_id: "t.agency_id", assigned_unit_id: "t.unit_id", closed_at: closedAt },
      ...{
        request_time: "t.request_time",
        created_at: "t.created_at",
        updated_at: "t.updated_at",
        imported_at: imported,
      },
      ...{ sla_assign_minutes: assignMinutes, sla_pickup_minutes: pickupMinutes, sla_tolerance_minutes: "15" },
      patient_id: privately("t.patient_id"),
    },
    expected: moved,
    actual: "trip a where imported_at is not null",
  },
  {
    table: "hospital.trip_history",
    silo: "hospital",
    key: { expected: "t.id || ' 1'", actual: "a.trip_id || ' ' || a.version" },
    columns: {
      ...courseColumns,
      ...{
        change: "'imported'",
        changed_fields: "'{}'::text[]",
        from_status: "null",
        to_status: "t.status",
        user_id: "''",
      },
      ...{
        agency_id: "t.agency_id",
        unit_id: "t.unit_id",
        milestone: "null",
        occur_time: "t.updated_at",
        recorded_at: imported,
      },
      comment: privately("null"),
    },
    expected: moved,
    actual: allButNative("trip_history", "trip", "a.trip_id"),
  },
  {
    table: "hospital.trip_milestone",
    silo: "hospital",
    key: { expected: "t.id", actual: "a.trip_id || ' ' || a.version" },
    columns: {},
    expected: "v_trip t where false",
    actual: allButNative("trip_milestone", "trip", "a.trip_id"),
  },
  {
    table: "hospital.trip_claim",
    silo: "hospital",
    key: { expected: attempt, actual: "a.attempt_id::text" },
    columns: {
      ...{
        trip_id: "t.id",
        agency_id: "t.agency_id",
        bid_id: "k.bid_id",
        created_at: "coalesce(t.accept_time, t.request_time)",
      },
      ...{ outcome: "'WON'", reason: "null", request_hash: "null", trip_version: "1" },
    },
    expected: underway,
    actual: allButNative("trip_claim", "trip", "a.trip_id"),
  },
  {
    table: "ems.assignment",
    silo: "ems",
    key: { expected: attempt, actual: "a.attempt_id::text" },
    columns: {
      ...{ trip_id: "t.id", agency_id: "t.agency_id", bid_id: "k.bid_id", state: "'CONFIRMED'", trip_version: "1" },
      ...{
        unit_id: "t.unit_id",
        unit_type: "t.unit_type",
        unit_state: "case when t.unit_id is not null then 'CONFIRMED' end",
      },
      ...{
        created_at: "coalesce(t.accept_time, t.request_time)",
        updated_at: "coalesce(t.accept_time, t.request_time)",
      },
      ...{ requested_by_user_id: "t.created_by", seen_material_version: "1", check_at: "null", check_count: "0" },
      ...{ idempotency_key: "null", override_reason: "null", previous_unit_id: "null", previous_unit_type: "null" },
      ...{ release_reason: "null", request_hash: "null", imported_at: imported },
    },
    expected: underway,
    actual: allButNative("assignment", "trip", "a.trip_id"),
  },
  {
    table: "ems.bid",
    silo: "ems",
    key: { expected: "b.id", actual: "a.id" },
    columns: {
      ...{
        trip_id: "b.trip_id",
        agency_id: "b.agency_id",
        status: "b.status",
        end_reason: "b.end_reason",
        amount: "b.amount",
      },
      ...{
        estimated_arrival: "b.estimated_arrival",
        estimated_pickup: "b.estimated_pickup",
        submitted_at: "b.submitted_at",
      },
      ...{ updated_at: "b.updated_at", submitted_by_user_id: "b.user_id", source: "'SUBMITTED'", unit_id: "null" },
      ...{ seen_material_version: "1", version: "1", imported_at: imported },
      notes: privately("b.notes"),
      override_reason: privately("null"),
    },
    expected: "v_bid b where b.bad is null",
    actual: "bid a where imported_at is not null",
  },
];

const tripWithPlaces =
  "v_trip t left join v_attempt x on x.trip_id = t.id join v_facility o on o.id = t.origin_id join v_facility d on d.id = t.destination_id where t.bad is null";
const hasLeft = "(t.status in ('IN_PROGRESS', 'COMPLETED') or t.pickup_time is not null)";

/** How a promise stood when the trip was changed last in the old product: nobody knows when a trip was cancelled. */
function promise(happened: string, at: string, dueMinutes: string): string {
  const due = `t.request_time + make_interval(mins => ${dueMinutes})`;
  return `case when ${happened} then case when ${at} <= ${due} then 'MET' when ${at} > ${due} then 'MISSED' end
               when t.status = 'CANCELLED' then null when t.updated_at > ${due} then 'MISSED' else 'RUNNING' end`;
}

/** The copies of trips that the other silos have. */
export const tripCopyComparisons: readonly Comparison[] = [
  {
    table: "ems.trip_copy",
    silo: "ems",
    key: { expected: "t.id", actual: "a.id" },
    columns: {
      ...{
        trip_number: "pg_temp.trip_number(t.id)",
        status: "t.status",
        hospital_id: "t.hospital_id",
        version: "1",
        material_version: "1",
      },
      ...{
        assigned_agency_id: "t.agency_id",
        assigned_unit_id: "t.unit_id",
        accepted_attempt_id: attempt,
        award_policy: "'MANUAL'",
      },
      ...{
        request_time: "t.request_time",
        accept_time: "t.accept_time",
        pickup_time: "t.pickup_time",
        cancel_time: "null",
      },
      completion_time: "case when t.status = 'COMPLETED' then t.completion_time end",
      ...{
        bidding_close_time: "null",
        bidding_closed_for: "null",
        pickup_window_start: "null",
        pickup_window_end: "null",
      },
      ...{ priority: "t.priority", transport_level: "t.level", release_reason: "null", receive_time: imported },
      ...{ urgency: "array_position(array['LOW', 'MEDIUM', 'HIGH', 'URGENT'], t.priority)" },
      ...{ origin: asJson("o.told"), destination: asJson("d.told"), origin_county: "lower(pg_temp.trimmed(o.county))" },
    },
    expected: tripWithPlaces,
    actual: allButNative("trip_copy", "trip"),
  },
  {
    table: "ems.available_trip_change",
    silo: "ems",
    key: { expected: "t.id", actual: "a.trip_id" },
    columns: {
      ...{
        change: "'imported'",
        county: "lower(pg_temp.trimmed(o.county))",
        is_open: "true",
        level: "t.level",
        priority: "t.priority",
      },
      ...{ recorded_at: imported, trip_version: "1" },
      open_before: asJson("null::jsonb"),
      trip: { expected: "true", actual: "length(a.trip) > 0" },
    },
    expected: `${tripWithPlaces} and t.status = 'PENDING'`,
    // Boards were told of trips that were taken off them and moved anew.
    actual: `${allButNative("available_trip_change", "trip", "a.trip_id")} and (a.is_open or a.change <> 'removed')`,
  },
  {
    table: "center.trip_fact",
    silo: "center",
    key: { expected: "t.id", actual: "a.trip_id" },
    columns: {
      ...{
        status: "t.status",
        hospital_id: "t.hospital_id",
        agency_id: "t.agency_id",
        unit_id: "t.unit_id",
        origin_county: "o.county",
      },
      ...{ priority: "t.priority", transport_level: "t.level", version: "1", heard_at: imported },
      ...{
        requested_at: "t.request_time",
        accepted_at: "t.accept_time",
        picked_up_at: "t.pickup_time",
        cancelled_at: "null",
      },
      completed_at: "case when t.status = 'COMPLETED' then t.completion_time end",
      ...{ sla_start: "t.request_time", paused_since: "null", window_start: "null", window_end: "null" },
      assign_due_at: `t.request_time + make_interval(mins => ${assignMinutes})`,
      pickup_due_at: `t.request_time + make_interval(mins => ${pickupMinutes})`,
      assign_state: promise(
        `(t.agency_id is not null or t.accept_time is not null or ${hasLeft})`,
        "t.accept_time",
        assignMinutes,
      ),
      pickup_state: promise(hasLeft, "t.pickup_time", pickupMinutes),
    },
    expected: tripWithPlaces,
    actual: allButNative("trip_fact", "trip", "a.trip_id"),
  },
];
