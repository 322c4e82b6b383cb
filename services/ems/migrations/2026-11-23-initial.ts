import { Migration } from "@mikro-orm/migrations";
import { platformSchema } from "#platform/database/platform-schema.ts";

/** Agencies, units, bids, assignments, routes, and the copies of what other silos own. */
export class Initial extends Migration {
  override up(): void {
    for (const statement of [...platformSchema, ...agencies, ...copies, ...bids, ...assignments]) {
      this.addSql(statement);
    }
  }
}

// Times have milliseconds, as the programs that write them do: a page token can then name a row's place exactly.

const agencies: readonly string[] = [
  `create table agency (
    id                text not null,
    name              text not null,
    contact_name      text not null,
    phone             text not null,
    email             text not null,
    address           text not null,
    city              text not null,
    state             text not null,
    zip_code          text not null,
    service_area      text[] not null,
    operating_hours   text not null,
    capabilities      text[] not null,
    pricing_structure jsonb,
    is_active         boolean not null,
    status            text not null,
    added_by          text,
    added_at          timestamptz(3) not null,
    version           int not null,
    created_at        timestamptz(3) not null,
    updated_at        timestamptz(3) not null,
    imported_at       timestamptz(3),
    constraint agency_pkey primary key (id),
    constraint agency_status_check check (status in ('ACTIVE', 'INACTIVE', 'PENDING'))
  )`,
  "create index agency_name_idx on agency (name, id)",

  `create table unit (
    id               text not null,
    agency_id        text not null,
    unit_number      text not null,
    type             text not null,
    capabilities     text[] not null,
    status           text not null,
    current_location jsonb,
    shift_start      timestamptz(3),
    shift_end        timestamptz(3),
    is_active        boolean not null,
    version          int not null,
    created_at       timestamptz(3) not null,
    updated_at       timestamptz(3) not null,
    imported_at      timestamptz(3),
    constraint unit_pkey primary key (id),
    constraint unit_number_key unique (agency_id, unit_number),
    constraint unit_agency_key unique (id, agency_id),
    constraint unit_agency_fkey foreign key (agency_id) references agency (id),
    constraint unit_type_check check (type in ('BLS', 'ALS', 'CCT', 'WHEELCHAIR', 'MEDICAL_TAXI')),
    constraint unit_status_check check (status in ('AVAILABLE', 'IN_USE', 'OUT_OF_SERVICE', 'MAINTENANCE'))
  )`,
  "create index unit_number_idx on unit (unit_number, id)",

  `create table unit_availability (
    id          text not null,
    unit_id     text not null,
    status      text not null,
    start_time  timestamptz(3) not null,
    end_time    timestamptz(3),
    notes       text,
    created_at  timestamptz(3) not null,
    updated_at  timestamptz(3) not null,
    imported_at timestamptz(3),
    constraint unit_availability_pkey primary key (id),
    constraint unit_availability_unit_fkey foreign key (unit_id) references unit (id),
    constraint unit_availability_status_check check (status in ('AVAILABLE', 'ASSIGNED', 'ON_BREAK', 'OFF_DUTY'))
  )`,
  "create index unit_availability_unit_idx on unit_availability (unit_id, start_time)",

  `create table route (
    id                text not null,
    agency_id         text not null,
    route_name        text not null,
    route_type        text not null,
    waypoints         jsonb not null,
    distance_miles    numeric(10, 2),
    estimated_minutes int,
    status            text not null,
    version           int not null,
    created_at        timestamptz(3) not null,
    updated_at        timestamptz(3) not null,
    imported_at       timestamptz(3),
    constraint route_pkey primary key (id),
    constraint route_agency_fkey foreign key (agency_id) references agency (id),
    constraint route_type_check check (route_type in ('OPTIMIZED', 'STANDARD', 'EMERGENCY', 'CUSTOM')),
    constraint route_status_check check (status in ('ACTIVE', 'INACTIVE', 'ARCHIVED'))
  )`,
  "create index route_agency_idx on route (agency_id, route_name, id)",
];

// What others own has no foreign keys to it: each copy follows its own stream, and may be behind or rebuilt.
const copies: readonly string[] = [
  `create table trip_copy (
    id                  text not null,
    trip_number         text not null,
    hospital_id         text not null,
    origin              jsonb not null,
    destination         jsonb not null,
    origin_county       text not null,
    transport_level     text not null,
    priority            text not null,
    urgency             int not null,
    status              text not null,
    award_policy        text not null,
    request_time        timestamptz(3) not null,
    accept_time         timestamptz(3),
    pickup_time         timestamptz(3),
    completion_time     timestamptz(3),
    cancel_time         timestamptz(3),
    assigned_agency_id  text,
    assigned_unit_id    text,
    accepted_attempt_id text,
    material_version    int not null,
    version             int not null,
    receive_time        timestamptz(3) not null,
    constraint trip_copy_pkey primary key (id)
  )`,
  "create index trip_copy_waiting_idx on trip_copy (urgency desc, request_time, id) where status = 'PENDING'",
  "create index trip_copy_hospital_idx on trip_copy (hospital_id)",
  "create index trip_copy_receive_time_idx on trip_copy (receive_time)",

  `create table agency_user (
    id         text not null,
    email      text not null,
    name       text not null,
    agency_id  text not null,
    is_active  boolean not null,
    version    int not null,
    created_at timestamptz(3) not null,
    updated_at timestamptz(3) not null,
    constraint agency_user_pkey primary key (id)
  )`,
  "create index agency_user_agency_idx on agency_user (agency_id)",

  `create table configuration (
    key        text not null,
    value      text not null,
    category   text not null,
    version    int not null,
    updated_at timestamptz(3) not null,
    constraint configuration_pkey primary key (key)
  )`,
];

