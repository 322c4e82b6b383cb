import type { Client, ServiceImpl } from "@connectrpc/connect";
import {
  type DispatchService,
  ListAssignedTripsResponseSchema,
  ListAssignmentsResponseSchema,
} from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import type { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import { forward } from "#platform/rpc/peer.ts";
import { momentFromKey, openPage } from "#platform/rpc/page.ts";
import { assignmentStateFromProto, messageFromAssignment } from "./assignment.message.ts";
import { listAssignments } from "./assignment.store.ts";
import { assignUnit, type AssignUnitDeps } from "./assign-unit.rpc.ts";
import { swapUnit } from "./swap-unit.rpc.ts";

export interface DispatchRpcDeps extends AssignUnitDeps {
  /** Hospital, which owns trips. */
  readonly trips: Pick<Client<typeof TripService>, "listTrips">;
}

/** Implements `medport.ems.v1.DispatchService`. */
export function dispatchRpc(deps: DispatchRpcDeps): ServiceImpl<typeof DispatchService> {
  const { unitOfWork, trips } = deps;
  return {
    assignUnit: (request, context) => assignUnit(deps, request, context),

    swapUnit: (request, context) => swapUnit(deps, request, context),

    listAssignments: (request, context) => {
      const { userType, organizationId = "" } = userOf(context);
      const agencyId = userType === "CENTER" ? undefined : organizationId;
      const states = request.states.flatMap((state) => assignmentStateFromProto(state) ?? []);
      const tripId = request.tripId || undefined;
      const page = openPage(context, request, { tripId, states: states.toSorted() });
      return unitOfWork.read(context, request, ListAssignmentsResponseSchema, async (work) => {
        const after = momentFromKey(page.after);
        const found = await listAssignments(work.tx, { agencyId, tripId, states, after, limit: page.limit });
        const { rows, nextPageToken } = page.end(found, (row) => [row.createdAt.getTime(), row.attemptId]);
        for (const { attemptId } of rows) work.touched("assignment", attemptId);
        return { assignments: rows.map(messageFromAssignment), nextPageToken };
      });
    },

    listAssignedTrips: (request, context) => {
      const { organizationId: assignedAgencyId = "" } = userOf(context);
      const { pageSize, pageToken } = request;
      const statuses = request.statuses.length > 0 ? request.statuses : openStatuses;
      return unitOfWork.read(context, request, ListAssignedTripsResponseSchema, async (work) => {
        // The page token is Hospital's own, bound there to this filter and this caller.
        const asked = { filter: { statuses, assignedAgencyId }, pageSize, pageToken };
        const answer = await trips.listTrips(asked, forward(context));
        for (const { id } of answer.trips) work.touched("trip", id);
        return { trips: answer.trips, nextPageToken: answer.nextPageToken };
      });
    },
  };
}

const openStatuses = [TransportStatus.ASSIGNED, TransportStatus.IN_PROGRESS];
