import type { Client, ServiceImpl } from "@connectrpc/connect";
import {
  GetTripResponseSchema,
  ListTripsResponseSchema,
  type OversightService,
} from "#gen/medport/center/v1/oversight_service_pb.ts";
import type { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { forward } from "#platform/rpc/peer.ts";

/** What the service needs. */
export interface OversightRpcDeps {
  readonly unitOfWork: UnitOfWork;
  /** Hospital, which owns trips. */
  readonly trips: Client<typeof TripService>;
}

/** Implements `medport.center.v1.OversightService`. Center has no trips of its own: each call asks Hospital. */
export function oversightRpc({ unitOfWork, trips }: OversightRpcDeps): ServiceImpl<typeof OversightService> {
  return {
    listTrips(request, context) {
      const { statuses, hospitalId, agencyId, pageSize, pageToken } = request;
      return unitOfWork.read(context, request, ListTripsResponseSchema, async (work) => {
        const filter = { statuses, hospitalId, assignedAgencyId: agencyId };
        // The page token is Hospital's own: it binds the same filter, and the same person behind this call.
        const answer = await trips.listTrips({ filter, pageSize, pageToken }, forward(context));
        for (const { id } of answer.trips) work.touched("trip", id);
        return { trips: answer.trips, nextPageToken: answer.nextPageToken };
      });
    },

    getTrip(request, context) {
      const { tripId } = request;
      return unitOfWork.read(context, request, GetTripResponseSchema, async (work) => {
        work.touched("trip", tripId);
        const options = forward(context);
        const [{ trip }, { entries }] = await Promise.all([
          trips.getTrip({ tripId }, options),
          trips.listTripHistory({ tripId }, options),
        ]);
        return { ...(trip && { trip }), history: entries };
      });
    },
  };
}
