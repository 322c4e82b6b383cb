/**
 * The tables that every silo has, whatever else it has: the outbox and the inbox of events, the answers already given,
 * the audit log, and the user keys it last saw. Each silo's first migration runs these statements; a later change is a
 * migration of its own in each silo.
 */
export const platformSchema: readonly string[] = [
  // Never raise the sequence's CACHE: the relay depends on numbers being drawn in order.
  `create table outbox_event (
    seq            bigint generated always as identity,
    event_id       uuid not null,
    aggregate_type text not null,
    aggregate_id   text not null,
    aggregate_ver  bigint not null,
    event_type     text not null,
    subject        text not null,
    payload        bytea not null,
    headers        jsonb not null default '{}',
    occurred_at    timestamptz not null default clock_timestamp(),
    published_at   timestamptz,
    stream_epoch   text,
    stream_seq     bigint,
    attempts       int not null default 0,
    last_error     text,
    constraint outbox_event_pkey primary key (seq),
    constraint outbox_event_event_id_key unique (event_id),
    constraint outbox_event_version_key unique (aggregate_type, aggregate_id, aggregate_ver)
  )`,
  "create index outbox_pending on outbox_event (seq) where published_at is null",

  `create table relay_state (
    stream     text not null,
    epoch      text not null,
    last_seq   bigint not null,
    checked_at timestamptz,
    constraint relay_state_pkey primary key (stream)
  )`,

  `create table inbox_event (
    consumer    text not null,
    event_id    uuid not null,
    received_at timestamptz not null default now(),
    constraint inbox_event_pkey primary key (consumer, event_id)
  )`,
  "create index inbox_event_received_at_idx on inbox_event (received_at)",

  `create table inbox_cursor (
    consumer       text not null,
    aggregate_type text not null,
    aggregate_id   text not null,
    last_ver       bigint not null,
    blocked        boolean not null default false,
    constraint inbox_cursor_pkey primary key (consumer, aggregate_type, aggregate_id)
  )`,
  "create index inbox_cursor_blocked_idx on inbox_cursor (consumer) where blocked",

  `create table inbox_parked (
    consumer       text not null,
    aggregate_type text not null,
    aggregate_id   text not null,
    aggregate_ver  bigint not null,
    event_id       uuid not null,
    payload        bytea not null,
    headers        jsonb not null,
    reason         text not null,
    since          timestamptz not null default now(),
    constraint inbox_parked_pkey primary key (consumer, aggregate_type, aggregate_id, aggregate_ver)
  )`,

  `create table inbox_dead (
    consumer    text not null,
    event_id    uuid not null,
    subject     text not null,
    payload     bytea not null,
    headers     jsonb not null,
    error       text not null,
    attempts    int not null,
    state       text not null default 'DEAD',
    first_at    timestamptz not null,
    last_at     timestamptz not null,
    resolved_by text,
    constraint inbox_dead_pkey primary key (consumer, event_id)
  )`,

  `create table idempotency_key (
    caller       text not null,
    method       text not null,
    request_id   text not null,
    request_hash bytea not null,
    response     bytea,
    created_at   timestamptz(3) not null,
    constraint idempotency_key_pkey primary key (caller, method, request_id)
  )`,
  "create index idempotency_key_created_at_idx on idempotency_key (created_at)",

  // Milliseconds, so that a page token can name a row's place exactly.
  `create table audit_entry (
    id              text not null,
    occurred_at     timestamptz(3) not null,
    user_id         text,
    user_type       text,
    organization_id text,
    via_service     text,
    action          text not null,
    decision        text not null,
    reason          text,
    entities        jsonb not null default '[]',
    request_id      text,
    n               bigint,
    prev_hash       bytea,
    hash            bytea,
    constraint audit_entry_pkey primary key (id),
    constraint audit_entry_n_key unique (n),
    constraint audit_entry_decision_check check (decision in ('ALLOWED', 'DENIED', 'REFUSED')),
    constraint audit_entry_user_type_check check (user_type in ('HOSPITAL', 'EMS', 'CENTER')),
    constraint audit_entry_via_service_check check (via_service in ('hospital', 'ems', 'center'))
  )`,
  "create index audit_entry_time_idx on audit_entry (occurred_at desc, id desc)",
  "create index audit_entry_user_idx on audit_entry (user_id, occurred_at desc, id desc)",
  "create index audit_entry_organization_idx on audit_entry (organization_id, occurred_at desc, id desc)",
  "create index audit_entry_request_idx on audit_entry (request_id) where request_id is not null",
  "create index audit_entry_entities_idx on audit_entry using gin (entities jsonb_path_ops)",

  `create table published_key (
    kid        text not null,
    jwk        jsonb not null,
    fetched_at timestamptz not null,
    constraint published_key_pkey primary key (kid)
  )`,
];

/**
 * Two more ways into the audit log, in a later migration of each silo: by what was done, and to what was turned away.
 * Without them a rare action among a million entries is looked for in all of them.
 */
export const auditIndexes: readonly string[] = [
  "create index audit_entry_action_idx on audit_entry (action, occurred_at desc, id desc)",
  `create index audit_entry_turned_away_idx on audit_entry (decision, occurred_at desc, id desc)
    where decision <> 'ALLOWED'`,
];
