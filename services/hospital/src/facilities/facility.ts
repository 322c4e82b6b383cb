import type { Id } from "#platform/id.ts";

/** Identifies a facility. */
export type FacilityId = Id<"Facility">;

/** The kinds of places between which patients are moved. */
export const facilityTypes = [
  "HOSPITAL",
  "NURSING_HOME",
  "CANCER_CENTER",
  "REHAB_FACILITY",
  "URGENT_CARE",
  "SPECIALTY_CLINIC",
] as const;

/** What kind of place a facility is. */
export type FacilityType = (typeof facilityTypes)[number];

/** Reads a type of facility; undefined if there is no such type. */
export function parseFacilityType(text: string): FacilityType | undefined {
  return facilityTypes.find((type) => type === text);
}

/** A place that patients leave or reach. */
export interface Facility {
  readonly id: FacilityId;
  readonly hospitalId: string;
  readonly name: string;
  readonly type: FacilityType;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  /** Which agencies are eligible depends on it. */
  readonly county: string;
  /** WGS 84, in degrees. */
  readonly coordinates?: { readonly latitude: number; readonly longitude: number };
  readonly phone: string;
  readonly email: string;
  /** As people read it, such as 24/7. */
  readonly operatingHours: string;
  readonly capabilities: readonly string[];
  readonly isActive: boolean;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a new facility is made of. */
export type FacilityOrder = Omit<Facility, "isActive" | "version" | "createdAt" | "updatedAt"> & { readonly now: Date };

/** Adds a facility. */
export function createFacility({ now, ...order }: FacilityOrder): Facility {
  return { ...order, isActive: true, version: 1, createdAt: now, updatedAt: now };
}

/** What may change about a facility. */
export interface FacilityDetails
  extends Pick<
    Facility,
    | "name"
    | "type"
    | "address"
    | "city"
    | "state"
    | "zipCode"
    | "county"
    | "phone"
    | "email"
    | "operatingHours"
    | "capabilities"
    | "isActive"
  > {
  /** Null if nobody knows them. */
  readonly coordinates: NonNullable<Facility["coordinates"]> | null;
}

/** Changes a facility; gives back the very same if there is nothing to change. */
export function updateFacility(facility: Facility, details: Partial<FacilityDetails>, now: Date): Facility {
  const { coordinates: known = null, ...facts } = facility;
  const { coordinates = known, ...others } = details;
  const wanted: Facility = { ...facts, ...others, ...(coordinates && { coordinates }) };
  if (isSame(facility, wanted)) return facility;
  return { ...wanted, version: facility.version + 1, updatedAt: now };
}

function isSame(one: Facility, other: Facility): boolean {
  return textOf(one) === textOf(other);
}

function textOf({ coordinates, createdAt, updatedAt, ...others }: Facility): string {
  const place = coordinates ? [coordinates.latitude, coordinates.longitude] : [];
  return JSON.stringify([Object.entries(others).toSorted(([one], [other]) => (one < other ? -1 : 1)), place]);
}
