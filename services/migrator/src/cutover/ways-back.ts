import type { Json } from "../target/target-tables.ts";
import { isNamed, labels, made, type Row, same, text, textOrNull, type WayBack } from "./way-back.ts";

/** What must stay together: once a silo has moved a trip on, the old database's contradictions about it end, too. */
const lifeOfTrip = [
  ...[
    "status",
    "accept_time",
    "pickup_time",
    "completion_time",
    "cancel_time",
    "assigned_agency_id",
    "assigned_unit_id",
  ],
  ...["cancellation_reason", "accepted_attempt_id"],
];
const tripStatuses: Readonly<Record<string, string>> = { ASSIGNED: "SCHEDULED", IN_PROGRESS: "IN_TRANSIT" };

const ofLife = (column: string, name: string) =>
  made(column, lifeOfTrip, (row) => row[name] ?? null, `${name}; kept while nothing of the trip's life has changed`);

const trip: WayBack = {
  legacyTable: "TransportRequest",
  siloTable: "hospital.trip",
  columns: [
    same("patientId", "patient_id"),
    same("originFacilityId", "origin_facility_id"),
    same("destinationFacilityId", "destination_facility_id"),
    same("transportLevel", "transport_level"),
    same("priority", "priority"),
    made(
      "status",
      lifeOfTrip,
      (row) => tripStatuses[text(row, "status")] ?? text(row, "status"),
      "status: ASSIGNED → SCHEDULED, IN_PROGRESS → IN_TRANSIT, all others as they are",
    ),
    textOrNull("specialRequirements", "special_requirements"),
    same("requestTimestamp", "request_time"),
    ofLife("acceptedTimestamp", "accept_time"),
    ofLife("pickupTimestamp", "pickup_time"),
    ofLife("completionTimestamp", "completion_time"),
    ofLife("assignedAgencyId", "assigned_agency_id"),
    ofLife("assignedUnitId", "assigned_unit_id"),
    ofLife("cancellationReason", "cancellation_reason"),
    same("createdById", "created_by_user_id"),
    made(
      "estimatedArrivalTime",
      ["accepted_bid"],
      estimate("estimated_arrival"),
      "estimated_arrival of the accepted bid",
    ),
    made("estimatedPickupTime", ["accepted_bid"], estimate("estimated_pickup"), "estimated_pickup of the accepted bid"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

/** Of the accepted bid, which is put beside the trip's own columns. */
function estimate(name: string): (row: Row) => Json {
  return ({ accepted_bid: bid = null }) => (isNamed(bid) ? (bid[name] ?? null) : null);
}

const bid: WayBack = {
  legacyTable: "TransportBid",
  siloTable: "ems.bid",
  columns: [
    same("transportRequestId", "trip_id"),
    same("agencyId", "agency_id"),
    made(
      "agencyUserId",
      ["submitted_by_user_id"],
      (row) => row["agency_user_id"] ?? null,
      "submitted_by_user_id; the agency's first user if Center made the bid, since the old database knows no other",
    ),
    made(
      "bidAmount",
      ["amount"],
      (row) => (row["amount"] === null || row["amount"] === undefined ? null : Number(row["amount"])),
      "amount",
    ),
    same("estimatedArrival", "estimated_arrival"),
    made(
      "unitType",
      ["unit_id"],
      (row) => unitTypes[text(row, "unit_type")] ?? (text(row, "unit_type") || text(row, "trip_level") || "OTHER"),
      "the unit's type, WHEELCHAIR and MEDICAL_TAXI → OTHER; without a unit the trip's level",
    ),
    textOrNull("notes", "notes"),
    same("status", "status"),
    same("submittedAt", "submitted_at"),
    made(
      "reviewedAt",
      ["status"],
      (row) => (["ACCEPTED", "REJECTED"].includes(text(row, "status")) ? (row["updated_at"] ?? null) : null),
      "updated_at if it is ACCEPTED or REJECTED",
    ),
    made("reviewNotes", ["status"], (row) => text(row, "end_reason") || null, "end_reason"),
    same("createdAt", "submitted_at"),
    same("updatedAt", "updated_at"),
  ],
};

const unitTypes: Readonly<Record<string, string>> = { WHEELCHAIR: "OTHER", MEDICAL_TAXI: "OTHER" };

const unit: WayBack = {
  legacyTable: "Unit",
  siloTable: "ems.unit",
  columns: [
    same("agencyId", "agency_id"),
    same("unitNumber", "unit_number"),
    labels("type", "type", unitTypes),
    same("capabilities", "capabilities"),
    same("currentStatus", "status"),
    same("currentLocation", "current_location"),
    same("shiftStart", "shift_start"),
    same("shiftEnd", "shift_end"),
    same("isActive", "is_active"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

const availability: WayBack = {
  legacyTable: "UnitAvailability",
  siloTable: "ems.unit_availability",
  columns: [
    same("unitId", "unit_id"),
    labels("status", "status", { ASSIGNED: "IN_USE", ON_BREAK: "OUT_OF_SERVICE", OFF_DUTY: "OUT_OF_SERVICE" }),
    same("shiftStart", "start_time"),
    same("shiftEnd", "end_time"),
    textOrNull("notes", "notes"),
    same("lastUpdated", "updated_at"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

const agency: WayBack = {
  legacyTable: "TransportAgency",
  siloTable: "ems.agency",
  columns: [
    ...["name", "phone", "email", "address", "city", "state"].map((name) => same(name, name)),
    same("contactName", "contact_name"),
    same("zipCode", "zip_code"),
    same("serviceArea", "service_area"),
    made(
      "operatingHours",
      ["operating_hours"],
      (row) => (text(row, "operating_hours") === "UNKNOWN" ? null : (row["operating_hours"] ?? null)),
      "operating_hours; null if UNKNOWN",
    ),
    same("capabilities", "capabilities"),
    same("pricingStructure", "pricing_structure"),
    same("isActive", "is_active"),
    same("status", "status"),
    made(
      "addedBy",
      ["added_by"],
      (row) => row["added_by_user"] ?? null,
      "added_by; null if the old database has no such user",
    ),
    same("addedAt", "added_at"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

const facilityTypes = [
  "HOSPITAL",
  "NURSING_HOME",
  "CANCER_CENTER",
  "REHAB_FACILITY",
  "URGENT_CARE",
  "SPECIALTY_CLINIC",
];

const facility: WayBack = {
  legacyTable: "Facility",
  siloTable: "hospital.facility",
  columns: [
    same("name", "name"),
    labels("type", "type", Object.fromEntries(facilityTypes.map((type) => [type, type])), "SPECIALTY_CLINIC"),
    ...["address", "city", "state", "phone", "email"].map((name) => same(name, name)),
    same("zipCode", "zip_code"),
    made(
      "coordinates",
      ["latitude", "longitude"],
      ({ latitude = null, longitude = null }) => (latitude === null ? null : { lat: latitude, lng: longitude }),
      "{lat: latitude, lng: longitude}",
    ),
    same("operatingHours", "operating_hours"),
    same("capabilities", "capabilities"),
    same("isActive", "active"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

const ofPerson = [
  same("email", "email"),
  made("password", ["password_digest"], (row) => row["password_hash"], "password_hash"),
  same("name", "name"),
  same("isActive", "is_active"),
  same("createdAt", "created_at"),
  same("updatedAt", "updated_at"),
];

const user: WayBack = {
  legacyTable: "User",
  siloTable: "center.user_account",
  columns: [
    ...ofPerson,
    made(
      "role",
      ["user_type", "roles"],
      (row) =>
        text(row, "user_type") === "EMS"
          ? "TRANSPORT_AGENCY"
          : roleOf(row, { admin: "ADMIN", billing: "BILLING_STAFF", rest: "COORDINATOR" }),
      "EMS → TRANSPORT_AGENCY; orgAdmin → ADMIN; billing without dispatcher → BILLING_STAFF; all others → COORDINATOR",
    ),
  ],
};

const agencyUser: WayBack = {
  legacyTable: "AgencyUser",
  siloTable: "center.user_account",
  columns: [
    ...ofPerson,
    same("agencyId", "agency_id"),
    made(
      "role",
      ["roles"],
      (row) => roleOf(row, { admin: "ADMIN", billing: "BILLING_STAFF", rest: "STAFF" }),
      "orgAdmin → ADMIN; billing without dispatcher → BILLING_STAFF; all others → STAFF",
    ),
  ],
};

function roleOf(row: Row, is: { readonly admin: string; readonly billing: string; readonly rest: string }): string {
  const { roles = [] } = row;
  const has = (role: string): boolean => Array.isArray(roles) && roles.includes(role);
  if (has("orgAdmin")) return is.admin;
  return has("billing") && !has("dispatcher") ? is.billing : is.rest;
}

const preference: WayBack = {
  legacyTable: "HospitalAgencyPreference",
  siloTable: "hospital.agency_preference",
  columns: [
    made(
      "hospitalId",
      ["hospital_id"],
      (row) => row["hospital_user_id"] ?? null,
      "the hospital's first user, since the old database keeps preferences by user",
    ),
    same("agencyId", "agency_id"),
    same("isActive", "active"),
    same("preferenceOrder", "preference_order"),
    textOrNull("notes", "notes"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

const route: WayBack = {
  legacyTable: "Route",
  siloTable: "ems.route",
  columns: [
    made(
      "routeNumber",
      ["route_name"],
      (row) => row["route_number"] ?? null,
      "route_name, with # and the id's end if it is taken",
    ),
    same("agencyId", "agency_id"),
    labels("status", "status", { ACTIVE: "PLANNED", INACTIVE: "SUGGESTED", ARCHIVED: "COMPLETED" }),
    made(
      "totalDistanceMiles",
      ["distance_miles"],
      (row) => Number(row["distance_miles"] ?? 0),
      "distance_miles; 0 if unknown",
    ),
    made(
      "estimatedTimeMinutes",
      ["estimated_minutes"],
      (row) => row["estimated_minutes"] ?? 0,
      "estimated_minutes; 0 if unknown",
    ),
    made(
      "optimizationType",
      ["route_type"],
      (row) => (text(row, "route_type") === "OPTIMIZED" ? "MULTI_STOP" : null),
      "OPTIMIZED → MULTI_STOP; all others null",
    ),
    made("createdById", [], (row) => row["route_creator"] ?? null, "who added the agency, or else the first admin"),
    same("createdAt", "created_at"),
    same("updatedAt", "updated_at"),
  ],
};

/**
 * How each table of the old database comes out of the silos. What is not here stays as it is there: columns and tables
 * without a home in the silos, a route's stops (the silos know points, not facilities), unit assignments and queues, which
 * the trip's own unit stands for, and hospitals, which the old database knows as facilities.
 */
export const waysBack = {
  ...{ trip, bid, unit, availability, agency, facility, user, agencyUser, preference, route },
} as const;

/** What of the silos goes back. */
export type BackKind = keyof typeof waysBack;
