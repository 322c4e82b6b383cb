import type { ClientBase } from "pg";
import type { DirectoryFacility } from "../directory/directory.ts";
import type { ConsequenceContext } from "./consequences.ts";
import { attemptIdOf, tripNumberOf } from "./imported-ids.ts";
import type { TargetRow, TargetTables } from "./target-tables.ts";

/** Minutes after eight on a morning long before the move. */
export function at(minutes: number): Date {
  return new Date(Date.UTC(2025, 2, 3, 8, minutes));
}

/** When all of it was imported. */
export const importedAt = new Date("2026-03-01T12:00:00.123Z");

function place(id: string, over: Partial<DirectoryFacility> = {}): DirectoryFacility {
  return {
    id,
    hospitalId: "mercy",
    name: `Place ${id}`,
    type: "HOSPITAL",
    address: "1 Main Street",
    city: "Altoona",
    state: "PA",
    zipCode: "16601",
    county: "",
    coordinates: { latitude: 40.5, longitude: -78.4 },
    ...over,
  };
}

/** Two places of Mercy's and one of General's; only one of them says where it lies. */
export const somePlaces: readonly DirectoryFacility[] = [
  place("ward"),
  place("annex", { coordinates: null }),
  place("general", { hospitalId: "general", county: " Blair ", coordinates: null }),
];

/** What consequences of the rows below rest on. */
export const context: ConsequenceContext = {
  importedAt,
  directory: {
    facility: (id) => somePlaces.find((known) => known.id === id),
    preferredAgencies: () => ["swift", "calm"],
  },
  isOpenTrip: () => true,
};

type TripRow = TargetTables["hospital.trip"];

/** A trip that waits, from the ward to General; name only what the test is about. */
export function aTripRow(id: string, over: Partial<TripRow> = {}): TripRow {
  return {
    accept_time: null,
    accepted_attempt_id: null,
    assigned_agency_id: null,
    assigned_unit_id: null,
    assigned_unit_type: null,
    award_policy: "MANUAL",
    bidding_close_time: null,
    cancel_time: null,
    cancellation_reason: null,
    closed_at: null,
    completion_time: null,
    consent_due_time: null,
    created_at: at(0),
    created_by_user_id: "nurse",
    destination_facility_id: "general",
    disposition: null,
    hospital_id: "mercy",
    id,
    imported_at: importedAt,
    material_version: 1,
    origin_facility_id: "ward",
    patient_id: "P0A1B2C3D",
    pickup_time: null,
    pickup_window_end: null,
    pickup_window_start: null,
    priority: "HIGH",
    release_reason: null,
    request_time: at(0),
    sla_assign_minutes: 20,
    sla_pauses: [],
    sla_pickup_minutes: 120,
    sla_tolerance_minutes: 15,
    special_requirements: "",
    status: "PENDING",
    transport_level: "ALS",
    trip_number: tripNumberOf(id),
    turn: 0,
    updated_at: at(200),
    version: 1,
    ...over,
  };
}

const swift = { assigned_agency_id: "swift", turn: 1 } as const;
const unit = { assigned_unit_id: "swift-1", assigned_unit_type: "ALS" } as const;

/** Every odd trip that the rules let through, and some ordinary ones. */
export const oddTrips: readonly TripRow[] = [
  aTripRow("pending"),
  aTripRow("pending-in-blair", { origin_facility_id: "general", destination_facility_id: "annex", priority: "URGENT" }),
  aTripRow("assigned", {
    status: "ASSIGNED",
    ...swift,
    accept_time: at(5),
    accepted_attempt_id: attemptIdOf("assigned"),
  }),
  aTripRow("assigned-at-no-time", {
    status: "ASSIGNED",
    ...swift,
    accepted_attempt_id: attemptIdOf("assigned-at-no-time"),
    cancellation_reason: "nobody knows",
  }),
  aTripRow("in-progress", {
    status: "IN_PROGRESS",
    ...swift,
    ...unit,
    accepted_attempt_id: attemptIdOf("in-progress"),
  }),
  completed("completed", { ...swift, ...unit, accept_time: at(5), pickup_time: at(60) }),
  completed("completed-late", { ...swift, accept_time: at(30), pickup_time: at(500), completion_time: at(900) }),
  completed("completed-at-no-time", { ...swift, completion_time: null, closed_at: at(0) }),
  completed("completed-by-nobody", { accept_time: at(5), pickup_time: at(60) }),
  completed("completed-by-nobody-at-no-time", { completion_time: null, closed_at: at(0) }),
  completed("completed-in-reverse", { ...swift, accept_time: at(80), pickup_time: at(40), completion_time: at(10) }),
  completed("completed-before-it-was-made", { ...swift, created_at: at(300), closed_at: at(90) }),
  completed("completed-where-it-began", { ...swift, destination_facility_id: "ward", cancellation_reason: "" }),
  cancelled("cancelled"),
  cancelled("cancelled-after-pickup", { ...swift, ...unit, accept_time: at(5), pickup_time: at(60) }),
  cancelled("cancelled-by-nobody", { accept_time: at(50), completion_time: at(70), cancellation_reason: "" }),
];

