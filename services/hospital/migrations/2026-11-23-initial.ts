import { Migration } from "@mikro-orm/migrations";
import { platformSchema } from "#platform/database/platform-schema.ts";

/** Trips, facilities, preferences, and the copies of what other silos own. */
export class Initial extends Migration {
  override up(): void {
    for (const statement of [...platformSchema, ...facilities, ...trips, ...preferences, ...copies]) {
      this.addSql(statement);
    }
  }
}

// Times have milliseconds, as the programs that write them do: a page token can then name a row's place exactly.

const facilities: readonly string[] = [
  `create table facility (
    id              text not null,
    hospital_id     text not null,
    name            text not null,
    type            text not null,
    address         text not null,
    city            text not null,
    state           text not null,
    zip_code        text not null,
    county          text not null,
    latitude        double precision,
    longitude       double precision,
    phone           text,
    email           text,
    operating_hours text,
    capabilities    text[] not null,
    active          boolean not null,
    version         int not null,
    created_at      timestamptz(3) not null,
    updated_at      timestamptz(3) not null,
    imported_at     timestamptz(3),
    constraint facility_pkey primary key (id),
    constraint facility_coordinates_check check (
      (latitude is null and longitude is null) or (latitude between -90 and 90 and longitude between -180 and 180)
    )
  )`,
  "create index facility_name_idx on facility (name, id)",
  "create index facility_hospital_idx on facility (hospital_id, name, id)",
];

const trips: readonly string[] = [
  "create sequence trip_number as bigint start with 10001",
  `create table trip (
    id                      text not null,
    trip_number             text not null,
    hospital_id             text not null,
    patient_id              text not null,
    origin_facility_id      text not null,
    destination_facility_id text not null,
    transport_level         text not null,
    priority                text not null,
    status                  text not null,
    award_policy            text not null,
    special_requirements    text not null,
    cancellation_reason     text,
    request_time            timestamptz(3) not null,
    accept_time             timestamptz(3),
    pickup_time             timestamptz(3),
    completion_time         timestamptz(3),
    cancel_time             timestamptz(3),
    assigned_agency_id      text,
    assigned_unit_id        text,
    accepted_attempt_id     uuid,
    created_by_user_id      text not null,
    version                 int not null,
    material_version        int not null,
    created_at              timestamptz(3) not null,
    updated_at              timestamptz(3) not null,
    imported_at             timestamptz(3),
    constraint trip_pkey primary key (id),
    constraint trip_number_key unique (trip_number),
    constraint trip_origin_fkey foreign key (origin_facility_id) references facility (id),
    constraint trip_destination_fkey foreign key (destination_facility_id) references facility (id),
    constraint trip_version_check check (version >= 1 and material_version >= 1),
    constraint trip_level_check check (transport_level in ('BLS', 'ALS', 'CCT', 'OTHER')),
    constraint trip_priority_check check (priority in ('LOW', 'MEDIUM', 'HIGH', 'URGENT')),
    constraint trip_award_policy_check check (award_policy in ('MANUAL', 'FIRST_ACCEPT')),
    constraint trip_status_check check (status in ('PENDING', 'ASSIGNED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED')),
    constraint trip_assignment_check check (
      (status not in ('ASSIGNED', 'IN_PROGRESS') or assigned_agency_id is not null)
      and (status <> 'IN_PROGRESS' or assigned_unit_id is not null)
    ),
    constraint trip_pending_check check (
      status <> 'PENDING' or num_nonnulls(assigned_agency_id, assigned_unit_id, accepted_attempt_id,
        accept_time, pickup_time, completion_time, cancel_time, cancellation_reason) = 0
    ),
    constraint trip_time_check check (
      imported_at is not null or (
        request_time <= coalesce(accept_time, request_time)
        and coalesce(accept_time, request_time) <= coalesce(pickup_time, accept_time, request_time)
        and coalesce(pickup_time, accept_time, request_time)
          <= coalesce(completion_time, pickup_time, accept_time, request_time)
      )
    ),
    constraint trip_state_time_check check (
      imported_at is not null or (
        (status <> 'ASSIGNED' or accept_time is not null)
        and (status <> 'IN_PROGRESS' or num_nulls(accept_time, pickup_time) = 0)
        and (status <> 'COMPLETED' or num_nulls(accept_time, pickup_time, completion_time) = 0)
        and (status <> 'CANCELLED' or (cancel_time is not null and cancellation_reason <> ''
          and cancellation_reason is not null))
      )
    ),
    constraint trip_places_check check (imported_at is not null or origin_facility_id <> destination_facility_id)
  )`,
  "create unique index trip_patient_key on trip (patient_id) where imported_at is null",
  // The orders in which trips are listed: all, in one state, and those of a hospital, a destination, an agency.
  "create index trip_time_idx on trip (request_time desc, id desc)",
  "create index trip_status_idx on trip (status, request_time desc, id desc)",
  "create index trip_hospital_idx on trip (hospital_id, request_time desc, id desc)",
  "create index trip_destination_idx on trip (destination_facility_id, request_time desc, id desc)",
  "create index trip_agency_idx on trip (assigned_agency_id, request_time desc, id desc)",

  `create table trip_milestone (
    trip_id             text not null,
    version             int not null,
    type                text not null,
    occur_time          timestamptz(3) not null,
    record_time         timestamptz(3) not null,
    recorded_by_user_id text not null,
    reporter            text not null,
    unit_id             text,
    late_entry          boolean not null,
    constraint trip_milestone_pkey primary key (trip_id, version),
    constraint trip_milestone_trip_fkey foreign key (trip_id) references trip (id),
    constraint trip_milestone_type_check check (type in ('ACKNOWLEDGED', 'EN_ROUTE', 'AT_ORIGIN', 'AT_PATIENT',
      'LEFT_ORIGIN', 'AT_DESTINATION', 'TRANSFER_OF_CARE', 'BACK_IN_SERVICE')),
    constraint trip_milestone_reporter_check check (reporter in ('HOSPITAL', 'EMS', 'CENTER'))
  )`,
  "create unique index trip_milestone_once on trip_milestone (trip_id, type, reporter, coalesce(unit_id, ''))",

  `create table trip_history (
    trip_id     text not null,
    version     int not null,
    occur_time  timestamptz(3) not null,
    change      text not null,
    from_status text,
    to_status   text not null,
    user_id     text not null,
    agency_id   text,
    unit_id     text,
    milestone   text,
    comment     text,
    constraint trip_history_pkey primary key (trip_id, version),
    constraint trip_history_trip_fkey foreign key (trip_id) references trip (id)
  )`,

  `create table trip_claim (
    attempt_id   uuid not null,
    trip_id      text not null,
    agency_id    text,
    bid_id       text,
    request_hash bytea,
    outcome      text not null,
    reason       text,
    trip_version int,
    created_at   timestamptz(3) not null,
    constraint trip_claim_pkey primary key (attempt_id),
    constraint trip_claim_outcome_check check (outcome in ('WON', 'LOST', 'ABANDONED', 'WITHDRAWN')),
    constraint trip_claim_won_check check (outcome <> 'WON' or num_nulls(agency_id, trip_version) = 0)
  )`,
  "create unique index one_winner_per_trip on trip_claim (trip_id) where outcome = 'WON'",
  "create index trip_claim_trip_idx on trip_claim (trip_id)",
];

