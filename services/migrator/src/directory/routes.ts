import type { LegacyRoute, LegacyRouteStop } from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import { moneyFrom } from "../rules/money.ts";
import type { Json } from "../target/target-tables.ts";
import type { DirectoryAgency, DirectoryFacility, DirectoryInput } from "./directory.ts";
import {
  archived,
  byText,
  groupBy,
  issuesOf,
  joinMoved,
  merged,
  quarantined,
  usableTime,
  whyUnusable,
} from "./moved-rows.ts";

/** What decides about routes. */
export interface RouteContext {
  readonly agencies: ReadonlyMap<string, DirectoryAgency>;
  readonly places: ReadonlyMap<string, DirectoryFacility>;
  readonly importedAt: Date;
}

/** Whether a route is driven, by the old database's words (R-ROUTE). */
const statuses: Readonly<Record<string, string>> = {
  PLANNED: "ACTIVE",
  IN_PROGRESS: "ACTIVE",
  OPTIMIZED: "ACTIVE",
  SUGGESTED: "INACTIVE",
  COMPLETED: "ARCHIVED",
  CANCELLED: "ARCHIVED",
};

/** What comes of all routes; their stops are part of them. */
export function movedRoutes({ routes, routeStops }: DirectoryInput, context: RouteContext): Moved {
  const stops = groupBy(routeStops.toSorted(byOrder), ({ routeId }) => routeId);
  const kept = new Set(routes.filter((route) => whyLost(route, context) === undefined).map(({ id }) => id));
  return joinMoved([
    ...routes.map((route) => movedRoute(route, stops.get(route.id) ?? [], context)),
    ...routeStops.map(({ id, routeId }) => {
      const source = { table: "RouteStop", pk: id };
      return kept.has(routeId) ? merged(source, routeId, "WAYPOINT") : archived(source, "ROUTE_NOT_MOVED");
    }),
  ]);
}

function byOrder(one: LegacyRouteStop, other: LegacyRouteStop): number {
  return one.stopOrder - other.stopOrder || byText(one.id, other.id);
}

function whyLost(route: LegacyRoute, { agencies }: RouteContext): string | undefined {
  const unusable = whyUnusable(route);
  if (unusable !== undefined) return unusable;
  return agencies.get(route.agencyId)?.isReal === true ? undefined : "AGENCY_NOT_MOVED";
}

function movedRoute(route: LegacyRoute, stops: readonly LegacyRouteStop[], context: RouteContext): Moved {
  const source = { table: "Route", pk: route.id };
  const reason = whyLost(route, context);
  if (reason !== undefined) return quarantined(source, reason);
  const distance = moneyFrom(route.totalDistanceMiles);
  const row = {
    agency_id: route.agencyId,
    created_at: route.createdAt,
    distance_miles: distance.value,
    estimated_minutes: route.estimatedTimeMinutes,
    id: route.id,
    imported_at: context.importedAt,
    route_name: route.routeNumber,
    route_type: route.optimizationType === null ? "STANDARD" : "OPTIMIZED",
    status: statuses[route.status] ?? "INACTIVE",
    updated_at: route.updatedAt,
    version: 1,
    waypoints: stops.map((stop) => waypointFrom(stop, context.places.get(stop.facilityId))),
  };
  const issue = distance.issue === undefined ? undefined : "DISTANCE_UNREADABLE";
  return {
    rows: [{ table: "ems.route", row }],
    verdicts: [{ ...source, fate: "MIGRATED" }],
    issues: issuesOf(source, "R-ROUTE", issue),
  };
}

/** A stop as a point on the way, if it is known where its facility is; what else was planned of it is kept beside. */
function waypointFrom(stop: LegacyRouteStop, place: DirectoryFacility | undefined): Json {
  const { coordinates } = place ?? {};
  return {
    ...(coordinates && { latitude: coordinates.latitude, longitude: coordinates.longitude }),
    stopOrder: stop.stopOrder,
    stopType: stop.stopType,
    facilityId: stop.facilityId,
    tripId: stop.transportRequestId,
    estimatedArrival: usableTime(stop.estimatedArrival)?.toISOString() ?? null,
    estimatedDeparture: usableTime(stop.estimatedDeparture)?.toISOString() ?? null,
  };
}
