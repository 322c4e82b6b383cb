import { allButNative, asJson, type ComparedColumn, type Comparison, privately } from "../comparison.ts";

const imported = "(select imported_at from v_option)";
const contact = { phone: privately("phone"), email: privately("email"), address: privately("address") };

const hospitalColumns: Readonly<Record<string, ComparedColumn>> = {
  ...{ name: "name", city: "city", state: "state", zip_code: "zip_code" },
  ...{ created_at: "created_at", updated_at: "updated_at", version: "1" },
};

const agencyColumns: Readonly<Record<string, ComparedColumn>> = {
  ...{ name: "name", city: "city", state: "state", zip_code: "zip_code", ...contact },
  contact_name: privately("contact_name"),
  ...{ service_area: "service_area", operating_hours: "operating_hours", capabilities: "capabilities" },
  ...{ is_active: "is_active", added_by: "added_by", status: "status", added_at: "added_at" },
  ...{ created_at: "created_at", updated_at: "updated_at", imported_at: imported, version: "1" },
};

/** Prices as the silos spell them; those of another shape are EMS's own. */
const pricesOfSilos = `case when jsonb_typeof(pricing_structure -> 'baseFares') = 'object' and jsonb_typeof(pricing_structure -> 'perMile') = 'string'
    and not exists (select from jsonb_each(case when jsonb_typeof(pricing_structure -> 'baseFares') = 'object' then pricing_structure -> 'baseFares' end) f
                     where jsonb_typeof(f.value) <> 'string')
  then jsonb_build_object('baseFares', pricing_structure -> 'baseFares', 'perMile', pricing_structure -> 'perMile') end`;

