import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client, ServiceImpl } from "@connectrpc/connect";
import {
  GetTripResponseSchema,
  type ListTripsRequest,
  ListTripsResponseSchema,
  type OversightService,
} from "#gen/medport/center/v1/oversight_service_pb.ts";
import type { ListTripsRequestSchema, TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
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
      return unitOfWork.read(context, request, ListTripsResponseSchema, async (work) => {
        // The page token is Hospital's own: it binds the same filter, and the same person behind this call.
        const answer = await trips.listTrips(hospitalRequest(request), forward(context));
        for (const { id } of answer.trips) work.touched("trip", id);
        return { trips: answer.trips, nextPageToken: answer.nextPageToken };
      });
    },

    getTrip(request, context) {
      const { tripId, asOfTime } = request;
      return unitOfWork.read(context, request, GetTripResponseSchema, async (work) => {
        work.touched("trip", tripId);
        const options = forward(context);
        const { trip } = await trips.getTrip({ tripId, ...(asOfTime && { asOfTime }) }, options);
        if (!trip) throw new Error("Hospital answered without the trip");
        const { entries } = await trips.listTripHistory({ tripId }, options);
        // What came after the version that is shown is not yet true of it.
        return { trip, history: entries.filter(({ version }) => version <= trip.version) };
      });
    },
  };
}

/** The same question in Hospital's words. */
function hospitalRequest(request: ListTripsRequest): MessageInitShape<typeof ListTripsRequestSchema> {
  const { requestedFromTime, requestedUntilTime, asOfTime, pageSize, pageToken, order } = request;
  return {
    filter: {
      statuses: request.statuses,
      hospitalId: request.hospitalId,
      assignedAgencyId: request.agencyId,
      transportLevels: request.transportLevels,
      priorities: request.priorities,
      tripNumber: request.tripNumber,
      ...(requestedFromTime && { requestedFromTime }),
      ...(requestedUntilTime && { requestedUntilTime }),
    },
    ...{ pageSize, pageToken, order },
    ...(asOfTime && { asOfTime }),
  };
}
