import type { ClientBase } from "pg";

/** Values by the old columns' names; times as ISO texts without zone. */
export type OldRow = Readonly<Record<string, unknown>>;

const times = { createdAt: "2025-01-01T00:00:00", updatedAt: "2025-06-01T00:00:00" };
const place = { address: "1 Main St", city: "Altoona", state: "PA", zipCode: "16601" };

/** What a row of each table has unless a test says otherwise. */
const defaults: Readonly<Record<string, OldRow>> = {
  User: {
    ...times,
    createdAt: "2025-02-02T00:00:00",
    password: "$2a$10$abc",
    name: "Ann",
    role: "COORDINATOR",
    isActive: true,
  },
  AgencyUser: {
    ...times,
    createdAt: "2025-02-02T00:00:00",
    password: "$2b$10$abc",
    name: "Bob",
    role: "STAFF",
    isActive: true,
  },
  Facility: { ...times, ...place, name: "Mercy", type: "NURSING_HOME", isActive: true },
  TransportAgency: { ...times, ...place, name: "Swift", phone: "1", email: "", isActive: true, status: "ACTIVE" },
  Unit: { ...times, unitNumber: "1", type: "BLS", currentStatus: "AVAILABLE", isActive: true },
  UnitAvailability: { ...times, status: "AVAILABLE", lastUpdated: "2025-02-01T00:00:00" },
  UnitAssignment: {
    ...times,
    assignmentType: "PRIMARY",
    startTime: "2025-01-01T00:00:00",
    status: "ACTIVE",
    unitAvailabilityId: "none",
  },
  ServiceArea: { ...times, geographicBoundaries: {}, primaryServiceArea: false, isActive: true },
  HospitalAgencyPreference: { ...times, isActive: true, preferenceOrder: 0 },
  Route: {
    ...times,
    status: "PLANNED",
    totalDistanceMiles: 12.345,
    estimatedTimeMinutes: 30,
    chainedTripCount: 0,
    createdById: "nobody",
  },
  RouteStop: { stopType: "PICKUP" },
  TransportRequest: {
    ...{ ...times, patientId: "P00000001", transportLevel: "BLS", priority: "MEDIUM", status: "PENDING" },
    ...{
      originFacilityId: "mercy",
      destinationFacilityId: "home",
      createdById: "ann",
      requestTimestamp: "2025-03-01T10:00:00",
    },
  },
  TransportBid: {
    ...times,
    agencyUserId: "crew",
    unitType: "BLS",
    status: "PENDING",
    submittedAt: "2025-03-01T10:05:00",
  },
  TransportQueue: {
    ...times,
    emergencyDepartmentId: "none",
    queuePosition: 1,
    priority: "LOW",
    waitTime: 1,
    status: "WAITING",
    queueTimestamp: "2025-03-01T10:00:00",
  },
};

/** Adds rows to a table of the old database, which has no foreign keys. */
export async function addOld(client: ClientBase, table: string, ...rows: readonly OldRow[]): Promise<void> {
  for (const row of rows) {
    await client.query(`insert into "${table}" select * from jsonb_populate_record(null::"${table}", $1::jsonb)`, [
      JSON.stringify({ ...defaults[table], ...row }),
    ]);
  }
}
