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
