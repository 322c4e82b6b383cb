import type { UserType } from "#platform/auth/principal.ts";
import type { LegacyAgencyUser, LegacyUser } from "../legacy/legacy-rows.ts";
import type { Issue, SourceRow } from "../moved.ts";
import type { TargetTables } from "../target/target-tables.ts";
import { issuesOf } from "./moved-rows.ts";
import { normalEmail } from "./registrations.ts";
import { rolesFrom } from "./roles.ts";

/** A row of Center's accounts. */
export type Account = TargetTables["center.user_account"];

/** Whom an account acts for. */
export interface AccountMembership {
  readonly type: UserType;
  readonly organizationId: string | null;
  readonly isActive: boolean;
  readonly importedAt: Date;
}

/** The account of a row of table User or AgencyUser. The password goes on working. */
export function accountFrom(row: LegacyUser | LegacyAgencyUser, membership: AccountMembership): Account {
  const { type, organizationId, isActive, importedAt } = membership;
  return {
    agency_id: type === "EMS" ? organizationId : null,
    created_at: row.createdAt,
    email: normalEmail(row.email),
    hospital_id: type === "HOSPITAL" ? organizationId : null,
    id: row.id,
    imported_at: importedAt,
    is_active: isActive,
    must_change_password: false,
    name: nameOf(row),
    password_hash: isBcrypt(row.password) ? row.password : unusablePassword,
    roles: rolesFrom(row.role),
    tokens_valid_from: null,
    updated_at: row.updatedAt,
    user_type: type,
    version: 1,
  };
}

/** What is doubtful about the account of a row, whomever it acts for. */
export function accountIssues(source: SourceRow, row: LegacyUser | LegacyAgencyUser): readonly Issue[] {
  return [
    ...issuesOf(source, "R-NAME", hasName(row) ? undefined : "NAME_DEFAULTED"),
    ...issuesOf(source, "R-EMAIL", addressPattern.test(normalEmail(row.email)) ? undefined : "EMAIL_NOT_AN_ADDRESS"),
    ...issuesOf(source, "R-PASSWORD", isBcrypt(row.password) ? undefined : "PASSWORD_UNUSABLE"),
  ];
}

const addressPattern = /^[^\s@]+@[^\s@]+$/;

/** No password has this hash: what is no hash at all is not carried into a column of hashes. */
const unusablePassword = "!";

function isBcrypt(password: string): boolean {
  return /^\$2[ab]\$/.test(password);
}

function hasName({ name }: LegacyUser | LegacyAgencyUser): boolean {
  return name !== null && name.trim() !== "";
}

/** A person's name; that before the @ of the address if there is none. */
export function nameOf(row: LegacyUser | LegacyAgencyUser): string {
  if (row.name !== null && row.name.trim() !== "") return row.name;
  const email = normalEmail(row.email);
  const [local = ""] = email.split("@");
  return local === "" ? email : local;
}
