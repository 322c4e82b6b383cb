import type { ServiceImpl } from "@connectrpc/connect";
import {
  CreateRouteResponseSchema,
  GetRouteResponseSchema,
  ListRoutesResponseSchema,
  type RouteService,
  UpdateRouteResponseSchema,
} from "#gen/medport/ems/v1/route_service_pb.ts";
import { RouteCreatedSchema, RouteUpdatedSchema } from "#gen/medport/events/v1/route_events_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { notFound } from "#platform/rpc/refusal.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { grantedOrThrow } from "../granted.ts";
import { changedDetailsFrom, messageFromRoute, newRouteFrom, routeStatusFromProto } from "./route.message.ts";
import { findRoute, insertRoute, listRoutes, lockRoute, updateRoute } from "./route.store.ts";
import { newRoute, type Route, type RouteId, withDetails } from "./route.ts";

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
        const wanted = { ...newRouteFrom(request), id: newId() as RouteId, agencyId: agency.id };
        const route = newRoute(wanted, work.now);
        await insertRoute(work.tx, route);
        tell(work, RouteCreatedSchema, route);
        return { route: messageFromRoute(route) };
      });
    },

    updateRoute: (request, context) =>
      unitOfWork.write(context, request, UpdateRouteResponseSchema, async (work) => {
        const { routeId, etag } = request;
        const before = await lockRoute(work.tx, routeId);
        if (!before || !maySee(userOf(context), before)) throw notFound("route", routeId);
        work.touched("route", routeId);
        assertEtag(etag, before.version);
        const after = grantedOrThrow(withDetails(before, changedDetailsFrom(before, request), work.now));
        // Nothing has changed, and the world must not hear of a change.
        if (after === before) return { route: messageFromRoute(before) };
        await updateRoute(work.tx, before, after);
        tell(work, RouteUpdatedSchema, after);
        return { route: messageFromRoute(after) };
      }),

    getRoute: (request, context) =>
      unitOfWork.read(context, request, GetRouteResponseSchema, async (work) => {
        const route = await findRoute(work.tx, request.routeId);
        if (!route || !maySee(userOf(context), route)) throw notFound("route", request.routeId);
        work.touched("route", route.id);
        return { route: messageFromRoute(route) };
      }),

    listRoutes: (request, context) => {
      const { userType, organizationId } = userOf(context);
      const { agencyId: wanted } = request;
      // Center may look at one agency's routes; an agency looks at its own, whatever it asks for.
      const agencyId = userType === "CENTER" ? wanted || undefined : (organizationId ?? "");
      const statuses = request.statuses.flatMap((status) => routeStatusFromProto(status) ?? []).toSorted();
      const page = openPage(context, request, { agencyId, statuses });
      return unitOfWork.read(context, request, ListRoutesResponseSchema, async (work) => {
        if (wanted !== "" && agencyId !== wanted) throw notFound("agency", wanted);
        const listing = { agencyId, statuses, after: placeFromKey(page.after), limit: page.limit };
        const { rows, nextPageToken } = page.end(await listRoutes(work.tx, listing), ({ name, id }) => [name, id]);
        for (const { id } of rows) work.touched("route", id);
        return { routes: rows.map(messageFromRoute), nextPageToken };
      });
    },
  };
}

/** An agency sees its own routes, Center all. */
function maySee({ userType, organizationId }: UserIdentity, { agencyId }: Route): boolean {
  return userType === "CENTER" || agencyId === organizationId;
}

function tell(
  work: Work,
  schema: typeof RouteCreatedSchema | typeof RouteUpdatedSchema,
  { id: routeId, agencyId, name, version }: Route,
): void {
  work.emit({ schema, message: { routeId, agencyId, name }, aggregateId: routeId, version });
  work.touched("route", routeId);
}
