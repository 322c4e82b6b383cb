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
} from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import type { TargetRow, TargetTable, TargetTables } from "../target/target-tables.ts";
import type { DirectoryEvidence, DirectoryInput, MoveOptions, ResolvedDirectory } from "./directory.ts";
import { noOverrides } from "./overrides.ts";
import { resolveDirectory } from "./resolve-directory.ts";

/** When the rows of tests came, unless said otherwise. */
export const longAgo = new Date("2024-02-01T08:00:00Z");

/** When the run of tests began. */
export const importedAt = new Date("2026-03-01T00:00:00Z");

const dates = { createdAt: longAgo, updatedAt: longAgo };

/** A bcrypt hash, of no password in particular. */
export const someHash = `$2b$10$${"a".repeat(53)}`;

/** A coordinator of whom nothing else is known. */
export function aLegacyUser(over: Partial<LegacyUser> = {}): LegacyUser {
  const id = over.id ?? "u1";
  const email = `${id}@example.org`;
  // An hour after everything else, so that nobody registered anything by chance.
  const createdAt = new Date("2024-02-01T09:00:00Z");
  return {
    id,
    email,
    password: someHash,
    name: "Ann",
    role: "COORDINATOR",
    isActive: true,
    ...dates,
    createdAt,
    ...over,
  };
}

/** A member of agency a1. */
export function aLegacyAgencyUser(over: Partial<LegacyAgencyUser> = {}): LegacyAgencyUser {
  const id = over.id ?? "au1";
  return {
    ...{ id, agencyId: "a1", email: `${id}@blair-ems.example`, password: someHash, name: "Ben", role: "STAFF" },
    ...{ phone: null, isActive: true, lastLogin: null },
    ...dates,
    ...over,
  };
}

/** A hospital. */
export function aLegacyFacility(over: Partial<LegacyFacility> = {}): LegacyFacility {
  const address = { address: "1 Main St", city: "Altoona", state: "PA", zipCode: "16601" };
  return {
    ...{ id: "f1", name: "St. Mary", type: "HOSPITAL", ...address, coordinates: null, phone: null, email: null },
    ...{ operatingHours: null, capabilities: null, isActive: true },
    ...dates,
    ...over,
  };
}

/** An agency. */
export function aLegacyAgency(over: Partial<LegacyTransportAgency> = {}): LegacyTransportAgency {
  const address = { address: "2 Main St", city: "Altoona", state: "PA", zipCode: "16601" };
  return {
    ...{ id: "a1", name: "Blair EMS", contactName: "Kim", phone: "814-555-0100", email: "office@blair-ems.example" },
    ...address,
    ...{ serviceArea: null, operatingHours: null, capabilities: null, pricingStructure: null, isActive: true },
    ...{ addedBy: null, status: "ACTIVE", addedAt: null },
    ...dates,
    ...over,
  };
}

/** What registering hospital f1 left among the agencies. */
export function aPhantom(over: Partial<LegacyTransportAgency> = {}): LegacyTransportAgency {
  return aLegacyAgency({ id: "p1", serviceArea: { type: "hospital", facilityId: "f1" }, ...over });
}

/** A unit of agency a1. */
export function aLegacyUnit(over: Partial<LegacyUnit> = {}): LegacyUnit {
  return {
    ...{ id: "un1", agencyId: "a1", unitNumber: "BV-12", type: "ALS", capabilities: null, currentStatus: "AVAILABLE" },
    ...{ currentLocation: null, shiftStart: null, shiftEnd: null, isActive: true },
    ...dates,
    ...over,
  };
}

/** An active service area of agency a1. */
export function aLegacyServiceArea(over: Partial<LegacyServiceArea> = {}): LegacyServiceArea {
  return {
    ...{ id: "s1", agencyId: "a1", name: "North", description: null, geographicBoundaries: {}, coverageRadius: null },
    ...{ primaryServiceArea: true, operatingHours: null, specialRestrictions: null, isActive: true },
    ...dates,
    ...over,
  };
}

/** That user u1 prefers agency a1. */
export function aLegacyPreference(over: Partial<LegacyPreference> = {}): LegacyPreference {
  return {
    ...{ id: "pr1", hospitalId: "u1", agencyId: "a1", isActive: true, preferenceOrder: 0, notes: null },
    ...dates,
    ...over,
  };
}

