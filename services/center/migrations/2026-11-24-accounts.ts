import { Migration } from "@mikro-orm/migrations";

/** Accounts that are changed, disabled and given temporary passwords. */
export class Accounts extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}

const statements: readonly string[] = [
  // Accounts that were there keep their passwords and their tokens.
  `alter table user_account
    add column must_change_password boolean not null default false,
    add column tokens_valid_from timestamptz(3)`,
  "alter table user_account alter column must_change_password drop default",

  // Addresses of accounts that are not there yet.
  `create table email_reservation (
    email       text not null,
    holder      text not null,
    reserved_at timestamptz(3) not null,
    constraint email_reservation_pkey primary key (email),
    constraint email_reservation_holder_key unique (holder),
    constraint email_reservation_email_check check (email = lower(btrim(email)) and email <> '')
  )`,

  `alter table session
    drop constraint session_end_check,
    add constraint session_end_check check (
      (ended_at is null) = (end_reason is null)
      and end_reason in ('LOGOUT', 'REFRESH_TOKEN_REUSED', 'USER_DISABLED', 'PASSWORD_CHANGED', 'PASSWORD_RESET')
    )`,
];
