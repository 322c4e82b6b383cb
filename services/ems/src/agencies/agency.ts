import type { Id } from "#platform/id.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";

/** Identifies an agency, in all silos. */
export type AgencyId = Id<"Agency">;

/** Whether an agency takes part; PENDING is registered and not yet approved. */
export const agencyStatuses = ["ACTIVE", "INACTIVE", "PENDING"] as const;

/** Whether an agency takes part. */
export type AgencyStatus = (typeof agencyStatuses)[number];

/** What an agency charges if nothing else is agreed; amounts are decimal US dollars. */
export interface Pricing {
  /** By transport level. */
  readonly baseFares: Readonly<Record<string, string>>;
  /** Empty if none is named. */
  readonly perMile: string;
}

/** What an agency tells of itself. */
export interface AgencyProfile {
  readonly name: string;
  readonly contactName: string;
  readonly phone: string;
  readonly email: string;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly serviceArea: readonly string[];
  readonly operatingHours: string;
  readonly capabilities: readonly string[];
  readonly pricing?: Pricing;
}

/** An ambulance agency. EMS owns it, its status included. */
export interface Agency extends AgencyProfile {
  readonly id: AgencyId;
  readonly isActive: boolean;
  readonly status: AgencyStatus;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Whether anything is offered to the agency at all. */
export function takesPart({ isActive, status }: Agency): boolean {
  return isActive && status === "ACTIVE";
}

const countyPrefix = "county:";
const unknownCounty = "";

/**
 * The counties in a service area, in lower case. Entries read county:Blair; others say nothing to us. Of places of the
 * former system nobody may know the county, which is empty then: all serve them.
 */
export function countiesServed(serviceArea: readonly string[]): readonly string[] {
  const named = serviceArea
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry.startsWith(countyPrefix))
    .map((entry) => entry.slice(countyPrefix.length).trim());
  return [...named, unknownCounty];
}

/** True if trips that begin in this county concern the agency. */
export function serves({ serviceArea }: AgencyProfile, county: string): boolean {
  return countiesServed(serviceArea).includes(county.trim().toLowerCase());
}

/** True if the agency is what a command to create it describes. */
export function isAsRegistered(agency: Agency, profile: AgencyProfile, status: AgencyStatus): boolean {
  return agency.status === status && sameProfile(agency, profile);
}

/** What an agency may leave empty, and nothing else. */
const mayBeEmpty: readonly string[] = ["serviceArea", "capabilities", "pricing"] satisfies (keyof AgencyProfile)[];

/** The agency with another profile; the very same one if it is the one that it has. */
export function withProfile(agency: Agency, profile: AgencyProfile, now: Date): Decision<Agency> {
  const empty = Object.entries(profile).find(([field, value]) => isEmpty(value) && !mayBeEmpty.includes(field));
  if (empty) return refused("VALIDATION_FAILED", `an agency's ${empty[0]} may not become empty`);
  if (sameProfile(agency, profile)) return granted(agency);
  const { pricing: _, ...rest } = agency;
  return granted({ ...rest, ...profile, version: agency.version + 1, updatedAt: now });
}

/**
 * The agency with another status; the very same one if it has that. Who is approved is switched on, and who is disabled
 * switched off.
 */
export function withAgencyStatus(agency: Agency, status: AgencyStatus, now: Date): Agency {
  const isActive = status === "PENDING" ? agency.isActive : status === "ACTIVE";
  if (status === agency.status && isActive === agency.isActive) return agency;
  return { ...agency, status, isActive, version: agency.version + 1, updatedAt: now };
}

function isEmpty(value: unknown): boolean {
  return typeof value === "string" && value.trim() === "";
}

function sameProfile(one: AgencyProfile, other: AgencyProfile): boolean {
  return (
    one.name === other.name &&
    one.contactName === other.contactName &&
    one.phone === other.phone &&
    one.email === other.email &&
    one.address === other.address &&
    one.city === other.city &&
    one.state === other.state &&
    one.zipCode === other.zipCode &&
    one.operatingHours === other.operatingHours &&
    sameList(one.serviceArea, other.serviceArea) &&
    sameList(one.capabilities, other.capabilities) &&
    samePricing(one.pricing, other.pricing)
  );
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((entry, index) => entry === other[index]);
}

function samePricing(one: Pricing | undefined, other: Pricing | undefined): boolean {
  if (!one || !other) return one === other;
  const levels = Object.keys(one.baseFares);
  return (
    one.perMile === other.perMile &&
    levels.length === Object.keys(other.baseFares).length &&
    levels.every((level) => one.baseFares[level] === other.baseFares[level])
  );
}