/** Hospitals, facilities, agencies, units, and what belongs to them. */
export const organizationComparisons: readonly Comparison[] = [
  {
    table: "center.hospital",
    silo: "center",
    key: { expected: "id", actual: "a.id" },
    columns: { ...hospitalColumns, ...contact, is_active: "is_active", imported_at: imported },
    expected: "v_center_hospital",
    actual: "hospital a where imported_at is not null",
  },
  {
    table: "hospital.hospital",
    silo: "hospital",
    key: { expected: "id", actual: "a.id" },
    columns: {
      ...hospitalColumns,
      address: privately("address"),
      phone: privately("coalesce(phone, '')"),
      email: privately("coalesce(email, '')"),
      active: "is_active",
    },
    expected: "v_center_hospital",
    actual: allButNative("hospital", "hospital"),
  },
  {
    table: "hospital.facility",
    silo: "hospital",
    key: { expected: "id", actual: "a.id" },
    columns: {
      ...{
        name: "name",
        type: "type::text",
        city: "city",
        state: "state",
        zip_code: '"zipCode"',
        county: "county",
        ...contact,
      },
      ...{ hospital_id: "hospital_id", latitude: "place[1]", longitude: "place[2]" },
      operating_hours: 'pg_temp.hours("operatingHours", null)',
      capabilities: "pg_temp.capabilities(capabilities)",
      active: '"isActive"',
      created_at: 'pg_temp.utc("createdAt")',
      updated_at: 'pg_temp.utc("updatedAt")',
      ...{ imported_at: imported, version: "1" },
    },
    expected: "v_facility",
    actual: "facility a where imported_at is not null",
  },
  {
    table: "ems.agency",
    silo: "ems",
    key: { expected: "id", actual: "a.id" },
    columns: { ...agencyColumns, pricing_structure: asJson("pricing_structure"), registration_hash: "null" },
    expected: "v_silo_agency",
    actual: "agency a where imported_at is not null",
  },
  {
    table: "center.agency",
    silo: "center",
    key: { expected: "id", actual: "a.id" },
    columns: { ...agencyColumns, pricing_structure: asJson(pricesOfSilos), heard_at: imported },
    expected: "v_silo_agency",
    actual: allButNative("agency", "agency"),
  },
  {
    table: "hospital.agency",
    silo: "hospital",
    key: { expected: "id", actual: "a.id" },
    columns: {
      ...{
        name: "name",
        active: "is_active",
        service_area: "service_area",
        status: "status",
        told_at: imported,
        version: "1",
      },
      message: { expected: "true", actual: "length(a.message) > 0" },
    },
    expected: "v_silo_agency",
    actual: allButNative("agency", "agency"),
  },
  {
    table: "ems.unit",
    silo: "ems",
    key: { expected: "id", actual: "a.id" },
    columns: {
      ...{ agency_id: "agency_id", unit_number: "unit_number", type: "type", capabilities: "capabilities" },
      // R-UNITSTATUS; an inactive unit must not become AVAILABLE.
      status: `case when status in ('OUT_OF_SERVICE', 'MAINTENANCE') then status when s.unit_id is not null then 'IN_USE'
                    when status = 'IN_USE' and not is_active then 'OUT_OF_SERVICE' else 'AVAILABLE' end`,
      status_reason: "null",
      current_location: asJson("nullif(location, 'null')", { isPrivate: true }),
      shift_start: "pg_temp.utc(shift_start)",
      shift_end: "pg_temp.utc(shift_end)",
      is_active: "is_active",
      created_at: "pg_temp.utc(created)",
      updated_at: "pg_temp.utc(changed)",
      ...{ imported_at: imported, version: "1" },
    },
    expected: "v_unit left join v_served s on s.unit_id = id where bad is null",
    actual: "unit a where imported_at is not null",
  },
  {
    table: "ems.unit_availability",
    silo: "ems",
    key: { expected: "id", actual: "a.id" },
    columns: {
      unit_id: '"unitId"',
      status: "case status::text when 'AVAILABLE' then 'AVAILABLE' when 'IN_USE' then 'ASSIGNED' else 'OFF_DUTY' end",
      start_time: 'coalesce(pg_temp.utc("shiftStart"), pg_temp.utc("lastUpdated"), pg_temp.utc("createdAt"))',
      end_time: 'pg_temp.utc("shiftEnd")',
      notes: privately(
        "case when status::text = 'MAINTENANCE' then 'maintenance' || case when pg_temp.trimmed(notes) <> '' then '; ' || notes else '' end else notes end",
      ),
      created_at: 'pg_temp.utc("createdAt")',
      updated_at: 'pg_temp.utc("updatedAt")',
      imported_at: imported,
    },
    expected: "v_availability where bad is null",
    actual: allButNative("unit_availability", "unit", "a.unit_id"),
  },
  {
    table: "ems.route",
    silo: "ems",
    key: { expected: "id", actual: "a.id" },
    columns: {
      ...{ agency_id: '"agencyId"', route_name: '"routeNumber"', estimated_minutes: '"estimatedTimeMinutes"' },
      distance_miles: 'pg_temp.money("totalDistanceMiles")',
      route_type: `case when "optimizationType" is null then 'STANDARD' else 'OPTIMIZED' end`,
      status: `case when status::text in ('PLANNED', 'IN_PROGRESS', 'OPTIMIZED') then 'ACTIVE' when status::text = 'SUGGESTED' then 'INACTIVE' else 'ARCHIVED' end`,
      waypoints: asJson("coalesce(s.waypoints, '[]')"),
      created_at: 'pg_temp.utc("createdAt")',
      updated_at: 'pg_temp.utc("updatedAt")',
      ...{ imported_at: imported, version: "1" },
    },
    expected: "v_route left join v_stops s on s.route_id = id where bad is null",
    actual: "route a where imported_at is not null",
  },
  {
    table: "hospital.agency_preference",
    silo: "hospital",
    key: { expected: "p.id", actual: "a.id" },
    columns: {
      ...{ hospital_id: "hospital_id", agency_id: "agency_id", active: "active", preference_order: "preference_order" },
      notes: privately("coalesce(n.notes, '')"),
      created_at: "pg_temp.utc(created)",
      updated_at: "pg_temp.utc(changed)",
      imported_at: imported,
    },
    expected: "v_preference p left join v_preference_notes n on n.winner = p.id where bad is null and place = 1",
    actual: "agency_preference a where imported_at is not null",
  },
  {
    table: "hospital.preference_list",
    silo: "hospital",
    key: { expected: "hospital_id", actual: "a.hospital_id" },
    columns: { version: "1" },
    expected: "(select distinct hospital_id from v_preference where bad is null) l",
    actual: allButNative("preference_list", "hospital", "a.hospital_id"),
  },
  {
    table: "ems.hospital_preference",
    silo: "ems",
    key: { expected: "hospital_id", actual: "a.hospital_id" },
    columns: { agency_ids: "agency_ids", version: "1" },
    expected: `(select hospital_id, coalesce(array_agg(agency_id order by preference_order, id collate "C") filter (where active), '{}') as agency_ids
                  from v_preference where bad is null and place = 1 group by 1) l`,
    actual: allButNative("hospital_preference", "hospital", "a.hospital_id"),
  },
  {
    table: "center.service_registry",
    silo: "center",
    key: { expected: "id", actual: "a.id" },
    columns: {
      service_name: "service_name",
      service_type: "'EMS_AGENCY'",
      status: "case when is_active then status else 'INACTIVE' end",
      ...{ added_by: "added_by", added_at: "added_at", created_at: "created_at", updated_at: "updated_at" },
      ...{ address: "null", configuration: "null", metadata: "null", last_heartbeat_at: "null" },
      ...{ imported_at: imported, version: "1" },
    },
    expected: `(select *, name || case when row_number() over (partition by name order by created_at, id collate "C") > 1
                                   then ' #' || right(id, 6) else '' end as service_name
                  from v_silo_agency where added_by is not null) g`,
    actual: "service_registry a where imported_at is not null",
  },
];
