import type { LegacyFacility, LegacyTransportAgency } from "../legacy/legacy-rows.ts";
import type { Issue } from "../moved.ts";
import { isJsonObject } from "../rules/text-list.ts";
import type { TargetRow } from "../target/target-tables.ts";
import { sharedHospitalId, type DirectoryEvidence, type DirectoryInput } from "./directory.ts";
import { byCreation, whyUnusable } from "./moved-rows.ts";

/** An agency that registering a hospital left behind: `serviceArea` reads `{type: "hospital", facilityId}`. */
export interface Phantom {
  readonly agency: LegacyTransportAgency;
  /** The hospital that it stands for; undefined if there is none of this name. */
  readonly facility: LegacyFacility | undefined;
  /** True if people, units, bids or trips are its own, so that it is an agency, too (R-PHANTOM). */
  readonly isInUse: boolean;
}

/** Which hospitals there are. */
export interface Hospitals {
  /** By id, which is that of the facility; the shared one is not among them. */
  readonly facilities: ReadonlyMap<string, LegacyFacility>;
  /** By the agency's id. */
  readonly phantoms: ReadonlyMap<string, Phantom>;
}

/** Decides what is a hospital (R-HOSP): every facility of type HOSPITAL, and every one that a phantom agency names. */
export function findHospitals(input: DirectoryInput, { busyAgencies }: DirectoryEvidence): Hospitals {
  const usable = input.facilities.filter((place) => whyUnusable(place) === undefined);
  const places = new Map(usable.map((place) => [place.id, place]));
  const staffed = new Set([...input.units, ...input.agencyUsers].map(({ agencyId }) => agencyId));
  const phantoms = input.agencies.flatMap((agency): readonly Phantom[] => {
    const { serviceArea } = agency;
    if (!isJsonObject(serviceArea) || serviceArea["type"] !== "hospital") return [];
    const { facilityId } = serviceArea;
    const facility = typeof facilityId === "string" ? places.get(facilityId) : undefined;
    return [{ agency, facility, isInUse: busyAgencies.has(agency.id) || staffed.has(agency.id) }];
  });
  const named = new Set(phantoms.map(({ facility }) => facility?.id));
  return {
    facilities: new Map([...places].filter(([id, { type }]) => type === "HOSPITAL" || named.has(id))),
    phantoms: new Map(phantoms.map((phantom) => [phantom.agency.id, phantom])),
  };
}

/** True for what is an agency after the move: every usable row that is no hospital in disguise (R-PHANTOM). */
export function isRealAgency(agency: LegacyTransportAgency, { phantoms }: Hospitals): boolean {
  return whyUnusable(agency) === undefined && (phantoms.get(agency.id)?.isInUse ?? true);
}

/** What is wrong about phantoms. */
export function phantomIssues({ phantoms }: Hospitals): readonly Issue[] {
  return [...phantoms.values()].flatMap(({ agency, facility, isInUse }) => {
    const source = { table: "TransportAgency", pk: agency.id, rule: "R-PHANTOM" };
    const unknown = facility ? [] : [{ ...source, kind: "PHANTOM_FACILITY_MISSING" }];
    return isInUse ? [{ ...source, kind: "PHANTOM_IN_USE" }, ...unknown] : unknown;
  });
}

/** The rows of Center's hospitals, the shared one first. */
export function hospitalRows({ facilities, phantoms }: Hospitals, importedAt: Date): readonly TargetRow[] {
  const faces = new Map<string, LegacyTransportAgency>();
  // Of several registrations of one hospital the first counts: it comes last here.
  for (const { agency, facility, isInUse } of [...phantoms.values()].toSorted((one, other) =>
    byCreation(other.agency, one.agency),
  )) {
    if (facility && !isInUse) faces.set(facility.id, agency);
  }
  return [
    sharedHospital(importedAt),
    ...[...facilities.values()].map((facility) => hospitalRow(facility, faces.get(facility.id), importedAt)),
  ];
}

/** @param face as what it was registered, if it was. */
function hospitalRow(facility: LegacyFacility, face: LegacyTransportAgency | undefined, importedAt: Date): TargetRow {
  return {
    table: "center.hospital",
    row: {
      address: facility.address,
      city: facility.city,
      created_at: facility.createdAt,
      email: said(face?.email) ?? facility.email,
      id: facility.id,
      imported_at: importedAt,
      is_active: facility.isActive,
      name: said(face?.name) ?? facility.name,
      phone: said(face?.phone) ?? facility.phone,
      state: facility.state,
      updated_at: facility.updatedAt,
      version: 1,
      zip_code: facility.zipCode,
    },
  };
}

function said(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

function sharedHospital(importedAt: Date): TargetRow {
  return {
    table: "center.hospital",
    row: {
      address: "",
      city: "",
      created_at: importedAt,
      email: null,
      id: sharedHospitalId,
      imported_at: importedAt,
      is_active: true,
      name: "Shared facility directory",
      phone: null,
      state: "",
      updated_at: importedAt,
      version: 1,
      zip_code: "",
    },
  };
}
