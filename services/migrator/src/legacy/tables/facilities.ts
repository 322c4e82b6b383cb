import { type LegacyTable, table } from "../legacy-table.ts";

/** Facilities, the ways between them and the agencies that hospitals prefer. */
export const facilities: readonly LegacyTable[] = [
  table({
    name: "Facility",
    columns: [
      "id text",
      "name text",
      "type FacilityType",
      "address text",
      "city text",
      "state text",
      "zipCode text",
      "coordinates jsonb?",
      "phone text?",
      "email text?",
      "operatingHours jsonb?",
      "capabilities jsonb?",
      "isActive bool = true",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
  }),
  table({
    name: "DistanceMatrix",
    columns: [
      "id text",
      "fromFacilityId text",
      "toFacilityId text",
      "distanceMiles float8",
      "estimatedTimeMinutes int4",
      "trafficFactor float8 = 1.0",
      "tolls float8 = 0.0",
      "fuelEfficiency float8?",
      "routeType RouteType = FASTEST",
      "lastUpdated timestamp = now()",
    ],
    unique: [["fromFacilityId", "toFacilityId"]],
    references: {
      fromFacilityId: "Facility",
      toFacilityId: "Facility",
    },
  }),
  table({
    name: "HospitalAgencyPreference",
    columns: [
      "id text",
      "hospitalId text",
      "agencyId text",
      "isActive bool = true",
      "preferenceOrder int4 = 0",
      "notes text?",
      "createdAt timestamp = now()",
      "updatedAt timestamp",
    ],
    unique: [["hospitalId", "agencyId"]],
    indexes: [["hospitalId"], ["agencyId"]],
    references: {
      hospitalId: "User",
      agencyId: "TransportAgency",
    },
  }),
];
