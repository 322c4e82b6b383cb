import { Migration } from "@mikro-orm/migrations";
import { platformSchema } from "#platform/database/platform-schema.ts";

/** Accounts and sessions, hospitals, the directory of agencies, settings, the registry, and what is counted. */
export class Initial extends Migration {
  override up(): void {
    const all = [platformSchema, importedAudit, organizations, accounts, sessions, system, facts];
    for (const statement of all.flat()) this.addSql(statement);
  }
}

// Times have milliseconds, as the programs that write them do: a page token can then name a row's place exactly.

/** What the former audit log had and ours has not: only rows that were imported fill them. */
const importedAudit: readonly string[] = [
  "alter table audit_entry add column changes jsonb, add column ip_address text",
];

const organizations: readonly string[] = [
  `create table hospital (
    id          text not null,
    name        text not null,
    address     text not null,
    city        text not null,
    state       text not null,
    zip_code    text not null,
    phone       text,
    email       text,
    is_active   boolean not null,
    version     bigint not null,
    created_at  timestamptz(3) not null,
    updated_at  timestamptz(3) not null,
    imported_at timestamptz(3),
    constraint hospital_pkey primary key (id)
  )`,
  "create index hospital_name_idx on hospital (name, id)",

  // A copy: EMS owns agencies, and the version is EMS's.
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
    created_at        timestamptz(3) not null,
    updated_at        timestamptz(3) not null,
    version           bigint not null,
    heard_at          timestamptz(3) not null,
    imported_at       timestamptz(3),
    constraint agency_pkey primary key (id),
    constraint agency_status_check check (status in ('ACTIVE', 'INACTIVE', 'PENDING'))
  )`,
  "create index agency_name_idx on agency (name, id)",
  "create index agency_heard_idx on agency (heard_at)",
  "create index agency_service_area_idx on agency using gin (service_area)",

  `create table agency_registration (
    user_id    text not null,
    request_id text not null,
    agency_id  text not null,
    created_at timestamptz(3) not null,
    constraint agency_registration_pkey primary key (user_id, request_id)
  )`,
];

const accounts: readonly string[] = [
  `create table user_account (
    id            text not null,
    email         text not null,
    password_hash text not null,
    name          text not null,
    user_type     text not null,
    hospital_id   text,
    agency_id     text,
    roles         text[] not null,
    is_active     boolean not null,
    version       bigint not null,
    created_at    timestamptz(3) not null,
    updated_at    timestamptz(3) not null,
    imported_at   timestamptz(3),
    constraint user_account_pkey primary key (id),
    constraint user_account_email_key unique (email),
    constraint user_account_hospital_fkey foreign key (hospital_id) references hospital (id),
    constraint user_account_email_check check (email = lower(btrim(email)) and email <> ''),
    constraint user_account_user_type_check check (user_type in ('HOSPITAL', 'EMS', 'CENTER')),
    constraint user_account_membership_check check (
      (hospital_id is not null) = (user_type = 'HOSPITAL') and (agency_id is not null) = (user_type = 'EMS')
    ),
    constraint user_account_roles_check check (
      cardinality(roles) > 0 and roles <@ array['viewer', 'billing', 'dispatcher', 'orgAdmin']
    )
  )`,
  "create index user_account_hospital_idx on user_account (hospital_id, email)",
  "create index user_account_agency_idx on user_account (agency_id, email)",
];

const sessions: readonly string[] = [
  `create table session (
    id         text not null,
    user_id    text not null,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3) not null,
    ended_at   timestamptz(3),
    end_reason text,
    constraint session_pkey primary key (id),
    constraint session_user_fkey foreign key (user_id) references user_account (id),
    constraint session_end_check check (
      (ended_at is null) = (end_reason is null)
      and end_reason in ('LOGOUT', 'REFRESH_TOKEN_REUSED', 'USER_DISABLED')
    )
  )`,
  "create index session_user_idx on session (user_id)",
  "create index session_expiry_idx on session (expires_at)",

  // The tokens themselves are nowhere.
  `create table refresh_token (
    hash       text not null,
    session_id text not null,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3) not null,
    used_at    timestamptz(3),
    constraint refresh_token_pkey primary key (hash),
    constraint refresh_token_session_fkey foreign key (session_id) references session (id) on delete cascade
  )`,
  "create index refresh_token_session_idx on refresh_token (session_id)",

  // Without a foreign key: attempts at unknown addresses are written, too, under the empty id.
  `create table login_guard (
    user_id              text not null,
    consecutive_failures int not null,
    locked_until         timestamptz(3),
    updated_at           timestamptz(3) not null,
    constraint login_guard_pkey primary key (user_id),
    constraint login_guard_failures_check check (consecutive_failures between 0 and 100)
  )`,
];

const system: readonly string[] = [
  `create table system_configuration (
    id          text not null,
    key         text not null,
    value       text not null,
    description text,
    category    text not null,
    is_active   boolean not null,
    updated_by  text,
    updated_at  timestamptz(3) not null,
    version     bigint not null,
    imported_at timestamptz(3),
    constraint system_configuration_pkey primary key (id),
    constraint system_configuration_key_key unique (key)
  )`,

  `create table service_registry (
    id                text not null,
    service_name      text not null,
    service_type      text not null,
    status            text not null,
    address           text,
    last_heartbeat_at timestamptz(3),
    added_by          text,
    added_at          timestamptz(3) not null,
    configuration     jsonb,
    metadata          jsonb,
    version           bigint not null,
    created_at        timestamptz(3) not null,
    updated_at        timestamptz(3) not null,
    imported_at       timestamptz(3),
    constraint service_registry_pkey primary key (id),
    constraint service_registry_service_name_key unique (service_name),
    constraint service_registry_status_check check (status in ('ACTIVE', 'INACTIVE', 'PENDING')),
    constraint service_registry_type_check check (
      service_type = 'EMS_AGENCY'
      or (service_type = 'MESH' and address is not null and last_heartbeat_at is not null)
    )
  )`,

  `create table database_reference (
    id              text not null,
    entity_type     text not null,
    entity_id       text not null,
    source_database text not null,
    target_database text not null,
    reference_type  text not null,
    reference_id    text not null,
    created_at      timestamptz(3) not null,
    updated_at      timestamptz(3) not null,
    constraint database_reference_pkey primary key (id),
    constraint database_reference_entity_key unique (entity_type, entity_id, reference_type),
    constraint database_reference_source_check check (source_database in ('hospital', 'ems', 'center')),
    constraint database_reference_target_check check (target_database in ('hospital', 'ems', 'center'))
  )`,
  "create index database_reference_target_idx on database_reference (reference_type, reference_id)",
];

const facts: readonly string[] = [
  `create table trip_fact (
    trip_id         text not null,
    hospital_id     text not null,
    agency_id       text,
    unit_id         text,
    status          text not null,
    transport_level text not null,
    priority        text not null,
    origin_county   text not null,
    requested_at    timestamptz(3) not null,
    accepted_at     timestamptz(3),
    picked_up_at    timestamptz(3),
    completed_at    timestamptz(3),
    cancelled_at    timestamptz(3),
    version         bigint not null,
    heard_at        timestamptz(3) not null,
    constraint trip_fact_pkey primary key (trip_id)
  )`,
  "create index trip_fact_requested_idx on trip_fact (requested_at)",
  "create index trip_fact_hospital_idx on trip_fact (hospital_id, requested_at)",
  "create index trip_fact_agency_idx on trip_fact (agency_id, requested_at)",
  "create index trip_fact_heard_idx on trip_fact (heard_at)",

  `create table system_analytics (
    id           text not null,
    metric_name  text not null,
    metric_value numeric(18, 3) not null,
    timestamp    timestamptz(3) not null,
    category     text not null,
    metadata     jsonb,
    constraint system_analytics_pkey primary key (id)
  )`,
  "create index system_analytics_metric_idx on system_analytics (metric_name, timestamp)",
];
