import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { z } from "zod";
import type { Tx } from "#platform/database/database.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { Place } from "#platform/rpc/page.ts";
import { RouteEntity, type RouteRow } from "./route.entity.ts";
import type { Route, RouteId, RouteStatus, Waypoint } from "./route.ts";

/** Adds a route. */
export async function insertRoute(tx: Tx, { name, type, ...route }: Route): Promise<void> {
  await tx.insert(RouteEntity, {
    ...route,
    routeName: name,
    routeType: type,
    waypoints: [...route.waypoints],
    distanceMiles: route.distanceMiles ?? null,
    estimatedMinutes: route.estimatedMinutes ?? null,
    importedAt: null,
  });
}

/** Reads a route; undefined if there is none. */
export async function findRoute(em: SqlEntityManager, id: string): Promise<Route | undefined> {
  const row = await em.findOne(RouteEntity, { id: { $eq: id as RouteId } }, { disableIdentityMap: true });
  return row ? routeFromRow(row) : undefined;
}

/** Reads a route and holds its row for the rest of the transaction. */
export async function lockRoute(tx: Tx, id: string): Promise<Route | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE } as const;
  const row = await tx.findOne(RouteEntity, { id: { $eq: id as RouteId } }, options);
  return row ? routeFromRow(row) : undefined;
}

/** Saves what has changed of a route, whose row the transaction holds. */
export async function updateRoute(tx: Tx, before: Route, after: Route): Promise<void> {
  const columns = {
    routeName: after.name,
    routeType: after.type,
    // Stops that we cannot read are not among them, and stay in the row until others are named.
    ...(after.waypoints !== before.waypoints && { waypoints: [...after.waypoints] }),
    distanceMiles: after.distanceMiles ?? null,
    estimatedMinutes: after.estimatedMinutes ?? null,
    status: after.status,
    version: after.version,
    updatedAt: after.updatedAt,
  };
  const count = await tx.nativeUpdate(RouteEntity, { id: before.id, version: before.version }, columns);
  if (count !== 1) throw new Error(`route ${before.id} has changed though its row was held`);
}

/** Which routes to list. */
export interface RouteListing {
  /** Only this agency's. */
  readonly agencyId: string | undefined;
  /** Any of these; all if empty. */
  readonly statuses: readonly RouteStatus[];
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Routes by name. */
export async function listRoutes(
  em: SqlEntityManager,
  { agencyId, statuses, after, limit }: RouteListing,
): Promise<readonly Route[]> {
  const rows = await em.find(
    RouteEntity,
    {
      $and: [
        agencyId === undefined ? {} : { agencyId: agencyId as AgencyId },
        statuses.length === 0 ? {} : { status: { $in: [...statuses] } },
        after
          ? { $or: [{ routeName: { $gt: after.text } }, { routeName: after.text, id: { $gt: after.id as RouteId } }] }
          : {},
      ],
    },
    { orderBy: { routeName: "asc", id: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(routeFromRow);
}

const waypointShape = z.object({ latitude: z.number(), longitude: z.number() });

/** Stops of the former system may lack coordinates: they are kept in the row and not shown. */
function waypointsFromJson(value: unknown): readonly Waypoint[] {
  return Array.isArray(value) ? value.flatMap((entry) => waypointShape.safeParse(entry).data ?? []) : [];
}

function routeFromRow(row: RouteRow): Route {
  const { routeName, routeType, waypoints, distanceMiles, estimatedMinutes, importedAt: _, ...rest } = row;
  return {
    ...rest,
    name: routeName,
    type: routeType,
    waypoints: waypointsFromJson(waypoints),
    ...(distanceMiles && { distanceMiles }),
    ...(typeof estimatedMinutes === "number" && { estimatedMinutes }),
  };
}