function completed(id: string, over: Partial<TripRow>): TripRow {
  return aTripRow(id, { status: "COMPLETED", completion_time: at(90), closed_at: at(90), ...over });
}

function cancelled(id: string, over: Partial<TripRow> = {}): TripRow {
  return aTripRow(id, { status: "CANCELLED", cancellation_reason: "weather", closed_at: at(0), ...over });
}

/** A bid of Swift's that waits. */
export function aBidRow(id: string, over: Partial<TargetTables["ems.bid"]> = {}): TargetTables["ems.bid"] {
  return {
    agency_id: "swift",
    amount: "412.50",
    end_reason: null,
    estimated_arrival: at(30),
    estimated_pickup: null,
    id,
    imported_at: importedAt,
    notes: "two of us",
    override_reason: null,
    seen_material_version: 1,
    source: "SUBMITTED",
    status: "PENDING",
    submitted_at: at(1),
    submitted_by_user_id: "dispatcher",
    trip_id: "pending",
    unit_id: null,
    updated_at: at(1),
    version: 1,
    ...over,
  };
}

/** An agency that takes part, with prices of no shape that we know. */
export function anAgencyRow(id: string, over: Partial<TargetTables["ems.agency"]> = {}): TargetTables["ems.agency"] {
  return {
    added_at: at(0),
    added_by: "operator",
    address: "2 Side Street",
    capabilities: ["BLS", "ALS"],
    city: "Altoona",
    contact_name: "",
    created_at: at(0),
    email: "not an address",
    id,
    imported_at: importedAt,
    is_active: true,
    name: `Agency ${id}`,
    operating_hours: "24/7",
    phone: "",
    pricing_structure: { perMile: 12, note: ["old"] },
    registration_hash: null,
    service_area: ["county:Blair", "Bedford"],
    state: "PA",
    status: "ACTIVE",
    updated_at: at(3),
    version: 1,
    zip_code: "16601",
    ...over,
  };
}

/** A unit of Swift's. */
export function aUnitRow(id: string, over: Partial<TargetTables["ems.unit"]> = {}): TargetTables["ems.unit"] {
  return {
    agency_id: "swift",
    capabilities: [],
    created_at: at(0),
    current_location: { lat: 1 },
    id,
    imported_at: importedAt,
    is_active: true,
    shift_end: null,
    shift_start: at(0),
    status: "AVAILABLE",
    status_reason: null,
    type: "ALS",
    unit_number: id,
    updated_at: at(1),
    version: 1,
    ...over,
  };
}

/** A facility's row for one of the places. */
export function aFacilityRow({
  coordinates,
  hospitalId,
  zipCode,
  ...facility
}: DirectoryFacility): TargetTables["hospital.facility"] {
  return {
    ...facility,
    active: true,
    capabilities: [],
    created_at: at(0),
    email: null,
    hospital_id: hospitalId,
    imported_at: importedAt,
    latitude: coordinates?.latitude ?? null,
    longitude: coordinates?.longitude ?? null,
    operating_hours: null,
    phone: null,
    updated_at: at(0),
    version: 1,
    zip_code: zipCode,
  };
}

/** A hospital without a phone. */
export function aHospitalRow(id: string): TargetTables["center.hospital"] {
  return {
    address: "1 Main Street",
    city: "Altoona",
    created_at: at(0),
    email: "office@mercy.example",
    id,
    imported_at: importedAt,
    is_active: true,
    name: `Hospital ${id}`,
    phone: null,
    state: "PA",
    updated_at: at(1),
    version: 1,
    zip_code: "16601",
  };
}

