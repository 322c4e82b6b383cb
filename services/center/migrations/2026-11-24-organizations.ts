import { Migration } from "@mikro-orm/migrations";

/** Registrations of organizations, and what the system is configured to. */
export class Organizations extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  // A setting that was brought back keeps its row, whose version the events about it count on.
  "alter table system_configuration add column is_default boolean not null default false",

  // The registration of an agency from its first step on: what its next step needs, so that it is finished after any
  // crash. The hash of the first admin's password is here until then, and no longer.
  `create table registration (
    agency_id                  text not null,
    user_id                    text not null,
    request_id                 text,
    request_hash               bytea,
    agency_name                text not null,
    agency_profile             jsonb not null,
    agency_status              text not null,
    admin_user_id              text not null,
    admin_email                text not null,
    admin_name                 text not null,
    admin_must_change_password boolean not null,
    admin_password_hash        text,
    state                      text not null,
    reason                     text,
    problem                    text,
    started_at                 timestamptz(3) not null,
    ended_at                   timestamptz(3),
    constraint registration_pkey primary key (agency_id),
    constraint registration_request_key unique (user_id, request_id),
    constraint registration_agency_status_check check (agency_status in ('ACTIVE', 'PENDING')),
    constraint registration_state_check check (state in ('STARTED', 'COMPLETED', 'GIVEN_UP')),
    constraint registration_end_check check ((state = 'STARTED') = (ended_at is null)),
    constraint registration_password_check check ((state = 'STARTED') = (admin_password_hash is not null)),
    constraint registration_reason_check check (
      (state = 'GIVEN_UP') = (reason is not null) and (reason is null) = (problem is null)
    )
  )`,
  "create unique index registration_open_name_key on registration (lower(btrim(agency_name))) where state = 'STARTED'",
  "create unique index registration_open_email_key on registration (admin_email) where state = 'STARTED'",
  "create index registration_started_idx on registration (started_at, agency_id)",
  "create index registration_open_idx on registration (started_at) where state = 'STARTED'",
  "create index agency_name_key_idx on agency (lower(btrim(name)))",

  "create index service_registry_heartbeat_idx on service_registry (last_heartbeat_at) where service_type = 'MESH'",
];
