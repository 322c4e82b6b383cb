import { randomBytes } from "node:crypto";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AbortTripResponseSchema,
  AmendTripResponseSchema,
  CancelTripResponseSchema,
  CompleteTripResponseSchema,
  ConsentToTripResponseSchema,
  CreateTripResponseSchema,
  ListTripHistoryResponseSchema,
  PauseSlaResponseSchema,
  RecordMilestoneResponseSchema,
  ReleaseTripResponseSchema,
  ReopenBiddingResponseSchema,
  ResumeSlaResponseSchema,
  StartTransportResponseSchema,
  type TripService,
  UpdateTripResponseSchema,
} from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { type IdSource, parseId } from "#platform/id.ts";
import { readSystemSettings } from "../configuration/configuration.store.ts";
import { patientIdBytes, patientIdFrom } from "./patient-id.ts";
import { pauseSla, resumeSla } from "./sla-pause.ts";
import { dispositionFromProto, milestoneTypeFromProto, pauseReasonFromProto } from "./transport.message.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { reopenBidding } from "./trip-bidding.ts";
import { changeTrip } from "./trip-change.rpc.ts";
import { abortTrip, amendTrip, cancelTrip } from "./trip-ending.ts";
import { recordTripChange } from "./trip.events.ts";
import { messageFromHistoryLine, messageFromTrip } from "./trip.message.ts";
import { createTrip } from "./trip-order.ts";
import { completeTrip, recordMilestone, startTransport } from "./trip-progress.ts";
import { grantedOrThrow } from "./trip.refusal.ts";
import { consentToTrip, releaseTrip } from "./trip-release.ts";
import { askingHospital, known, orderFromRequest, placeOf, reportOf, revisionOf } from "./trip-request.rpc.ts";
import { seeTrip } from "./trip-sight.store.ts";
import { listTripHistory, nextTripNumber } from "./trip.store.ts";
import type { TripId } from "./trip.ts";
import { mayUpdate, updateTrip } from "./trip-update.ts";

export interface TripRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
  /** Bytes from a cryptographic generator. */
  readonly random?: (size: number) => Uint8Array;
}

type TripServiceImpl = ServiceImpl<typeof TripService>;

/** What of TripService others implement: how trips are looked at, as they are, as they were, and live. */
type Looking = "getTrip" | "listTrips" | "compareTrips" | "watchTrips";

/** Implements `medport.hospital.v1.TripService` but for how trips are looked at. */
export function tripRpc(deps: TripRpcDeps): Omit<TripServiceImpl, Looking> {
  return { ...orders(deps), ...awards(deps), ...progress(deps), ...endings(deps), ...history(deps) };
}

/** What is asked for. */
function orders({
  unitOfWork,
  newId,
  random = randomBytes,
}: TripRpcDeps): Pick<TripServiceImpl, "createTrip" | "updateTrip" | "reopenBidding"> {
  return {
    createTrip: (request, context) =>
      unitOfWork.write(context, request, CreateTripResponseSchema, async (work) => {
        const user = userOf(context);
        const order = {
          ...orderFromRequest(request),
          hospitalId: await askingHospital(work, user, request.hospitalId),
          origin: await placeOf(work, request.originFacilityId),
          destination: await placeOf(work, request.destinationFacilityId),
          terms: await readSystemSettings(work.tx),
          id: newTripId(newId),
          number: await nextTripNumber(work.tx),
          patientId: patientIdFrom(random(patientIdBytes)),
          ...{ userId: user.userId, now: work.now },
        };
        const change = grantedOrThrow(createTrip(order));
        await recordTripChange(work, change);
        const relation = user.userType === "CENTER" ? "OVERSEER" : "OWNER";
        return { trip: messageFromTrip(change.after, relation, work.now) };
      }),

    updateTrip: (request, context) =>
      unitOfWork.write(context, request, UpdateTripResponseSchema, (work) =>
        changeTrip(work, request, async (trip, actor) => {
          grantedOrThrow(mayUpdate(trip, actor));
          const revision = await revisionOf(work, trip, request);
          const terms = await readSystemSettings(work.tx);
          return updateTrip(trip, { actor, revision, terms, now: work.now });
        }),
      ),

    reopenBidding: (request, context) =>
      unitOfWork.write(context, request, ReopenBiddingResponseSchema, (work) =>
        changeTrip(work, request, async (trip, actor) =>
          reopenBidding(trip, { actor, terms: await readSystemSettings(work.tx), now: work.now }),
        ),
      ),
  };
}

