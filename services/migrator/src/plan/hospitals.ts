import { moved, usedTable, type PlannedTable } from "./planned-table.ts";

/** What becomes of the old tables about facilities, and what hospitals prefer. */
export const hospitalTables: readonly PlannedTable[] = [
  usedTable("MOVED", "Facility", "hospital", [
    moved("id", "text", ["hospital.facility.id", "center.hospital.id", "hospital.hospital.id"], "R-HOSP"),
    moved("name", "text", ["hospital.facility.name", "center.hospital.name", "hospital.hospital.name"], "R-PHANTOM"),
    moved("type", "FacilityType", ["hospital.facility.type"], "R-HOSP"),
    moved("address", "text", ["hospital.facility.address", "center.hospital.address", "hospital.hospital.address"]),
    moved("city", "text", ["hospital.facility.city", "center.hospital.city", "hospital.hospital.city"]),
    moved("state", "text", ["hospital.facility.state", "center.hospital.state", "hospital.hospital.state"]),
    moved("zipCode", "text", ["hospital.facility.zip_code", "center.hospital.zip_code", "hospital.hospital.zip_code"]),
    moved("coordinates", "jsonb?", ["hospital.facility.latitude", "hospital.facility.longitude"], "R-COORD"),
    moved(
      "phone",
      "text?",
      ["hospital.facility.phone", "center.hospital.phone", "hospital.hospital.phone"],
      "R-PHANTOM",
    ),
    moved(
      "email",
      "text?",
      ["hospital.facility.email", "center.hospital.email", "hospital.hospital.email"],
      "R-PHANTOM",
    ),
    moved("operatingHours", "jsonb?", ["hospital.facility.operating_hours"], "R-HOURS"),
    moved("capabilities", "jsonb?", ["hospital.facility.capabilities"], "R-CAPS"),
    moved("isActive", "bool", ["hospital.facility.active", "center.hospital.is_active", "hospital.hospital.active"]),
    moved("createdAt", "timestamp", ["hospital.facility.created_at", "center.hospital.created_at"]),
    moved("updatedAt", "timestamp", ["hospital.facility.updated_at", "center.hospital.updated_at"]),
  ]),
  usedTable("MOVED", "HospitalAgencyPreference", "hospital", [
    moved("id", "text", ["hospital.agency_preference.id"], "R-PREFERENCE"),
    moved("hospitalId", "text", ["hospital.agency_preference.hospital_id"], "R-HOSPUSER"),
    moved("agencyId", "text", ["hospital.agency_preference.agency_id", "ems.hospital_preference.agency_ids"]),
    moved("isActive", "bool", ["hospital.agency_preference.active"]),
    moved("preferenceOrder", "int4", ["hospital.agency_preference.preference_order"], "R-PREFERENCE"),
    moved("notes", "text?", ["hospital.agency_preference.notes"], "R-PREFERENCE"),
    moved("createdAt", "timestamp", ["hospital.agency_preference.created_at"]),
    moved("updatedAt", "timestamp", ["hospital.agency_preference.updated_at"]),
  ]),
];
