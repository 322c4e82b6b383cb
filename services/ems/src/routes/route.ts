import type { Id } from "#platform/id.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";

/** Identifies a route. */
export type RouteId = Id<"Route">;

/** What a route was made for. */
export const routeTypes = ["OPTIMIZED", "STANDARD", "EMERGENCY", "CUSTOM"] as const;

/** What a route was made for. */
export type RouteType = (typeof routeTypes)[number];

/** Whether a route is driven. */
export const routeStatuses = ["ACTIVE", "INACTIVE", "ARCHIVED"] as const;

/** Whether a route is driven. */
export type RouteStatus = (typeof routeStatuses)[number];

/** A point on the way, in degrees (WGS 84). */
export interface Waypoint {
  readonly latitude: number;
  readonly longitude: number;
}

/** A way that an agency drives often. */
export interface Route {
  readonly id: RouteId;
  readonly agencyId: AgencyId;
  readonly name: string;
  readonly type: RouteType;
  readonly waypoints: readonly Waypoint[];
  /** Decimal miles with two places. */
  readonly distanceMiles?: string;
  readonly estimatedMinutes?: number;
  readonly status: RouteStatus;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an agency tells of a new route. */
export type NewRoute = Pick<
  Route,
  "id" | "agencyId" | "name" | "type" | "waypoints" | "distanceMiles" | "estimatedMinutes"
>;

/** A route that is driven from now on. */
export function newRoute(route: NewRoute, now: Date): Route {
  return { ...route, status: "ACTIVE", version: 1, createdAt: now, updatedAt: now };
}

/** What may change about a route. */
export type RouteDetails = Pick<Route, "name" | "type" | "waypoints" | "distanceMiles" | "estimatedMinutes" | "status">;

/** The route with other details; the very same one if they are what it has. One that is ARCHIVED stays as it is. */
export function withDetails(route: Route, details: RouteDetails, now: Date): Decision<Route> {
  if (details.name.trim() === "") return refused("VALIDATION_FAILED", "a route has a name");
  // Stops of the former system that we cannot read are not counted against it.
  const hasNewWay = details.waypoints !== route.waypoints;
  if (hasNewWay && details.waypoints.length < 2) return refused("VALIDATION_FAILED", "a route has two points at least");
  if (sameDetails(route, details)) return granted(route);
  if (route.status === "ARCHIVED") return refused("INVALID_STATE_TRANSITION", "an archived route stays as it is");
  const { distanceMiles: _, estimatedMinutes: __, ...rest } = route;
  return granted({ ...rest, ...details, version: route.version + 1, updatedAt: now });
}

function sameDetails(one: RouteDetails, other: RouteDetails): boolean {
  return (
    one.name === other.name &&
    one.type === other.type &&
    one.status === other.status &&
    one.distanceMiles === other.distanceMiles &&
    one.estimatedMinutes === other.estimatedMinutes &&
    one.waypoints.length === other.waypoints.length &&
    one.waypoints.every((waypoint, index) => samePoint(waypoint, other.waypoints[index]))
  );
}

function samePoint(one: Waypoint, other: Waypoint | undefined): boolean {
  return one.latitude === other?.latitude && one.longitude === other.longitude;
}
