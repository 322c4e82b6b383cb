import type { Keys } from "./keys.ts";
import { plainAvailabilities, plainRoutes, plainStops, plainUnits } from "./plain-fleet.ts";
import { plainAgencyUsers, plainPreferences, plainUsers } from "./plain-people.ts";
import { plainAgencies, plainFacilities, plainServiceAreas } from "./plain-places.ts";
import type { Region } from "./region.ts";
import type { RegionSize } from "./region-size.ts";

/** People and organizations about whom there is no doubt. */
export function plainRegion(size: RegionSize, keys: Keys): Region {
  return {
    User: plainUsers(size, keys),
    Facility: plainFacilities(size, keys),
    TransportAgency: plainAgencies(size, keys),
    AgencyUser: plainAgencyUsers(size, keys),
    Unit: plainUnits(size, keys),
    UnitAvailability: plainAvailabilities(size, keys),
    ServiceArea: plainServiceAreas(size, keys),
    HospitalAgencyPreference: plainPreferences(size, keys),
    Route: plainRoutes(size, keys),
    RouteStop: plainStops(size, keys),
  };
}
