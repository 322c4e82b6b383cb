import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyId } from "../agencies/agency.ts";
import type { RouteId, RouteStatus, RouteType } from "./route.ts";

/** Routes; EMSRoute in the siloing guide, whose `distance` and `estimatedTime` name their unit here. */
export const RouteEntity = defineEntity({
  name: "Route",
  tableName: "route",
  properties: {
    id: p.text().$type<RouteId>().primary(),
    agencyId: p.text().$type<AgencyId>(),
    routeName: p.text(),
    routeType: p.text().$type<RouteType>(),
    waypoints: p.json<unknown>(),
    distanceMiles: p.decimal("string").precision(10).scale(2).nullable(),
    estimatedMinutes: p.integer().nullable(),
    status: p.text().$type<RouteStatus>(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of `route`. */
export type RouteRow = InferEntity<typeof RouteEntity>;
