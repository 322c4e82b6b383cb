import { Migration } from "@mikro-orm/migrations";

/** People of the former system of whom nobody knows where they belong. */
export class Imported extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  // Hospitals' people belong to a hospital and agencies' to an agency, Center's to neither, and nobody to another's.
  `alter table user_account
    drop constraint user_account_membership_check,
    add constraint user_account_membership_check check (
      (hospital_id is null or user_type = 'HOSPITAL')
      and (agency_id is null or user_type = 'EMS')
      and (imported_at is not null or user_type = 'CENTER' or num_nonnulls(hospital_id, agency_id) = 1)
    )`,
];
