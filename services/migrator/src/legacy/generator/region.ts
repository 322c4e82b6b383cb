import type { ClientBase } from "pg";
import type {
  LegacyAgencyUser,
  LegacyFacility,
  LegacyPreference,
  LegacyRoute,
  LegacyRouteStop,
  LegacyServiceArea,
  LegacyTransportAgency,
  LegacyUnit,
  LegacyUnitAvailability,
  LegacyUser,
} from "../legacy-rows.ts";
import { insertRows, type NewRow } from "./insert-rows.ts";

/** The rows of the small tables: people and organizations. Not an interface, so that its entries have a type. */
export type Region = {
  readonly User: readonly NewRow<LegacyUser>[];
  readonly Facility: readonly NewRow<LegacyFacility>[];
  readonly TransportAgency: readonly NewRow<LegacyTransportAgency>[];
  readonly AgencyUser: readonly NewRow<LegacyAgencyUser>[];
  readonly Unit: readonly NewRow<LegacyUnit>[];
  readonly UnitAvailability: readonly NewRow<LegacyUnitAvailability>[];
  readonly ServiceArea: readonly NewRow<LegacyServiceArea>[];
  readonly HospitalAgencyPreference: readonly NewRow<LegacyPreference>[];
  readonly Route: readonly NewRow<LegacyRoute>[];
  readonly RouteStop: readonly NewRow<LegacyRouteStop>[];
};

/** Writes them. @param onTable told of each table once it is written. */
export async function insertRegion(
  client: ClientBase,
  region: Region,
  onTable: (table: string, rows: number) => void,
): Promise<void> {
  for (const [table, rows] of Object.entries(region)) {
    await insertRows(client, table, rows);
    onTable(table, rows.length);
  }
}