/** Who has the trip, and what was promised about it. */
function awards({
  unitOfWork,
}: TripRpcDeps): Pick<TripServiceImpl, "consentToTrip" | "releaseTrip" | "pauseSla" | "resumeSla"> {
  return {
    consentToTrip: (request, context) =>
      unitOfWork.write(context, request, ConsentToTripResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) => consentToTrip(trip, reportOf(work, actor, request))),
      ),

    releaseTrip: (request, context) =>
      unitOfWork.write(context, request, ReleaseTripResponseSchema, (work) =>
        changeTrip(work, request, async (trip, actor) => {
          const terms = await readSystemSettings(work.tx);
          return releaseTrip(trip, { actor, reason: request.reason, terms, now: work.now });
        }),
      ),

    pauseSla: (request, context) => {
      const reason = known("reason", pauseReasonFromProto(request.reason));
      return unitOfWork.write(context, request, PauseSlaResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) => pauseSla(trip, { ...reportOf(work, actor, request), reason })),
      );
    },

    resumeSla: (request, context) =>
      unitOfWork.write(context, request, ResumeSlaResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) => resumeSla(trip, reportOf(work, actor, request))),
      ),
  };
}

/** What happens on the way. */
function progress({
  unitOfWork,
}: TripRpcDeps): Pick<TripServiceImpl, "startTransport" | "completeTrip" | "recordMilestone"> {
  return {
    startTransport: (request, context) =>
      unitOfWork.write(context, request, StartTransportResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) =>
          startTransport(trip, reportOf(work, actor, request, request.pickupTime)),
        ),
      ),

    completeTrip: (request, context) =>
      unitOfWork.write(context, request, CompleteTripResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) =>
          completeTrip(trip, reportOf(work, actor, request, request.completionTime)),
        ),
      ),

    recordMilestone: (request, context) => {
      const type = known("type", milestoneTypeFromProto(request.type));
      return unitOfWork.write(context, request, RecordMilestoneResponseSchema, (work) =>
        changeTrip(work, { ...request, etag: "" }, (trip, actor) =>
          recordMilestone(trip, { ...reportOf(work, actor, request, request.occurTime), type }),
        ),
      );
    },
  };
}

/** How a trip ends that nobody brings to its end, and what is said of it afterwards. */
function endings({ unitOfWork }: TripRpcDeps): Pick<TripServiceImpl, "cancelTrip" | "abortTrip" | "amendTrip"> {
  return {
    cancelTrip: (request, context) =>
      unitOfWork.write(context, request, CancelTripResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) => cancelTrip(trip, { actor, reason: request.reason, now: work.now })),
      ),

    abortTrip: (request, context) => {
      const disposition = known("disposition", dispositionFromProto(request.disposition));
      return unitOfWork.write(context, request, AbortTripResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) =>
          abortTrip(trip, { actor, reason: request.reason, disposition, now: work.now }),
        ),
      );
    },

    amendTrip: (request, context) =>
      unitOfWork.write(context, request, AmendTripResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) =>
          amendTrip(trip, { actor, amendment: request.amendment, now: work.now }),
        ),
      ),
  };
}

function history({ unitOfWork }: TripRpcDeps): Pick<TripServiceImpl, "listTripHistory"> {
  return {
    listTripHistory: (request, context) =>
      unitOfWork.read(context, request, ListTripHistoryResponseSchema, async (work) => {
        const { trip, relation } = await seeTrip(work, request.tripId, await tripActorOf(work));
        const lines = await listTripHistory(work.tx, trip.id);
        return { entries: lines.map((line) => messageFromHistoryLine(line, relation)) };
      }),
  };
}

function newTripId(newId: IdSource): TripId {
  const id = parseId<TripId>(newId());
  if (!id) throw new Error("the source of ids made one that is not an id");
  return id;
}
