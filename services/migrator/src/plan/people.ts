import { evidence, kept, moved, secret, usedTable, type PlannedTable } from "./planned-table.ts";

/** What becomes of the old tables about who signs in, and for which organization. */
export const peopleTables: readonly PlannedTable[] = [
  usedTable("MOVED", "User", "center", [
    moved("id", "text", ["center.user_account.id", "hospital.hospital_user.id", "ems.agency_user.id"], "R-HU"),
    moved(
      "email",
      "text",
      ["center.user_account.email", "hospital.hospital_user.email", "ems.agency_user.email"],
      "R-EMAIL",
    ),
    secret(moved("password", "text", ["center.user_account.password_hash"], "R-PASSWORD")),
    moved(
      "name",
      "text?",
      ["center.user_account.name", "hospital.hospital_user.name", "ems.agency_user.name"],
      "R-NAME",
    ),
    moved("role", "UserRole", ["center.user_account.user_type", "center.user_account.roles"], "R-ROLE"),
    moved(
      "isActive",
      "bool",
      ["center.user_account.is_active", "hospital.hospital_user.active", "ems.agency_user.is_active"],
      "R-ROLE",
    ),
    moved("createdAt", "timestamp", ["center.user_account.created_at"]),
    moved("updatedAt", "timestamp", ["center.user_account.updated_at"]),
  ]),
  usedTable("MOVED", "AgencyUser", "center", [
    moved("id", "text", ["center.user_account.id", "ems.agency_user.id"], "R-EMAIL"),
    moved("agencyId", "text", ["center.user_account.agency_id", "ems.agency_user.agency_id"], "R-AGENCYUSER"),
    moved("email", "text", ["center.user_account.email", "ems.agency_user.email"], "R-EMAIL"),
    secret(moved("password", "text", ["center.user_account.password_hash"], "R-PASSWORD")),
    moved("name", "text", ["center.user_account.name", "ems.agency_user.name"]),
    moved("role", "AgencyUserRole", ["center.user_account.roles"], "R-ROLE"),
    kept("phone", "text?"),
    moved("isActive", "bool", ["center.user_account.is_active", "ems.agency_user.is_active"]),
    evidence("lastLogin", "timestamp?", "R-EMAIL"),
    moved("createdAt", "timestamp", ["center.user_account.created_at"]),
    moved("updatedAt", "timestamp", ["center.user_account.updated_at"]),
  ]),
];
