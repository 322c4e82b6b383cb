import { agencyTables } from "./agencies.ts";
import { airMedicalTables } from "./air-medical.ts";
import { emergencyDepartmentTables } from "./emergency-departments.ts";
import { hospitalTables } from "./hospitals.ts";
import { longTransportTables } from "./long-transports.ts";
import { peopleTables } from "./people.ts";
import { archivedJoin, type PlannedTable } from "./planned-table.ts";
import { routeTables } from "./routes.ts";
import { trackingTables } from "./tracking.ts";
import { tripTables } from "./trips.ts";

/** What becomes of the tables that join two others by their ids. */
const joinTables: readonly PlannedTable[] = [
  archivedJoin("_RouteToTransportRequest", "hospital"),
  archivedJoin("_AirMedicalResourceToWeatherAlert", "hospital"),
  archivedJoin("_AirMedicalTransportToWeatherAlert", "hospital"),
];

/** What becomes of every table and every column of the old database. What is not named here stops the move. */
export const plan: readonly PlannedTable[] = [
  ...peopleTables,
  ...hospitalTables,
  ...agencyTables,
  ...tripTables,
  ...routeTables,
  ...longTransportTables,
  ...airMedicalTables,
  ...emergencyDepartmentTables,
  ...trackingTables,
  ...joinTables,
];

/** The plan for one table; undefined if the old database has no such table. */
export function findPlannedTable(name: string): PlannedTable | undefined {
  return plan.find((table) => table.name === name);
}
