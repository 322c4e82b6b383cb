import { allButNative, type Comparison, privately } from "../comparison.ts";

const imported = "(select imported_at from v_option)";
/** R-HU: the people of hospitals, and all others who made trips or prefer agencies. */
export const hospitalPeople = `(p.type = 'HOSPITAL' or exists (select from v_made m where m.user_id = p.id)
  or exists (select from "HospitalAgencyPreference" h where h."hospitalId" = p.id))`;

const roles = `case role when 'ADMIN' then array['dispatcher', 'orgAdmin'] when 'BILLING_STAFF' then array['billing'] else array['dispatcher'] end`;

/** Accounts, and the copies that other silos have of people. */
export const peopleComparisons: readonly Comparison[] = [
  {
    table: "center.user_account",
    silo: "center",
    key: { expected: "id", actual: "a.id" },
    columns: {
      email: privately("email"),
      name: privately("name"),
      password_hash: privately("case when password ~ '^[$]2[ab][$]' then password else '!' end"),
      user_type: "type",
      roles: { expected: roles, actual: "array(select r from unnest(a.roles) r order by r)" },
      hospital_id: "hospital_id",
      agency_id: "agency_id",
      is_active: "is_active",
      must_change_password: "false",
      tokens_valid_from: "null",
      created_at: "pg_temp.utc(created)",
      updated_at: "pg_temp.utc(changed)",
      imported_at: imported,
      version: "1",
    },
    expected: "v_account",
    actual: "user_account a where imported_at is not null",
  },
  {
    table: "hospital.hospital_user",
    silo: "hospital",
    key: { expected: "p.user_id", actual: "a.id" },
    columns: {
      email: privately("coalesce(c.email, p.email)"),
      name: privately(
        "coalesce(c.name, case when pg_temp.trimmed(u.name) <> '' then u.name else split_part(p.email, '@', 1) end)",
      ),
      hospital_id: "coalesce(p.hospital_id, 'hosp_shared_directory')",
      // Somebody without an account cannot act.
      active: "coalesce(c.is_active, false)",
      created_at: 'pg_temp.utc(coalesce(c.created, u."createdAt"))',
      updated_at: 'pg_temp.utc(coalesce(c.changed, u."updatedAt"))',
      version: "1",
    },
    expected: `v_person p join "User" u on u.id = p.id left join v_account c on c.id = p.user_id
       where ${hospitalPeople}
         and pg_temp.is_id(p.id) and pg_temp.utc(u."createdAt") is not null and pg_temp.utc(u."updatedAt") is not null`,
    actual: allButNative("hospital_user", "user"),
  },
  {
    table: "ems.agency_user",
    silo: "ems",
    key: { expected: "id", actual: "a.id" },
    columns: {
      email: privately("email"),
      name: privately("name"),
      agency_id: "agency_id",
      is_active: "is_active",
      created_at: "pg_temp.utc(created)",
      updated_at: "pg_temp.utc(changed)",
      version: "1",
    },
    expected: "v_account where type = 'EMS' and agency_id is not null",
    actual: allButNative("agency_user", "user"),
  },
];