const preferences: readonly string[] = [
  `create table preference_list (
    hospital_id text not null,
    version     int not null,
    constraint preference_list_pkey primary key (hospital_id)
  )`,
  `create table agency_preference (
    id               text not null,
    hospital_id      text not null,
    agency_id        text not null,
    active           boolean not null,
    preference_order int not null,
    notes            text not null,
    created_at       timestamptz(3) not null,
    updated_at       timestamptz(3) not null,
    imported_at      timestamptz(3),
    constraint agency_preference_pkey primary key (id),
    constraint agency_preference_key unique (hospital_id, agency_id)
  )`,
];

// What others own has no foreign keys to it: each copy follows its own stream, and may be behind or rebuilt.
const copies: readonly string[] = [
  `create table hospital (
    id         text not null,
    name       text not null,
    address    text not null,
    city       text not null,
    state      text not null,
    zip_code   text not null,
    phone      text not null,
    email      text not null,
    active     boolean not null,
    version    int not null,
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    constraint hospital_pkey primary key (id)
  )`,
  `create table hospital_user (
    id          text not null,
    email       text not null,
    name        text not null,
    hospital_id text not null,
    active      boolean not null,
    version     int not null,
    created_at  timestamptz(3) not null,
    updated_at  timestamptz(3) not null,
    constraint hospital_user_pkey primary key (id)
  )`,
  "create index hospital_user_hospital_idx on hospital_user (hospital_id)",
  `create table agency (
    id           text not null,
    name         text not null,
    service_area text[] not null,
    active       boolean not null,
    status       text not null,
    message      bytea not null,
    version      int not null,
    told_at      timestamptz(3) not null,
    constraint agency_pkey primary key (id),
    constraint agency_status_check check (status in ('ACTIVE', 'INACTIVE', 'PENDING'))
  )`,
  "create index agency_name_idx on agency (name, id)",
  `create table configuration (
    key        text not null,
    value      text not null,
    category   text not null,
    version    int not null,
    updated_at timestamptz(3) not null,
    constraint configuration_pkey primary key (key)
  )`,
];
