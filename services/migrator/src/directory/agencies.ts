import type { LegacyAgencyUser, LegacyTransportAgency } from "../legacy/legacy-rows.ts";
import type { Issue, Moved } from "../moved.ts";
import { capabilitiesFrom } from "../rules/capabilities.ts";
import { contactNameFrom } from "../rules/contact-name.ts";
import { operatingHoursFrom, unknownHours } from "../rules/operating-hours.ts";
import { serviceAreaFrom } from "../rules/service-area.ts";
import type { TargetTables } from "../target/target-tables.ts";
import type { DirectoryAgency, DirectoryInput } from "./directory.ts";
import { type Hospitals, isRealAgency } from "./hospitals.ts";
import {
  archived,
  byCreation,
  groupBy,
  issuesOf,
  joinMoved,
  merged,
  quarantined,
  timeIssues,
  usableTime,
  whyUnusable,
} from "./moved-rows.ts";
import type { People } from "./people.ts";
import { registryRows } from "./service-registry.ts";

/** A row of EMS's agencies. */
export type AgencyRow = TargetTables["ems.agency"];

/** What decides about agencies. */
export interface AgencyContext {
  readonly hospitals: Hospitals;
  readonly people: People;
  readonly importedAt: Date;
}

/** Every agency of the old database, real or not, and what comes of it. */
export interface ResolvedAgencies {
  readonly agencies: ReadonlyMap<string, DirectoryAgency>;
  readonly moved: Moved;
}

/** Decides what is an agency, and makes the rows of the real ones, of their service areas, and in Center's registry. */
export function resolveAgencies(input: DirectoryInput, context: AgencyContext): ResolvedAgencies {
  const { hospitals, importedAt } = context;
  const areas = groupBy(input.serviceAreas.toSorted(byCreation), ({ agencyId }) => agencyId);
  const people = groupBy(input.agencyUsers.toSorted(byCreation), ({ agencyId }) => agencyId);
  const isReal = (agency: LegacyTransportAgency): boolean => isRealAgency(agency, hospitals);
  const made = input.agencies.filter(isReal).map((agency) => {
    const names = (areas.get(agency.id) ?? []).filter((area) => area.isActive).map(({ name }) => name);
    return movedAgency(agency, { ...context, names, contacts: people.get(agency.id) ?? [] });
  });
  const real = new Set(made.map(({ row }) => row.id));
  const dropped = input.agencies.filter((agency) => !isReal(agency)).map(droppedAgency);
  return {
    agencies: new Map(input.agencies.map((agency) => [agency.id, directoryAgency(agency, real)])),
    moved: joinMoved([
      ...made.map(({ moved }) => moved),
      ...dropped,
      ...input.serviceAreas.map((area) => movedServiceArea(area, real)),
      {
        rows: registryRows(
          made.map(({ row }) => row),
          importedAt,
        ),
        verdicts: [],
        issues: [],
      },
    ]),
  };
}

function directoryAgency({ id, name, isActive }: LegacyTransportAgency, real: ReadonlySet<string>): DirectoryAgency {
  return { id, isReal: real.has(id), name, isActive };
}

function droppedAgency(agency: LegacyTransportAgency): Moved {
  const source = { table: "TransportAgency", pk: agency.id };
  const unusable = whyUnusable(agency);
  return unusable === undefined ? archived(source, "HOSPITAL_IN_DISGUISE") : quarantined(source, unusable);
}

/** Active ones are part of their agency's service area; the rest is kept in the archive. */
function movedServiceArea(area: DirectoryInput["serviceAreas"][number], real: ReadonlySet<string>): Moved {
  const source = { table: "ServiceArea", pk: area.id };
  if (!real.has(area.agencyId)) return archived(source, "AGENCY_NOT_MOVED");
  return area.isActive ? merged(source, area.agencyId, "SERVICE_AREA") : archived(source, "NOT_ACTIVE");
}

interface OneAgencyContext extends AgencyContext {
  /** Of its active service areas. */
  readonly names: readonly string[];
  readonly contacts: readonly LegacyAgencyUser[];
}

function movedAgency(agency: LegacyTransportAgency, context: OneAgencyContext): { row: AgencyRow; moved: Moved } {
  const source = { table: "TransportAgency", pk: agency.id };
  const area = serviceAreaFrom(agency.serviceArea, context.names);
  const hours = operatingHoursFrom(agency.operatingHours);
  const adder = adderOf(agency, context.people);
  const row: AgencyRow = {
    added_at: usableTime(agency.addedAt) ?? agency.createdAt,
    added_by: adder.addedBy,
    address: agency.address,
    capabilities: capabilitiesFrom(agency.capabilities),
    city: agency.city,
    contact_name: contactNameFrom(agency.contactName, context.contacts, agency.name),
    created_at: agency.createdAt,
    email: agency.email,
    id: agency.id,
    imported_at: context.importedAt,
    is_active: agency.isActive,
    name: agency.name,
    operating_hours: hours.value ?? unknownHours,
    phone: agency.phone,
    pricing_structure: agency.pricingStructure,
    registration_hash: null,
    service_area: area.value,
    state: agency.state,
    status: agency.status,
    updated_at: agency.updatedAt,
    version: 1,
    zip_code: agency.zipCode,
  };
  const issues: readonly Issue[] = [
    ...issuesOf(source, "R-AREA", area.issue),
    ...issuesOf(source, "R-HOURS", hours.issue),
    ...issuesOf(source, "R-ORPHAN", adder.issue),
    ...timeIssues(source, [agency.addedAt]),
    ...issuesOf(source, "R-STATUS", !agency.isActive && agency.status === "ACTIVE" ? "STATUS_MISMATCH" : undefined),
  ];
  return { row, moved: { rows: [{ table: "ems.agency", row }], verdicts: [{ ...source, fate: "MIGRATED" }], issues } };
}

/** Who added an agency (R-ORPHAN): nobody if there is no such person; kept, with an issue, if it is none of Center's. */
function adderOf({ addedBy }: LegacyTransportAgency, { users }: People): { addedBy: string | null; issue?: string } {
  if (addedBy === null) return { addedBy };
  const person = users.get(addedBy);
  if (!person) return { addedBy: null, issue: "ADDED_BY_UNKNOWN" };
  return person.type === "CENTER"
    ? { addedBy: person.userId }
    : { addedBy: person.userId, issue: "ADDED_BY_NOT_CENTER" };
}
