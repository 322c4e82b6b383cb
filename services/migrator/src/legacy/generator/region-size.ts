/** How much there is of everything in an old database. */
export interface RegionSize {
  /** Trips without oddities. */
  readonly trips: number;
  readonly hospitals: number;
  /** Hospitals, which come first, and other places: two for each. */
  readonly facilities: number;
  readonly agencies: number;
  readonly units: number;
  readonly agencyUsers: number;
  /** Center's people. */
  readonly staff: number;
  readonly routes: number;
  /** Trips that an agency has and that are not over. */
  readonly underway: number;
  /** Trips that wait for an agency. */
  readonly waiting: number;
}

/** For each hospital: one who registered it, an administrator, and a coordinator who prefers agencies. */
export const usersPerHospital = 3;
/** How many units an agency has. */
export const unitsPerAgency = 8;
/** How many people of an agency have an account. */
export const usersPerAgency = 3;
/** How many routes an agency has. */
export const routesPerAgency = 2;
/** How many stops a route has. */
export const stopsPerRoute = 3;
/** How many bids a trip has at most. */
export const bidsPerTrip = 4;

/** A region that could make so many trips. */
export function regionSizeFor(trips: number): RegionSize {
  const hospitals = between(4, Math.ceil(trips / 600), 400);
  const agencies = between(4, Math.ceil(trips / 1_000), 200);
  const units = agencies * unitsPerAgency;
  return {
    ...{ trips, hospitals, agencies, units },
    facilities: hospitals * 3,
    agencyUsers: agencies * usersPerAgency,
    staff: between(3, Math.ceil(agencies / 10), 20),
    routes: agencies * routesPerAgency,
    underway: Math.min(Math.floor(trips / 40), units / 2),
    waiting: Math.floor(trips / 40),
  };
}

function between(least: number, wanted: number, most: number): number {
  return Math.min(Math.max(least, wanted), most);
}
