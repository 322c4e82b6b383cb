import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type CreateRouteRequest,
  CreateRouteResponseSchema,
  ListRoutesResponseSchema,
  type RouteSchema,
  type RouteService,
  RouteStatus,
  RouteType as ProtoRouteType,
} from "#gen/medport/ems/v1/route_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { RouteCreatedSchema } from "#gen/medport/events/v1/route_events_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { insertRoute, listRoutes } from "./route.store.ts";
import { type NewRoute, newRoute, type Route, type RouteId, routeTypes } from "./route.ts";

export interface RouteRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** Implements `medport.ems.v1.RouteService`. */
export function routeRpc({ unitOfWork, newId }: RouteRpcDeps): ServiceImpl<typeof RouteService> {
  return {
    createRoute: (request, context) => {
      const { organizationId = "" } = userOf(context);
      return unitOfWork.write(context, request, CreateRouteResponseSchema, async (work) => {
        const agency = await findAgency(work.tx, organizationId);
        if (!agency) throw notFound("agency", organizationId);
        const wanted = { ...routeFrom(request), id: newId() as RouteId, agencyId: agency.id };
        const route = newRoute(wanted, work.now);
        await insertRoute(work.tx, route);
        const { id: routeId, agencyId, name, version } = route;
        work.emit({ schema: RouteCreatedSchema, message: { routeId, agencyId, name }, aggregateId: routeId, version });
        work.touched("route", routeId);
        return { route: messageFromRoute(route) };
      });
    },

    listRoutes: (request, context) => {
      const { organizationId: agencyId = "" } = userOf(context);
      const page = openPage(context, request, {});
      return unitOfWork.read(context, request, ListRoutesResponseSchema, async (work) => {
        const found = await listRoutes(work.tx, { agencyId, after: placeFromKey(page.after), limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        for (const { id } of rows) work.touched("route", id);
        return { routes: rows.map(messageFromRoute), nextPageToken };
      });
    },
  };
}

function routeFrom(request: CreateRouteRequest): Omit<NewRoute, "id" | "agencyId"> {
  const type = routeTypes.find((name) => ProtoRouteType[name] === request.type);
  if (!type) throw refuse(Reason.VALIDATION_FAILED, "the route has no type that this version knows");
  const { name, waypoints, distanceMiles, estimatedMinutes } = request;
  return {
    name,
    type,
    waypoints: waypoints.map(({ latitude, longitude }) => ({ latitude, longitude })),
    ...(distanceMiles !== "" && { distanceMiles: Number(distanceMiles).toFixed(2) }),
    ...(estimatedMinutes !== 0 && { estimatedMinutes }),
  };
}

function messageFromRoute(route: Route): MessageInitShape<typeof RouteSchema> {
  const { id, agencyId, name, type, waypoints, distanceMiles, estimatedMinutes, status, version } = route;
  return {
    ...{ id, agencyId, name },
    type: ProtoRouteType[type],
    waypoints: waypoints.map((waypoint) => ({ ...waypoint })),
    distanceMiles: distanceMiles ?? "",
    estimatedMinutes: estimatedMinutes ?? 0,
    status: RouteStatus[status],
    etag: etagOf(version),
    createTime: timestampFromDate(route.createdAt),
    updateTime: timestampFromDate(route.updatedAt),
  };
}
