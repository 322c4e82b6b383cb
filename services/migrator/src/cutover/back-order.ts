import type { ServiceName } from "#platform/service-name.ts";
import { type BackKind, waysBack } from "./ways-back.ts";

/** In this order the old database's references are there before the rows that refer to them. */
export const backOrder: readonly BackKind[] = [
  ...([
    "user",
    "facility",
    "agency",
    "agencyUser",
    "unit",
    "availability",
    "route",
    "trip",
    "bid",
    "preference",
  ] as const),
];

/** The silo that a kind's rows are read from. */
export function siloOf(kind: BackKind): ServiceName {
  const [silo] = waysBack[kind].siloTable.split(".");
  if (silo === "hospital" || silo === "ems" || silo === "center") return silo;
  throw new Error(`${waysBack[kind].siloTable} is in no silo`);
}

/** Its table's name there. */
export function tableOf(kind: BackKind): string {
  return waysBack[kind].siloTable.split(".")[1] ?? "";
}

/** A column of a silo that names a row of another kind, which the old database demands. */
export interface Reference {
  readonly kind: BackKind;
  readonly column: string;
  readonly to: BackKind;
}

/** What the old database's foreign keys need, as the silos' columns say it. */
export const references: readonly Reference[] = [
  { kind: "preference", column: "agency_id", to: "agency" },
  { kind: "preference", column: "hospital_user_id", to: "user" },
  { kind: "bid", column: "trip_id", to: "trip" },
  { kind: "bid", column: "agency_id", to: "agency" },
  { kind: "bid", column: "submitted_by_user_id", to: "agencyUser" },
  { kind: "trip", column: "origin_facility_id", to: "facility" },
  { kind: "trip", column: "destination_facility_id", to: "facility" },
  { kind: "trip", column: "created_by_user_id", to: "user" },
  { kind: "trip", column: "assigned_agency_id", to: "agency" },
  { kind: "trip", column: "assigned_unit_id", to: "unit" },
  { kind: "route", column: "agency_id", to: "agency" },
  { kind: "availability", column: "unit_id", to: "unit" },
  { kind: "unit", column: "agency_id", to: "agency" },
  { kind: "agencyUser", column: "agency_id", to: "agency" },
  { kind: "agency", column: "added_by", to: "user" },
];