/** An account of somebody of Mercy's. */
export function anAccountRow(
  id: string,
  over: Partial<TargetTables["center.user_account"]> = {},
): TargetTables["center.user_account"] {
  return {
    agency_id: null,
    created_at: at(0),
    email: `${id}@people.example`,
    hospital_id: "mercy",
    id,
    imported_at: importedAt,
    is_active: true,
    must_change_password: false,
    name: `Person ${id}`,
    password_hash: "!",
    roles: ["dispatcher", "orgAdmin"],
    tokens_valid_from: null,
    updated_at: at(2),
    user_type: "HOSPITAL",
    version: 1,
    ...over,
  };
}

/** A route of Swift's. */
export function aRouteRow(id: string): TargetTables["ems.route"] {
  return {
    agency_id: "swift",
    created_at: at(0),
    distance_miles: null,
    estimated_minutes: null,
    id,
    imported_at: importedAt,
    route_name: `Route ${id}`,
    route_type: "STANDARD",
    status: "ACTIVE",
    updated_at: at(0),
    version: 1,
    waypoints: [],
  };
}

/** An agency's entry in the registry. */
export function aServiceRow(id: string): TargetTables["center.service_registry"] {
  return {
    added_at: at(0),
    added_by: "operator",
    address: null,
    configuration: null,
    created_at: at(0),
    id,
    imported_at: importedAt,
    last_heartbeat_at: null,
    metadata: null,
    service_name: `Agency ${id}`,
    service_type: "EMS_AGENCY",
    status: "ACTIVE",
    updated_at: at(0),
    version: 1,
  };
}

/** Writes a row as it is, with SQL alone. */
export async function insertRow(silo: ClientBase, { table, row }: TargetRow): Promise<void> {
  const name = table.slice(table.indexOf(".") + 1);
  const { rows } = await silo.query<{ name: string }>(
    `select column_name as name from information_schema.columns
      where table_schema = 'public' and table_name = $1 and data_type = 'jsonb'`,
    [name],
  );
  const json = new Set(rows.map((column) => column.name));
  const columns: readonly (readonly [column: string, value: unknown])[] = Object.entries(row);
  const values = columns.map(([column, value]) =>
    json.has(column) && value !== null
      ? JSON.stringify(value)
      : value instanceof Uint8Array
        ? Buffer.from(value)
        : value,
  );
  await silo.query(
    `insert into public.${name} (${columns.map(([column]) => column).join(", ")})
     values (${columns.map((_, index) => `$${index + 1}`).join(", ")})`,
    values,
  );
}

/** By what Hospital knows who won an open trip. */
export function aClaimRow(trip: TripRow): TargetTables["hospital.trip_claim"] {
  return {
    agency_id: trip.assigned_agency_id,
    attempt_id: trip.accepted_attempt_id ?? "",
    bid_id: null,
    created_at: trip.accept_time ?? trip.request_time,
    outcome: "WON",
    reason: null,
    request_hash: null,
    trip_id: trip.id,
    trip_version: 1,
  };
}

/** The same in EMS, for an agency that took the trip without a bid. */
export function anAssignmentRow(trip: TripRow): TargetTables["ems.assignment"] {
  return {
    agency_id: trip.assigned_agency_id ?? "",
    attempt_id: trip.accepted_attempt_id ?? "",
    bid_id: null,
    check_at: null,
    check_count: 0,
    created_at: trip.accept_time ?? trip.request_time,
    idempotency_key: null,
    imported_at: importedAt,
    override_reason: null,
    previous_unit_id: null,
    previous_unit_type: null,
    release_reason: null,
    request_hash: null,
    requested_by_user_id: trip.created_by_user_id,
    seen_material_version: 1,
    state: "CONFIRMED",
    trip_id: trip.id,
    trip_version: 1,
    unit_id: trip.assigned_unit_id,
    unit_state: trip.assigned_unit_id === null ? null : "CONFIRMED",
    unit_type: trip.assigned_unit_type,
    updated_at: trip.accept_time ?? trip.request_time,
  };
}
