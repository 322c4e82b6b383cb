import { type LegacyTable, table } from "./legacy-table.ts";
import { agencies } from "./tables/agencies.ts";
import { airMedical } from "./tables/air-medical.ts";
import { emergencyDepartments } from "./tables/emergency-departments.ts";
import { facilities } from "./tables/facilities.ts";
import { longTransports } from "./tables/long-transports.ts";
import { people } from "./tables/people.ts";
import { routes } from "./tables/routes.ts";
import { tracking } from "./tables/tracking.ts";
import { trips } from "./tables/trips.ts";
import { units } from "./tables/units.ts";

/** The 38 tables of the old database. */
export const legacyTables: readonly LegacyTable[] = [
  ...people,
  ...facilities,
  ...trips,
  ...agencies,
  ...units,
  ...routes,
  ...longTransports,
  ...airMedical,
  ...emergencyDepartments,
  ...tracking,
];

/** The tables that join two others, without a row's id of their own. */
export const joinTables: readonly LegacyTable[] = [
  joinTable("_RouteToTransportRequest", "Route", "TransportRequest"),
  joinTable("_AirMedicalResourceToWeatherAlert", "AirMedicalResource", "WeatherAlert"),
  joinTable("_AirMedicalTransportToWeatherAlert", "AirMedicalTransport", "WeatherAlert"),
];

function joinTable(name: string, one: string, other: string): LegacyTable {
  return table({
    name,
    columns: ["A text", "B text"],
    primaryKey: ["A", "B"],
    indexes: [["B"]],
    references: { A: one, B: other },
  });
}
