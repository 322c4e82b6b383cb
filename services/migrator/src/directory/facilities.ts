import type { LegacyFacility } from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import { capabilitiesFrom } from "../rules/capabilities.ts";
import { coordinatesFrom } from "../rules/coordinates.ts";
import { operatingHoursFrom } from "../rules/operating-hours.ts";
import { type DirectoryFacility, type MoveOptions, sharedHospitalId } from "./directory.ts";
import type { Hospitals } from "./hospitals.ts";
import { issuesOf, quarantined, whyUnusable } from "./moved-rows.ts";
import type { People } from "./people.ts";

/** What decides about a facility. */
export interface FacilityContext {
  readonly hospitals: Hospitals;
  readonly people: People;
  /** Everybody who created a trip that begins at a facility that is not of type HOSPITAL. */
  readonly creatorsByOrigin: ReadonlyMap<string, readonly string[]>;
  readonly options: MoveOptions;
}

/** What comes of a facility; undefined as a place if it stays in quarantine. */
export interface ResolvedFacility {
  readonly place: DirectoryFacility | undefined;
  readonly moved: Moved;
}

/** Decides who owns a facility (R-FACOWNER), and makes its row. */
export function resolveFacility(facility: LegacyFacility, context: FacilityContext): ResolvedFacility {
  const source = { table: "Facility", pk: facility.id };
  const unusable = whyUnusable(facility);
  if (unusable !== undefined) return { place: undefined, moved: quarantined(source, unusable) };
  const { overrides } = context.options;
  const wanted = overrides.facilities.get(facility.id)?.hospitalId;
  const isUnknown = wanted !== undefined && !isHospital(wanted, context.hospitals);
  const hospitalId = wanted === undefined || isUnknown ? ownerOf(facility.id, context) : wanted;
  const coordinates = coordinatesFrom(facility.coordinates);
  const hours = operatingHoursFrom(facility.operatingHours);
  const { id, name, type, address, city, state, zipCode } = facility;
  const county = overrides.facilities.get(id)?.county ?? "";
  const place = { id, name, type, address, city, state, zipCode, county, hospitalId, coordinates: coordinates.value };
  const moved: Moved = {
    rows: [{ table: "hospital.facility", row: facilityRow(facility, place, hours.value, context.options.importedAt) }],
    verdicts: [{ ...source, fate: "MIGRATED" }],
    issues: [
      ...issuesOf(source, "R-FACOWNER", isUnknown ? "OVERRIDE_HOSPITAL_UNKNOWN" : undefined),
      ...issuesOf(source, "R-COORD", coordinates.issue),
      ...issuesOf(source, "R-HOURS", hours.issue),
    ],
  };
  return { place, moved };
}

/** A hospital owns itself; another place the one hospital whose people alone created all trips that begin there. */
function ownerOf(facilityId: string, { hospitals, people, creatorsByOrigin }: FacilityContext): string {
  if (hospitals.facilities.has(facilityId)) return facilityId;
  const creators = creatorsByOrigin.get(facilityId) ?? [];
  const owners = new Set(creators.map((creator) => people.users.get(creator)?.hospitalId ?? null));
  const [owner = null] = owners;
  return owners.size === 1 && owner !== null ? owner : sharedHospitalId;
}

function isHospital(id: string, { facilities }: Hospitals): boolean {
  return facilities.has(id) || id === sharedHospitalId;
}

function facilityRow(facility: LegacyFacility, place: DirectoryFacility, hours: string | null, importedAt: Date) {
  return {
    active: facility.isActive,
    address: place.address,
    capabilities: capabilitiesFrom(facility.capabilities),
    city: place.city,
    county: place.county,
    created_at: facility.createdAt,
    email: facility.email,
    hospital_id: place.hospitalId,
    id: place.id,
    imported_at: importedAt,
    latitude: place.coordinates?.latitude ?? null,
    longitude: place.coordinates?.longitude ?? null,
    name: place.name,
    operating_hours: hours,
    phone: facility.phone,
    state: place.state,
    type: place.type,
    updated_at: facility.updatedAt,
    version: 1,
    zip_code: place.zipCode,
  };
}
