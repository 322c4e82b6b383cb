import { Migration } from "@mikro-orm/migrations";

/** Trips: the whole state machine, and what each version of a trip was. */
export class Trips extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

/** What may change about a trip, and is new: on the trip as it is now, and on each version of it. */
const newState = `
  add column pickup_window_start timestamptz(3),
  add column pickup_window_end   timestamptz(3),
  add column assigned_unit_type  text,
  add column disposition         text,
  add column bidding_close_time  timestamptz(3),
  add column consent_due_time    timestamptz(3),
  add column release_reason      text,
  add column sla_pauses          jsonb not null default '[]',
  add column turn                int not null default 0`;

/** A change that begins a turn: an agency, or a unit, has taken the trip. */
const beginsTurn = "in ('accepted', 'unit_assigned')";

const newColumns: readonly string[] = [
  `alter table trip ${newState},
    add column sla_assign_minutes    int,
    add column sla_pickup_minutes    int,
    add column sla_tolerance_minutes int not null default 15,
    add column closed_at             timestamptz(3)`,
  // The order of the identity is that of the rows, and none of them was ever moved.
  `alter table trip_history ${newState},
    add column seq                     bigint generated always as identity,
    add column recorded_at             timestamptz(3),
    add column origin_facility_id      text,
    add column destination_facility_id text,
    add column transport_level         text,
    add column priority                text,
    add column award_policy            text,
    add column special_requirements    text,
    add column accept_time             timestamptz(3),
    add column pickup_time             timestamptz(3),
    add column completion_time         timestamptz(3),
    add column cancel_time             timestamptz(3),
    add column accepted_attempt_id     uuid,
    add column cancellation_reason     text,
    add column material_version        int,
    add column changed_fields          text[] not null default '{}'`,
  "alter table trip_milestone add column turn int not null default 0",
];

// Until now nothing that was asked for could change, and a trip never waited again: the trip tells what each of its
// versions was. The limits of the clocks were not configurable then.
const backfill: readonly string[] = [
  `update trip t set
    sla_assign_minutes = case priority when 'URGENT' then 10 when 'HIGH' then 20 when 'MEDIUM' then 30 else 60 end,
    sla_pickup_minutes = case priority when 'URGENT' then 60 when 'HIGH' then 120 when 'MEDIUM' then 240 else 480 end,
    turn = (select count(*) from trip_history h where h.trip_id = t.id and h.change ${beginsTurn}),
    closed_at = case when status in ('COMPLETED', 'CANCELLED') then coalesce(
      (select min(h.occur_time) from trip_history h where h.trip_id = t.id and h.to_status = t.status), updated_at) end`,
  `update trip_milestone m set turn = (
    select count(*) from trip_history h
     where h.trip_id = m.trip_id and h.version <= m.version and h.change ${beginsTurn})`,
  `update trip_history h set
    recorded_at = h.occur_time,
    turn = (select count(*) from trip_history e
             where e.trip_id = h.trip_id and e.version <= h.version and e.change ${beginsTurn}),
    origin_facility_id = t.origin_facility_id,
    destination_facility_id = t.destination_facility_id,
    transport_level = t.transport_level,
    priority = t.priority,
    award_policy = t.award_policy,
    special_requirements = t.special_requirements,
    material_version = t.material_version,
    accept_time = case when h.agency_id is not null then t.accept_time end,
    accepted_attempt_id = case when h.agency_id is not null then t.accepted_attempt_id end,
    pickup_time = case when h.to_status in ('IN_PROGRESS', 'COMPLETED') then t.pickup_time end,
    completion_time = case when h.to_status = 'COMPLETED' then t.completion_time end,
    cancel_time = case when h.to_status = 'CANCELLED' then t.cancel_time end,
    cancellation_reason = case when h.to_status = 'CANCELLED' then t.cancellation_reason end
    from trip t where t.id = h.trip_id`,
];

