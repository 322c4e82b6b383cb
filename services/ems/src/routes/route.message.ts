import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type CreateRouteRequest,
  RouteDetailsSchema,
  type RouteSchema,
  RouteStatus as ProtoRouteStatus,
  RouteType as ProtoRouteType,
  type UpdateRouteRequest,
} from "#gen/medport/ems/v1/route_service_pb.ts";
import type { Coordinates } from "#gen/medport/transport/v1/trip_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import {
  type NewRoute,
  type Route,
  type RouteDetails,
  type RouteStatus,
  routeStatuses,
  type RouteType,
  routeTypes,
  type Waypoint,
} from "./route.ts";

/** The status that a message means; undefined if unspecified or unknown to this version. */
export function routeStatusFromProto(value: number): RouteStatus | undefined {
  return routeStatuses.find((status) => ProtoRouteStatus[status] === value);
}

/** What a request tells of a new route. @throws Refusal VALIDATION_FAILED. */
export function newRouteFrom(request: CreateRouteRequest): Omit<NewRoute, "id" | "agencyId"> {
  const { name, waypoints } = request;
  return { name, type: typeFrom(request.type), waypoints: waypoints.map(waypointFrom), ...lengthFrom(request) };
}

/** The details that a request makes of a route's: what its mask does not name stays as it is. @throws as `newRouteFrom`. */
export function changedDetailsFrom(route: Route, { details, updateMask }: UpdateRouteRequest): RouteDetails {
  const fields = maskedFields(RouteDetailsSchema, updateMask);
  if (!details) throw refuse(Reason.VALIDATION_FAILED, "details are missing");
  const distance = fields.has("distanceMiles") ? lengthFrom(details).distanceMiles : route.distanceMiles;
  const minutes = fields.has("estimatedMinutes") ? lengthFrom(details).estimatedMinutes : route.estimatedMinutes;
  return {
    name: fields.has("name") ? details.name : route.name,
    type: fields.has("type") ? typeFrom(details.type) : route.type,
    waypoints: fields.has("waypoints") ? details.waypoints.map(waypointFrom) : route.waypoints,
    ...(distance !== undefined && { distanceMiles: distance }),
    ...(minutes !== undefined && { estimatedMinutes: minutes }),
    status: fields.has("status") ? statusFrom(details.status) : route.status,
  };
}

/** A route as messages carry it. */
export function messageFromRoute(route: Route): MessageInitShape<typeof RouteSchema> {
  const { id, agencyId, name, type, waypoints, distanceMiles, estimatedMinutes, status, version } = route;
  return {
    ...{ id, agencyId, name },
    type: ProtoRouteType[type],
    waypoints: waypoints.map((waypoint) => ({ ...waypoint })),
    distanceMiles: distanceMiles ?? "",
    estimatedMinutes: estimatedMinutes ?? 0,
    status: ProtoRouteStatus[status],
    etag: etagOf(version),
    createTime: timestampFromDate(route.createdAt),
    updateTime: timestampFromDate(route.updatedAt),
  };
}

function typeFrom(message: number): RouteType {
  const type = routeTypes.find((name) => ProtoRouteType[name] === message);
  if (!type) throw refuse(Reason.VALIDATION_FAILED, "the route has no type that this version knows");
  return type;
}

function statusFrom(message: number): RouteStatus {
  const status = routeStatusFromProto(message);
  if (!status) throw refuse(Reason.VALIDATION_FAILED, "the route has no status that this version knows");
  return status;
}

function waypointFrom({ latitude, longitude }: Coordinates): Waypoint {
  return { latitude, longitude };
}

/** Decimal miles get two places, as the database keeps them; what is empty, or zero minutes, is not known. */
function lengthFrom({
  distanceMiles,
  estimatedMinutes,
}: Pick<CreateRouteRequest, "distanceMiles" | "estimatedMinutes">): Pick<Route, "distanceMiles" | "estimatedMinutes"> {
  return {
    ...(distanceMiles !== "" && { distanceMiles: Number(distanceMiles).toFixed(2) }),
    ...(estimatedMinutes !== 0 && { estimatedMinutes }),
  };
}
