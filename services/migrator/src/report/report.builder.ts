import { type MoveReport, reportVersion } from "./report.ts";

/** A report of a small move that went well but for one open trip. */
export function aReport(change: Partial<MoveReport> = {}): MoveReport {
  return {
    version: reportVersion,
    madeAt: "2025-03-01T12:00:00.000Z",
    batchId: "5f0c3f0e-6f4e-4a53-9d0e-0f2d3a1b7c11",
    phase: "COPIED",
    startedAt: "2025-03-01T11:00:00.000Z",
    finishedAt: "2025-03-01T11:05:00.000Z",
    options: { rolePolicy: "evidence", strict: false },
    tables: [
      { name: "TransportRequest", read: 1_500, migrated: 1_499, merged: 0, quarantined: 1, archived: 0 },
      { name: "HospitalAgencyPreference", read: 3, migrated: 2, merged: 1, quarantined: 0, archived: 0 },
      { name: "DistanceMatrix", read: 7, migrated: 0, merged: 0, quarantined: 0, archived: 7 },
      { name: "WeatherImpact", read: 0, migrated: 0, merged: 0, quarantined: 0, archived: 0 },
    ],
    balanced: true,
    quarantinedOpenTrips: 1,
    sharedPatientCodes: 12,
    issues: [
      {
        ...{ kind: "DOUBLE_BOOKED", rule: "R-UNIT", table: "TransportRequest", count: 2 },
        examples: [
          { table: "TransportRequest", pk: "trip-1" },
          { table: "TransportRequest", pk: "trip-2" },
        ],
      },
      {
        ...{ kind: "ROLE_AMBIGUOUS", rule: "R-ROLE", table: "User", count: 1 },
        examples: [{ table: "User", pk: "user-1" }],
      },
    ],
    quarantine: [
      {
        ...{ table: "TransportRequest", reason: "IN_PROGRESS_WITHOUT_UNIT", sqlstate: null, count: 1 },
        examples: [{ table: "TransportRequest", pk: "trip-3" }],
      },
    ],
    decisions: [],
    verification: {
      verified: true,
      at: "2025-03-01T11:10:00.000Z",
      differences: 0,
      tables: [{ name: "hospital.trip", rows: 1_499, missing: 0, extra: 0, different: 0 }],
      checks: [{ name: "every trip's agency is one of EMS", ok: true, found: 0 }],
      found: [],
    },
    durations: [{ step: "copy", rows: 1_510, seconds: 0.5 }],
    hashes: [{ silo: "hospital", table: "trip", hash: "00ff" }],
    ...change,
  };
}
