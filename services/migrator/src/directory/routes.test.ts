import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyFacility,
  aLegacyRoute,
  aLegacyRouteStop,
  fateOf,
  importedAt,
  issuesAbout,
  longAgo,
  resolved,
  rowsOf,
} from "./directory.builder.ts";

const agencies = [aLegacyAgency()];
const facilities = [aLegacyFacility({ coordinates: [40.5, -78.4] }), aLegacyFacility({ id: "f2" })];

describe("R-ROUTE", () => {
  it("moves a route with its stops, in their order", () => {
    const routeStops = [
      aLegacyRouteStop({ id: "st2", stopOrder: 2, facilityId: "f2", stopType: "DROPOFF" }),
      aLegacyRouteStop({ transportRequestId: "t1", estimatedArrival: new Date("2024-03-01T10:00:00Z") }),
    ];
    const { moved } = resolved({ agencies, facilities, routes: [aLegacyRoute()], routeStops });
    const times = { estimatedArrival: null, estimatedDeparture: null };
    expect(rowsOf(moved, "ems.route")).toEqual([
      {
        ...{ id: "r1", agency_id: "a1", route_name: "R-7", route_type: "STANDARD", status: "ACTIVE", version: 1 },
        ...{ distance_miles: "12.50", estimated_minutes: 25 },
        waypoints: [
          {
            ...{ latitude: 40.5, longitude: -78.4, stopOrder: 1, stopType: "PICKUP", facilityId: "f1", tripId: "t1" },
            ...{ ...times, estimatedArrival: "2024-03-01T10:00:00.000Z" },
          },
          { stopOrder: 2, stopType: "DROPOFF", facilityId: "f2", tripId: null, ...times },
        ],
        ...{ created_at: longAgo, updated_at: longAgo, imported_at: importedAt },
      },
    ]);
    expect(fateOf(moved, "Route", "r1")).toBe("MIGRATED");
    expect(fateOf(moved, "RouteStop", "st1")).toBe("MERGED r1 WAYPOINT");
  });

  it.each([
    ["PLANNED", "ACTIVE"],
    ["IN_PROGRESS", "ACTIVE"],
    ["OPTIMIZED", "ACTIVE"],
    ["SUGGESTED", "INACTIVE"],
    ["COMPLETED", "ARCHIVED"],
    ["CANCELLED", "ARCHIVED"],
  ] as const)("makes %s %s", (status, expected) => {
    const { moved } = resolved({ agencies, routes: [aLegacyRoute({ status, optimizationType: "TEMPORAL" })] });
    expect(rowsOf(moved, "ems.route")[0]).toMatchObject({ status: expected, route_type: "OPTIMIZED", waypoints: [] });
  });

  it.each([-1, 1e9, Number.NaN])("drops a distance of %d miles, and says so", (totalDistanceMiles) => {
    const { moved } = resolved({ agencies, routes: [aLegacyRoute({ totalDistanceMiles })] });
    expect(rowsOf(moved, "ems.route")[0]?.distance_miles).toBeNull();
    expect(issuesAbout(moved, "Route", "r1")).toEqual(["R-ROUTE DISTANCE_UNREADABLE"]);
  });

  it.each([
    [{ agencyId: "a9" }, "AGENCY_NOT_MOVED"],
    [{ id: "r 1" }, "ID_NOT_USABLE"],
  ])("leaves a route of %j in quarantine, and its stops in the archive: %s", (over, reason) => {
    const route = aLegacyRoute(over);
    const routeStops = [aLegacyRouteStop({ routeId: route.id })];
    const { moved } = resolved({ agencies, facilities, routes: [route], routeStops });
    expect(rowsOf(moved, "ems.route")).toEqual([]);
    expect(fateOf(moved, "Route", route.id)).toBe(`QUARANTINED ${reason}`);
    expect(fateOf(moved, "RouteStop", "st1")).toBe("ARCHIVED ROUTE_NOT_MOVED");
  });
});
