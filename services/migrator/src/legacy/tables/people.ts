import { type LegacyTable, table } from "../legacy-table.ts";

/** Who may log in. */
export const people: readonly LegacyTable[] = [
  table({
    name: "User",
    columns: [
      "id text",
      "email text",
      "password text",
      "name text?",
      "role UserRole = COORDINATOR",
      "isActive bool = true",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
    unique: [["email"]],
  }),
  table({
    name: "AgencyUser",
    columns: [
      "id text",
      "agencyId text",
      "email text",
      "password text",
      "name text",
      "role AgencyUserRole = STAFF",
      "phone text?",
      "isActive bool = true",
      "lastLogin timestamp?",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
    unique: [["email"]],
    references: {
      agencyId: "TransportAgency",
    },
  }),
];
