import { randomBytes } from "node:crypto";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import {
  CancelTripResponseSchema,
  CompleteTripResponseSchema,
  type CreateTripRequest,
  CreateTripResponseSchema,
  GetTripResponseSchema,
  ListTripHistoryResponseSchema,
  ListTripsResponseSchema,
  RecordMilestoneResponseSchema,
  StartTransportResponseSchema,
  type TripService,
} from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { type IdSource, parseId } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { hospitalActedFor } from "../hospitals/hospital.scope.ts";
import { isKnownHospital } from "../hospitals/hospital.store.ts";
import { patientIdBytes, patientIdFrom } from "./patient-id.ts";
import { findPlace } from "./place.store.ts";
import {
  awardPolicyFromProto,
  levelFromProto,
  milestoneTypeFromProto,
  priorityFromProto,
} from "./transport.message.ts";
import { cancelTrip, createTrip, type Decision, type Trip, type TripChange, type TripId } from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { tripActorOf } from "./trip-actor.store.ts";
import { recordTripChange } from "./trip.events.ts";
import { listTripsPage } from "./trip-list.rpc.ts";
import { messageFromHistoryLine, messageFromTrip } from "./trip.message.ts";
import { completeTrip, recordMilestone, type Report, startTransport } from "./trip-progress.ts";
import { grantedOrThrow } from "./trip.refusal.ts";
import { relationTo, type TripRelation } from "./trip-scope.ts";
import { findTrip, listTripHistory, lockTrip, nextTripNumber } from "./trip.store.ts";

export interface TripRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
  /** Bytes from a cryptographic generator. */
  readonly random?: (size: number) => Uint8Array;
}

/** Implements `medport.hospital.v1.TripService`. */
export function tripRpc({ unitOfWork, newId, random = randomBytes }: TripRpcDeps): ServiceImpl<typeof TripService> {
  return {
    createTrip: (request, context) =>
      unitOfWork.write(context, request, CreateTripResponseSchema, async (work) => {
        const user = userOf(context);
        const hospitalId = await askingHospital(work, user, request.hospitalId);
        const origin = await placeOf(work, request.originFacilityId);
        const destination = await placeOf(work, request.destinationFacilityId);
        const order = {
          ...orderFromRequest(request),
          ...{ hospitalId, origin, destination, userId: user.userId, now: work.now },
          id: newTripId(newId),
          number: await nextTripNumber(work.tx),
          patientId: patientIdFrom(random(patientIdBytes)),
        };
        const change = grantedOrThrow(createTrip(order));
        await recordTripChange(work, change);
        return { trip: messageFromTrip(change.after, user.userType === "CENTER" ? "OVERSEER" : "OWNER") };
      }),

    getTrip: (request, context) =>
      unitOfWork.read(context, request, GetTripResponseSchema, async (work) => {
        const { trip, relation } = await seeTrip(work, request.tripId, await tripActorOf(work));
        return { trip: messageFromTrip(trip, relation) };
      }),

    listTrips: (request, context) =>
      unitOfWork.read(context, request, ListTripsResponseSchema, (work) => listTripsPage(work, request, context)),

    cancelTrip: (request, context) =>
      unitOfWork.write(context, request, CancelTripResponseSchema, (work) =>
        changeTrip(work, request, (trip, actor) => cancelTrip(trip, { actor, reason: request.reason, now: work.now })),
      ),

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
      const type = milestoneTypeFromProto(request.type);
      if (!type) throw refuse(Reason.VALIDATION_FAILED, "there is no such milestone");
      return unitOfWork.write(context, request, RecordMilestoneResponseSchema, (work) =>
        changeTrip(work, { ...request, etag: "" }, (trip, actor) =>
          recordMilestone(trip, { ...reportOf(work, actor, request, request.occurTime), type }),
        ),
      );
    },

    listTripHistory: (request, context) =>
      unitOfWork.read(context, request, ListTripHistoryResponseSchema, async (work) => {
        const { trip, relation } = await seeTrip(work, request.tripId, await tripActorOf(work));
        const lines = await listTripHistory(work.tx, trip.id);
        return { entries: lines.map((line) => messageFromHistoryLine(line, relation)) };
      }),
  };
}

/** Loads and holds a trip, decides, saves and tells: what every change of an existing trip has in common. */
async function changeTrip(
  work: Work,
  { tripId, etag }: { readonly tripId: string; readonly etag: string },
  decide: (trip: Trip, actor: TripActor) => Decision<TripChange>,
): Promise<{ trip: ReturnType<typeof messageFromTrip> }> {
  const actor = await tripActorOf(work);
  const { trip, relation } = await seeTrip(work, tripId, actor, lockTrip);
  assertEtag(etag, trip.version);
  const change = grantedOrThrow(decide(trip, actor));
  await recordTripChange(work, change);
  return { trip: messageFromTrip(change.after, relation) };
}

/**
 * Loads a trip that the person may know of. The audit log names it even if the person may not.
 * @throws Refusal RESOURCE_NOT_FOUND, for one that exists as for one that does not.
 */
async function seeTrip(
  work: Work,
  tripId: string,
  actor: TripActor,
  load: typeof findTrip = findTrip,
): Promise<{ trip: Trip; relation: TripRelation }> {
  work.touched("trip", tripId);
  const trip = await load(work.tx, tripId);
  const relation = trip && relationTo(trip, actor);
  if (!trip || !relation) throw notFound("trip", tripId);
  return { trip, relation };
}

function orderFromRequest(
  request: CreateTripRequest,
): Pick<Parameters<typeof createTrip>[0], "level" | "priority" | "awardPolicy" | "specialRequirements"> {
  const level = levelFromProto(request.transportLevel);
  const priority = priorityFromProto(request.priority);
  if (!level || !priority) throw refuse(Reason.VALIDATION_FAILED, "there is no such level or priority");
  const awardPolicy = awardPolicyFromProto(request.awardPolicy) ?? "MANUAL";
  return { level, priority, awardPolicy, specialRequirements: request.specialRequirements };
}

/** The hospital that asks; its own people's token vouches for it, and one that Center names must be known. */
async function askingHospital({ tx }: Work, user: UserIdentity, named: string): Promise<string> {
  const hospitalId = hospitalActedFor(user, named);
  if (user.userType === "HOSPITAL" || (await isKnownHospital(tx, hospitalId))) return hospitalId;
  throw notFound("hospital", hospitalId);
}

async function placeOf({ tx }: Work, facilityId: string): Promise<NonNullable<Awaited<ReturnType<typeof findPlace>>>> {
  const place = await findPlace(tx, facilityId);
  if (!place) throw notFound("facility", facilityId);
  return place;
}

function newTripId(newId: IdSource): TripId {
  const id = parseId<TripId>(newId());
  if (!id) throw new Error("the source of ids made one that is not an id");
  return id;
}

function reportOf(
  { now }: Work,
  actor: TripActor,
  { overrideReason }: { readonly overrideReason: string },
  occurTime: Timestamp | undefined,
): Report {
  return {
    actor,
    ...(occurTime && { occurredAt: timestampDate(occurTime) }),
    ...(overrideReason && { overrideReason }),
    now,
  };
}