// What is written from now on says everything.
const demanded: readonly string[] = [
  `alter table trip
    alter column sla_assign_minutes set not null,
    alter column sla_pickup_minutes set not null,
    alter column sla_tolerance_minutes drop default,
    alter column sla_pauses drop default,
    alter column turn drop default`,
  `alter table trip_history
    alter column recorded_at set not null,
    alter column origin_facility_id set not null,
    alter column destination_facility_id set not null,
    alter column transport_level set not null,
    alter column priority set not null,
    alter column award_policy set not null,
    alter column special_requirements set not null,
    alter column material_version set not null,
    alter column sla_pauses drop default,
    alter column turn drop default,
    alter column changed_fields drop default`,
  "alter table trip_milestone alter column turn drop default",
];

const checks: readonly string[] = [
  `alter table trip
    drop constraint trip_award_policy_check,
    add constraint trip_award_policy_check check (
      award_policy in ('MANUAL', 'FIRST_ACCEPT', 'BEST_ETA', 'LOWEST_COST', 'PREFERENCE_THEN_ETA')
    ),
    drop constraint trip_assignment_check,
    add constraint trip_assignment_check check (
      (status not in ('ASSIGNED', 'IN_PROGRESS') or assigned_agency_id is not null)
      and (status <> 'IN_PROGRESS' or assigned_unit_id is not null)
      and (imported_at is not null or assigned_agency_id is not null
        or num_nonnulls(assigned_unit_id, accepted_attempt_id, accept_time) = 0)
      and (imported_at is not null or status <> 'COMPLETED' or num_nulls(assigned_agency_id, assigned_unit_id) = 0)
      and (assigned_unit_type is null or assigned_unit_id is not null)
    ),
    drop constraint trip_pending_check,
    add constraint trip_pending_check check (
      status <> 'PENDING' or num_nonnulls(assigned_agency_id, assigned_unit_id, assigned_unit_type,
        accepted_attempt_id, accept_time, pickup_time, completion_time, cancel_time, cancellation_reason,
        consent_due_time, disposition) = 0
    ),
    add constraint trip_unit_type_check check (
      assigned_unit_type in ('BLS', 'ALS', 'CCT', 'WHEELCHAIR', 'MEDICAL_TAXI')
    ),
    add constraint trip_window_check check (
      num_nulls(pickup_window_start, pickup_window_end) in (0, 2) and pickup_window_start < pickup_window_end
    ),
    add constraint trip_consent_check check (consent_due_time is null or status = 'ASSIGNED'),
    add constraint trip_release_reason_check check (
      release_reason is null or (
        release_reason in ('TURNED_BACK', 'TAKEN_BY_CENTER', 'CONSENT_LAPSED', 'LEVEL_RAISED')
        and status in ('PENDING', 'CANCELLED') and assigned_agency_id is null
      )
    ),
    add constraint trip_disposition_check check (
      disposition is null or (
        disposition in ('DIVERTED', 'RETURNED_TO_ORIGIN', 'DECEASED', 'PATIENT_REFUSED', 'VEHICLE_FAILURE', 'OTHER')
        and status = 'CANCELLED'
      )
    ),
    add constraint trip_abort_check check (
      imported_at is not null or status <> 'CANCELLED' or (disposition is null) = (pickup_time is null)
    ),
    add constraint trip_cancel_time_check check (
      imported_at is not null or cancel_time >= coalesce(pickup_time, accept_time, request_time)
    ),
    add constraint trip_closed_check check ((closed_at is not null) = (status in ('COMPLETED', 'CANCELLED'))),
    add constraint trip_sla_check check (
      sla_assign_minutes >= 1 and sla_pickup_minutes >= 1 and sla_tolerance_minutes >= 0
    ),
    add constraint trip_turn_check check (turn >= 0)`,
  // A unit that takes a trip again begins its sequence of steps anew.
  "drop index trip_milestone_once",
  "create unique index trip_milestone_once on trip_milestone (trip_id, type, reporter, turn)",
];

const indexes: readonly string[] = [
  "create unique index trip_history_seq_key on trip_history (seq)",
  "create index trip_consent_idx on trip (consent_due_time) where consent_due_time is not null",
];

const statements: readonly string[] = [...newColumns, ...backfill, ...demanded, ...checks, ...indexes];