/** What unit un1 does. */
export function aLegacyAvailability(over: Partial<LegacyUnitAvailability> = {}): LegacyUnitAvailability {
  return {
    ...{ id: "av1", unitId: "un1", status: "AVAILABLE", location: null, shiftStart: null, shiftEnd: null },
    ...{ crewMembers: null, currentAssignment: null, notes: null, lastUpdated: new Date("2024-03-01T00:00:00Z") },
    ...dates,
    ...over,
  };
}

/** A route of agency a1. */
export function aLegacyRoute(over: Partial<LegacyRoute> = {}): LegacyRoute {
  return {
    ...{ id: "r1", routeNumber: "R-7", agencyId: "a1", assignedUnitId: null, status: "PLANNED" },
    ...{ totalDistanceMiles: 12.5, estimatedTimeMinutes: 25, emptyMilesReduction: null },
    ...{ revenueOptimizationScore: null, chainedTripCount: 0, estimatedRevenue: null, plannedStartTime: null },
    ...{ actualStartTime: null, completionTime: null, timeWindowStart: null, timeWindowEnd: null },
    ...{ optimizationType: null, milesSaved: null, unitsSaved: null, createdById: "u1" },
    ...dates,
    ...over,
  };
}

/** A stop of route r1 at facility f1. */
export function aLegacyRouteStop(over: Partial<LegacyRouteStop> = {}): LegacyRouteStop {
  return {
    ...{ id: "st1", routeId: "r1", stopOrder: 1, facilityId: "f1", transportRequestId: null },
    ...{ multiPatientTransportId: null, stopType: "PICKUP", estimatedArrival: null, actualArrival: null },
    ...{ estimatedDeparture: null, actualDeparture: null, stopDuration: null, notes: null },
    ...over,
  };
}

/** An old database's small tables; empty but for what is named. */
export function anInput(over: Partial<DirectoryInput> = {}): DirectoryInput {
  return {
    ...{ users: [], agencyUsers: [], facilities: [], agencies: [], units: [], serviceAreas: [], preferences: [] },
    ...{ unitAvailabilities: [], routes: [], routeStops: [] },
    ...over,
  };
}

/** What trips and bids say: nothing but what is named. */
export function someEvidence(over: Partial<DirectoryEvidence> = {}): DirectoryEvidence {
  return { originsByCreator: new Map(), creatorsByOrigin: new Map(), busyAgencies: new Set(), ...over };
}

/** The options of a plain run. */
export function someOptions(over: Partial<MoveOptions> = {}): MoveOptions {
  return { rolePolicy: "evidence", strict: false, overrides: noOverrides, importedAt, ...over };
}

/** Resolves a directory of the rows, the evidence and the options that are named. */
export function resolved(
  input: Partial<DirectoryInput>,
  evidence: Partial<DirectoryEvidence> = {},
  options: Partial<MoveOptions> = {},
): ResolvedDirectory {
  return resolveDirectory(anInput(input), someEvidence(evidence), someOptions(options));
}

/** The rows of one table among what was moved. */
export function rowsOf<Table extends TargetTable>(moved: Moved, table: Table): readonly TargetTables[Table][] {
  const isOf = (row: TargetRow): row is Extract<TargetRow, { readonly table: Table }> => row.table === table;
  return moved.rows.filter(isOf).map(({ row }) => row as TargetTables[Table]);
}

/** What became of a row, in short, such as `MERGED a1 SERVICE_AREA`. */
export function fateOf(moved: Moved, table: string, pk: string): string {
  const verdicts = moved.verdicts.filter((verdict) => verdict.table === table && verdict.pk === pk);
  return verdicts.map(({ fate, into, reason }) => [fate, into, reason].filter(Boolean).join(" ")).join(", ");
}

/** The issues of a row, in short, such as `R-ROLE ROLE_CONFLICT`. */
export function issuesAbout(moved: Moved, table: string, pk: string): readonly string[] {
  const issues = moved.issues.filter((issue) => issue.table === table && issue.pk === pk);
  return issues.map(({ rule, kind }) => `${rule} ${kind}`);
}
