import { Migration } from "@mikro-orm/migrations";

/** Bidding with a deadline, and the preferences by which trips are awarded. */
export class Bidding extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  `alter table trip_copy
    add column bidding_close_time timestamptz(3),
    add column pickup_window_start timestamptz(3),
    add column pickup_window_end timestamptz(3),
    add column release_reason text,
    add column bidding_closed_for timestamptz(3),
    add constraint trip_copy_window_check check (num_nulls(pickup_window_start, pickup_window_end) in (0, 2))`,
  // The trips whose bidding ends by the clock, and has not been ended for that time yet.
  `create index trip_copy_closing_idx on trip_copy (bidding_close_time)
    where status = 'PENDING' and bidding_closed_for is distinct from bidding_close_time`,

  "alter table bid add column override_reason text",
  // What an agency has declined is asked for with every list of what is open to it.
  "create index bid_declined_idx on bid (trip_id, agency_id) where end_reason = 'DECLINED'",
  "create index bid_agency_open_idx on bid (agency_id, trip_id) where status = 'PENDING'",

  "alter table assignment drop constraint assignment_release_check",
  `alter table assignment add constraint assignment_release_check check (
    (state = 'RELEASED') = (release_reason is not null)
    and release_reason in ('ALREADY_ASSIGNED', 'CANCELLED', 'CHANGED', 'ABANDONED', 'SUPERSEDED', 'GIVEN_BACK',
      'CONSENT_LAPSED')
  )`,

  // Hospitals own their preferences; a copy has no foreign keys.
  `create table hospital_preference (
    hospital_id text not null,
    agency_ids  text[] not null,
    version     int not null,
    constraint hospital_preference_pkey primary key (hospital_id)
  )`,
];
