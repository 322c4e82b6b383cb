import type { Id } from "#platform/id.ts";
import type { AgencyId } from "../agencies/agency.ts";

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
