import { Migration } from "@mikro-orm/migrations";

/** Orders and filters in which trips are read, now and as of any time. */
export class Reading extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const isOpen = "status in ('PENDING', 'ASSIGNED', 'IN_PROGRESS')";

const statements: readonly string[] = [
  // The condition holds for every trip, and only who asks for the trips of all says it. Without it PostgreSQL takes this
  // index for one hospital's trips, too, if it has many, and walks through years of others' if it has none of late.
  "drop index trip_time_idx",
  "create index trip_time_idx on trip (request_time desc, id desc) where version > 0",
  "create index trip_origin_idx on trip (origin_facility_id, request_time desc, id desc)",

  // Few trips are open at a time, so these stay small however many trips there are. One for each way of seeing a trip;
  // trips of one priority stand in them in every order in which open trips are listed.
  `create index trip_open_idx on trip (priority, request_time, id) where ${isOpen}`,
  `create index trip_open_hospital_idx on trip (hospital_id, priority, request_time, id) where ${isOpen}`,
  `create index trip_open_origin_idx on trip (origin_facility_id, priority, request_time, id) where ${isOpen}`,
  `create index trip_open_destination_idx on trip (destination_facility_id, priority, request_time, id) where ${isOpen}`,
  `create index trip_open_agency_idx on trip (assigned_agency_id, priority, request_time, id) where ${isOpen}`,

  // When each trip was open: who asks for the board as of a time gets the trips of that time alone. A trip of the former
  // system may have been closed before it was created.
  "create index trip_open_time_idx on trip using gist (tstzrange(least(created_at, closed_at), closed_at))",

  "create index trip_history_time_idx on trip_history (recorded_at, trip_id, version)",

  "create index facility_county_idx on facility (lower(btrim(county)), name, id)",
];
