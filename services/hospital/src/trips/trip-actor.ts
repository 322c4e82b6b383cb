/** Who acts on a trip, or looks at it. The organization comes from the verified token. */
export type TripActor =
  | { readonly type: "HOSPITAL"; readonly userId: string; readonly hospitalId: string }
  | { readonly type: "EMS"; readonly userId: string; readonly agencyId: string; readonly reach: AgencyReach }
  | { readonly type: "CENTER"; readonly userId: string };

/** What is open to an agency: trips that begin in these counties, as long as it takes part. */
export interface AgencyReach {
  readonly isActive: boolean;
  /** In lower case. */
  readonly counties: readonly string[];
}

/** The reach of an agency that we have not heard of. */
export const noReach: AgencyReach = { isActive: false, counties: [] };

const countyPrefix = "county:";
const unknownCounty = "";

/**
 * The counties in an agency's service area, whose entries read county:Blair; other entries say nothing to us. Of places of
 * the former system nobody may know the county, which is empty then: every agency serves them.
 */
export function countiesServed(serviceArea: readonly string[]): readonly string[] {
  const named = serviceArea
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry.startsWith(countyPrefix))
    .map((entry) => entry.slice(countyPrefix.length).trim());
  return [...named, unknownCounty];
}

/** True if trips that begin in this county are open to the agency. */
export function reaches({ isActive, counties }: AgencyReach, county: string): boolean {
  return isActive && counties.includes(county.trim().toLowerCase());
}
