import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { z } from "zod";
import type { Tx } from "#platform/database/database.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { Place } from "#platform/rpc/page.ts";
import { RouteEntity, type RouteRow } from "./route.entity.ts";
import type { Route, RouteId, Waypoint } from "./route.ts";

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

/** An agency's routes by name. */
export async function listRoutes(
  em: SqlEntityManager,
  { agencyId, after, limit }: { agencyId: string; after: Place | undefined; limit: number },
): Promise<readonly Route[]> {
  const rows = await em.find(
    RouteEntity,
    {
      $and: [
        { agencyId: agencyId as AgencyId },
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
