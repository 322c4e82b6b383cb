import { Migration } from "@mikro-orm/migrations";

/** What changed about available trips, for the live board. */
export class AvailableTripChanges extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  // Rows are only added, and the oldest removed. The order of the board is that of `seq`.
  `create table available_trip_change (
    seq          bigint generated always as identity,
    trip_id      text not null,
    trip_version int not null,
    change       text not null,
    recorded_at  timestamptz(3) not null default now(),
    open_before  jsonb,
    is_open      boolean not null,
    county       text not null,
    level        text not null,
    priority     text not null,
    trip         bytea not null,
    constraint available_trip_change_pkey primary key (seq),
    constraint available_trip_change_open_check check (is_open or open_before is not null)
  )`,
];
