import { Migration } from "@mikro-orm/migrations";

/** Units, their shifts and availability; agencies and routes; the swap of units. */
export class Units extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  "alter table unit add column status_reason text",

  // What Center's command to create the agency said, so that its repetition is known for one after the agency has changed.
  "alter table agency add column registration_hash bytea",
  "create index agency_lower_name_idx on agency (lower(name))",

  // The order in which Center lists all agencies' routes.
  "create index route_name_idx on route (route_name, id)",

  // While Hospital may not have been told of a unit that replaces another, both are kept from other trips.
  `alter table assignment
    add column previous_unit_id text,
    add column previous_unit_type text,
    add constraint assignment_previous_unit_fkey
      foreign key (previous_unit_id, agency_id) references unit (id, agency_id),
    add constraint assignment_previous_unit_check check (
      num_nulls(previous_unit_id, previous_unit_type) in (0, 2)
      and (previous_unit_id is null
        or (state = 'CONFIRMED' and coalesce(unit_state, '') = 'HELD' and previous_unit_id <> unit_id))
    )`,
  "create unique index one_swap_per_unit on assignment (previous_unit_id) where previous_unit_id is not null",
];