const bids: readonly string[] = [
  `create table bid (
    id                    text not null,
    trip_id               text not null,
    agency_id             text not null,
    unit_id               text,
    amount                numeric(10, 2),
    estimated_arrival     timestamptz(3),
    estimated_pickup      timestamptz(3),
    notes                 text not null,
    status                text not null,
    end_reason            text,
    source                text not null,
    seen_material_version int not null,
    submitted_by_user_id  text not null,
    submitted_at          timestamptz(3) not null,
    updated_at            timestamptz(3) not null,
    version               int not null,
    imported_at           timestamptz(3),
    constraint bid_pkey primary key (id),
    constraint bid_agency_fkey foreign key (agency_id) references agency (id),
    constraint bid_unit_fkey foreign key (unit_id, agency_id) references unit (id, agency_id),
    constraint bid_amount_check check (amount >= 0),
    constraint bid_status_check check (status in ('PENDING', 'ACCEPTED', 'REJECTED', 'EXPIRED', 'WITHDRAWN')),
    constraint bid_source_check check (source in ('SUBMITTED', 'DIRECT'))
  )`,
  "create unique index one_open_bid_per_agency on bid (trip_id, agency_id) where status = 'PENDING'",
  "create unique index one_accepted_bid_per_trip on bid (trip_id) where status = 'ACCEPTED'",
  // The orders in which bids are listed: all, those of a trip, those of an agency.
  "create index bid_time_idx on bid (submitted_at, id)",
  "create index bid_trip_idx on bid (trip_id, submitted_at, id)",
  "create index bid_agency_idx on bid (agency_id, submitted_at, id)",
];

// By assignment_doubt_check whatever is in doubt is asked for again, and nothing else is.
const assignments: readonly string[] = [
  `create table assignment (
    attempt_id            uuid not null,
    idempotency_key       text,
    request_hash          bytea,
    trip_id               text not null,
    agency_id             text not null,
    unit_id               text,
    unit_type             text,
    unit_state            text,
    bid_id                text,
    state                 text not null,
    release_reason        text,
    trip_version          int,
    seen_material_version int not null,
    requested_by_user_id  text not null,
    override_reason       text,
    check_at              timestamptz(3),
    check_count           int not null,
    created_at            timestamptz(3) not null,
    updated_at            timestamptz(3) not null,
    imported_at           timestamptz(3),
    constraint assignment_pkey primary key (attempt_id),
    constraint assignment_idempotency_key unique (idempotency_key),
    constraint assignment_agency_fkey foreign key (agency_id) references agency (id),
    constraint assignment_unit_fkey foreign key (unit_id, agency_id) references unit (id, agency_id),
    constraint assignment_bid_fkey foreign key (bid_id) references bid (id),
    constraint assignment_state_check check (state in ('HELD', 'CONFIRMED', 'RELEASED', 'COMPLETED')),
    constraint assignment_release_check check (
      (state = 'RELEASED') = (release_reason is not null)
      and release_reason in ('ALREADY_ASSIGNED', 'CANCELLED', 'CHANGED', 'ABANDONED', 'SUPERSEDED')
    ),
    constraint assignment_unit_check check (
      num_nulls(unit_id, unit_type, unit_state) in (0, 3) and unit_state in ('HELD', 'CONFIRMED')
    ),
    constraint assignment_won_check check (state <> 'CONFIRMED' or num_nulls(bid_id, trip_version) = 0),
    constraint assignment_doubt_check check (
      (check_at is not null) = (state = 'HELD' or (state = 'CONFIRMED' and coalesce(unit_state, '') = 'HELD'))
    )
  )`,
  "create unique index one_active_trip_per_unit on assignment (unit_id) where state in ('HELD', 'CONFIRMED')",
  "create unique index one_confirmed_assignment_per_trip on assignment (trip_id) where state = 'CONFIRMED'",
  "create index assignment_check_idx on assignment (check_at) where check_at is not null",
  "create index assignment_bid_held_idx on assignment (bid_id) where state = 'HELD'",
  // The orders in which assignments are listed: all, those of a trip, those of an agency.
  "create index assignment_time_idx on assignment (created_at desc, attempt_id desc)",
  "create index assignment_trip_idx on assignment (trip_id, created_at desc, attempt_id desc)",
  "create index assignment_agency_idx on assignment (agency_id, created_at desc, attempt_id desc)",
];
