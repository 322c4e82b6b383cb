import type { Role, UserType } from "#platform/auth/principal.ts";
import type { UserOverride } from "./overrides.ts";

/** What the data say about whom a person works for. */
export interface RoleEvidence {
  readonly override: UserOverride | undefined;
  /** The person has preferences among agencies, which are a hospital's. */
  readonly hasPreferences: boolean;
  /** The person registered a hospital. */
  readonly isRegistrant: boolean;
  /** The person added agencies, which Center's people do. */
  readonly hasAddedAgencies: boolean;
  readonly hasCreatedTrips: boolean;
}

/** What kind of organization a person works for, and what is doubtful about it. */
export interface RoleDecision {
  readonly type: UserType;
  readonly issue?: "ROLE_CONFLICT" | "ROLE_AMBIGUOUS";
}

/** Decides for what kind of organization a person works, from what the person did (R-ROLE). The first that holds counts. */
export function decideRole(role: string, evidence: RoleEvidence): RoleDecision {
  if (evidence.override) return { type: evidence.override.type };
  if (role === "TRANSPORT_AGENCY") return { type: "EMS" };
  const isOfHospital = evidence.hasPreferences || evidence.isRegistrant;
  if (isOfHospital && evidence.hasAddedAgencies) return { type: "CENTER", issue: "ROLE_CONFLICT" };
  if (isOfHospital) return { type: "HOSPITAL" };
  if (evidence.hasAddedAgencies) return { type: "CENTER" };
  if (evidence.hasCreatedTrips && role === "ADMIN") return { type: "HOSPITAL" };
  return { type: typeByGuide(role), issue: "ROLE_AMBIGUOUS" };
}

/** The siloing guide's own table: one type for each role, unless an operator says otherwise. */
export function decideRoleByGuide(role: string, override: UserOverride | undefined): RoleDecision {
  return { type: override?.type ?? typeByGuide(role) };
}

function typeByGuide(role: string): UserType {
  if (role === "TRANSPORT_AGENCY") return "EMS";
  return role === "HOSPITAL_COORDINATOR" ? "HOSPITAL" : "CENTER";
}

/** What a person may do, from the role in table User or AgencyUser. */
export function rolesFrom(role: string): readonly Role[] {
  if (role === "ADMIN") return ["dispatcher", "orgAdmin"];
  return role === "BILLING_STAFF" ? ["billing"] : ["dispatcher"];
}
