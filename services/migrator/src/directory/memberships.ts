import type { LegacyAgencyUser, LegacyTransportAgency, LegacyUser } from "../legacy/legacy-rows.ts";
import { groupBy } from "./moved-rows.ts";
import type { UserOverride } from "./overrides.ts";
import { normalEmail, type Registrations } from "./registrations.ts";

/** An organization that was found for a person, and what is doubtful about it. */
export interface Membership {
  readonly organizationId: string | null;
  readonly issue?: string;
}

/** What the data say about the hospital of a person. */
export interface HospitalEvidence {
  readonly override: UserOverride | undefined;
  readonly registrations: Registrations;
  /** Where the trips begin that the person created, as far as it is known: two stand for several. */
  readonly origins: readonly string[];
  readonly hospitals: ReadonlyMap<string, unknown>;
}

/**
 * The hospital of a person of type HOSPITAL (R-HOSPUSER): what an operator said; the one with the person's address; the one
 * that was registered with the account; the one at which all trips begin that the person created. Evidence for
 * several hospitals is none.
 */
export function hospitalOf(user: LegacyUser, evidence: HospitalEvidence): Membership {
  const { override, registrations, origins, hospitals } = evidence;
  const named = override?.type === "HOSPITAL" ? override.hospitalId : undefined;
  if (named !== undefined && hospitals.has(named)) return { organizationId: named };
  const organizationId =
    onlyOne([...registrations.byEmail(user)]) ??
    onlyOne([...registrations.byTime(user)]) ??
    onlyOne(origins.length === 1 ? origins.filter((origin) => hospitals.has(origin)) : []) ??
    null;
  if (named !== undefined) return { organizationId, issue: "OVERRIDE_HOSPITAL_UNKNOWN" };
  return organizationId === null ? { organizationId, issue: "USER_NO_HOSPITAL" } : { organizationId };
}

/** Finds agencies by their people's and their own addresses. */
export interface AgenciesByEmail {
  ofPerson(email: string): string | undefined;
  ofAddress(email: string): string | undefined;
  ofDomain(email: string): string | undefined;
  has(id: string): boolean;
}

/** Where everybody has an address, so that sharing the domain says nothing. */
export const publicDomains: ReadonlySet<string> = new Set([
  ...[
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "ymail.com",
    "rocketmail.com",
    "hotmail.com",
    "outlook.com",
    "live.com",
  ],
  ...["msn.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com", "gmx.com", "gmx.net"],
  ...["mail.com", "zoho.com", "yandex.com", "fastmail.com", "comcast.net", "verizon.net", "att.net", "sbcglobal.net"],
  ...["bellsouth.net", "cox.net", "charter.net", "earthlink.net", "juno.com", "optonline.net", "frontier.com"],
]);

/** @param agencies the real ones. */
export function agenciesByEmail(
  agencies: readonly LegacyTransportAgency[],
  people: readonly LegacyAgencyUser[],
): AgenciesByEmail {
  const ids = new Set(agencies.map(({ id }) => id));
  const byPerson = new Map(people.map(({ email, agencyId }) => [normalEmail(email), agencyId]));
  const byAddress = groupBy(agencies, ({ email }) => normalEmail(email));
  const byDomain = groupBy(agencies, ({ email }) => domainOf(email));
  return {
    ofPerson: (email) => [byPerson.get(normalEmail(email))].find((id) => id !== undefined && ids.has(id)),
    ofAddress: (email) => onlyOne(byAddress.get(normalEmail(email)) ?? [])?.id,
    ofDomain: (email) => {
      const domain = domainOf(email);
      return domain === "" || publicDomains.has(domain) ? undefined : onlyOne(byDomain.get(domain) ?? [])?.id;
    },
    has: (id) => ids.has(id),
  };
}

/**
 * The agency of a person of type EMS in table User (R-AGENCYUSER): what an operator said; that of the agency's user of this
 * address; the one of this address; the only one of this domain, if that is nobody's own.
 */
export function agencyOf(email: string, override: UserOverride | undefined, agencies: AgenciesByEmail): Membership {
  const named = override?.type === "EMS" ? override.agencyId : undefined;
  if (named !== undefined && agencies.has(named)) return { organizationId: named };
  const organizationId = agencies.ofPerson(email) ?? agencies.ofAddress(email) ?? agencies.ofDomain(email) ?? null;
  if (named !== undefined) return { organizationId, issue: "OVERRIDE_AGENCY_UNKNOWN" };
  return organizationId === null ? { organizationId, issue: "USER_NO_AGENCY" } : { organizationId };
}

function domainOf(email: string): string {
  const at = email.lastIndexOf("@");
  return at < 0 ? "" : normalEmail(email.slice(at + 1));
}

function onlyOne<Value>(values: readonly Value[]): Value | undefined {
  return values.length === 1 ? values[0] : undefined;
}
