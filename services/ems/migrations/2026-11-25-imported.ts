import { Migration } from "@mikro-orm/migrations";

/** Trips of the former system that an agency had taken without having bid. */
export class Imported extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  `alter table assignment
    drop constraint assignment_won_check,
    add constraint assignment_won_check check (
      state <> 'CONFIRMED' or (trip_version is not null and (bid_id is not null or imported_at is not null))
    )`,
];
