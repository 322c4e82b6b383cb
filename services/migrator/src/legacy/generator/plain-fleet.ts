import type { LegacyRoute, LegacyRouteStop, LegacyUnit, LegacyUnitAvailability } from "../legacy-rows.ts";
import { firstDay, lastDay, later } from "./calendar.ts";
import { nth } from "./dice.ts";
import type { NewRow } from "./insert-rows.ts";
import type { Keys } from "./keys.ts";
import { userIndexes } from "./plain-people.ts";
import { type RegionSize, routesPerAgency, stopsPerRoute, unitsPerAgency } from "./region-size.ts";

const levels = ["BLS", "ALS", "CCT"] as const;

/** True for units that plain trips are on: see `plainTripsSql`. */
function isOnTrip({ underway }: RegionSize, index: number): boolean {
  const trip = index / 2;
  return Number.isInteger(trip) && trip < underway && trip % 4 !== 3;
}

/** A unit, of which `over` says what matters. */
export function unitRow(
  over: Pick<LegacyUnit, "id" | "agencyId"> & Partial<NewRow<LegacyUnit>>,
  index: number,
): NewRow<LegacyUnit> {
  return {
    unitNumber: `M-${100 + index}`,
    type: nth(levels, index),
    capabilities: ["Oxygen", "Stretcher"],
    currentStatus: "AVAILABLE",
    currentLocation: index % 3 === 0 ? null : { lat: 40.5, lng: -78.4 },
    shiftStart: later(lastDay, -360),
    shiftEnd: later(lastDay, 360),
    isActive: true,
    createdAt: later(firstDay, index * 11 + 3),
    updatedAt: later(lastDay, -index),
    ...over,
  };
}

/** The agencies' units. */
export function plainUnits(size: RegionSize, keys: Keys): readonly NewRow<LegacyUnit>[] {
  return Array.from({ length: size.units }, (_, index) => {
    const agencyId = keys.of("TransportAgency", Math.floor(index / unitsPerAgency));
    const currentStatus = isOnTrip(size, index) ? "IN_USE" : "AVAILABLE";
    return unitRow({ id: keys.of("Unit", index), agencyId, currentStatus }, index);
  });
}

/** When a unit is there, of which `over` says what matters. */
export function availabilityRow(
  over: Pick<LegacyUnitAvailability, "id" | "unitId"> & Partial<NewRow<LegacyUnitAvailability>>,
  index: number,
): NewRow<LegacyUnitAvailability> {
  return {
    status: "AVAILABLE",
    location: { lat: 40.5, lng: -78.4 },
    shiftStart: later(lastDay, -360),
    shiftEnd: later(lastDay, 360),
    crewMembers: [{ role: "EMT" }, { role: "Paramedic" }],
    currentAssignment: null,
    notes: null,
    lastUpdated: later(lastDay, -30),
    createdAt: later(firstDay, index * 11 + 5),
    updatedAt: later(lastDay, -30),
    ...over,
  };
}

/** One row for each unit, of the same number. */
export function plainAvailabilities(size: RegionSize, keys: Keys): readonly NewRow<LegacyUnitAvailability>[] {
  return Array.from({ length: size.units }, (_, index) => {
    const status = isOnTrip(size, index) ? "IN_USE" : "AVAILABLE";
    return availabilityRow({ id: keys.of("UnitAvailability", index), unitId: keys.of("Unit", index), status }, index);
  });
}

/** A route, of which `over` says what matters. */
export function routeRow(
  over: Pick<LegacyRoute, "id" | "agencyId" | "createdById"> & Partial<NewRow<LegacyRoute>>,
  index: number,
): NewRow<LegacyRoute> {
  return {
    routeNumber: `R-${10_000 + index}`,
    assignedUnitId: null,
    status: "PLANNED",
    totalDistanceMiles: 12.25 + (index % 60),
    estimatedTimeMinutes: 20 + (index % 90),
    emptyMilesReduction: index % 2 === 0 ? null : 4.5,
    revenueOptimizationScore: 0.75,
    chainedTripCount: index % 3,
    estimatedRevenue: 512.5,
    plannedStartTime: later(lastDay, 60),
    ...{ actualStartTime: null, completionTime: null, timeWindowStart: null, timeWindowEnd: null },
    optimizationType: index % 2 === 0 ? null : "RETURN_TRIP",
    milesSaved: 3.5,
    unitsSaved: 1,
    createdAt: later(firstDay, 9_000 + index),
    updatedAt: later(lastDay, -index),
    ...over,
  };
}

/** The agencies' routes. */
export function plainRoutes(size: RegionSize, keys: Keys): readonly NewRow<LegacyRoute>[] {
  const createdById = keys.of("User", userIndexes.ofStaff(size, 0));
  return Array.from({ length: size.routes }, (_, index) => {
    const agency = Math.floor(index / routesPerAgency);
    const assignedUnitId = index % 3 === 0 ? keys.of("Unit", agency * unitsPerAgency) : null;
    const agencyId = keys.of("TransportAgency", agency);
    return routeRow({ id: keys.of("Route", index), agencyId, createdById, assignedUnitId }, index);
  });
}

/** A stop of a route, of which `over` says what matters. */
export function stopRow(
  over: Pick<LegacyRouteStop, "id" | "routeId" | "stopOrder" | "facilityId"> & Partial<NewRow<LegacyRouteStop>>,
): NewRow<LegacyRouteStop> {
  return {
    transportRequestId: null,
    multiPatientTransportId: null,
    stopType: nth(["PICKUP", "DROPOFF", "REST"] as const, over.stopOrder),
    estimatedArrival: later(lastDay, 60 + over.stopOrder * 20),
    actualArrival: null,
    estimatedDeparture: later(lastDay, 70 + over.stopOrder * 20),
    actualDeparture: null,
    stopDuration: 10,
    notes: null,
    ...over,
  };
}

/** The stops of the routes. */
export function plainStops(size: RegionSize, keys: Keys): readonly NewRow<LegacyRouteStop>[] {
  return Array.from({ length: size.routes * stopsPerRoute }, (_, index) =>
    stopRow({
      id: keys.of("RouteStop", index),
      routeId: keys.of("Route", Math.floor(index / stopsPerRoute)),
      stopOrder: index % stopsPerRoute,
      facilityId: keys.of("Facility", (index * 5) % size.facilities),
      transportRequestId: index % 2 === 0 && size.trips > 0 ? keys.of("TransportRequest", index % size.trips) : null,
    }),
  );
}
