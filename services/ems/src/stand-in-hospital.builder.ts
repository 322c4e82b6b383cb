import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { TripStateSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import {
  ClaimLostReason,
  ClaimOutcome,
  type ClaimTripRequest,
  type SetTripUnitRequest,
  TripClaimService,
  type ClaimTripResponseSchema,
} from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { type ListTripsRequest, TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { AwardPolicy, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import type { TestKeys } from "#platform/auth/auth.builder.ts";
import { type Caller, callerOf } from "#platform/auth/caller.ts";
import type { Clock } from "#platform/clock.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { startRpcServer } from "#platform/rpc/server.ts";

/** A trip as the stand-in has it; the version counts its changes as Hospital's does. */
export type StandInTrip = Exclude<MessageInitShape<typeof TripStateSchema>, { readonly $typeName: string }> & {
  tripId: string;
  status: TransportStatus;
  materialVersion: bigint;
  version: number;
};

type ClaimAnswer = Exclude<MessageInitShape<typeof ClaimTripResponseSchema>, { readonly $typeName: string }>;
type Method = "claimTrip" | "resolveClaim" | "setTripUnit" | "listTrips";

/** Hospital as far as EMS calls it: trips in a table, claims decided as Hospital decides them. */
export interface StandInHospital extends AsyncDisposable {
  readonly address: string;
  readonly trips: Map<string, StandInTrip>;
  readonly claims: Map<string, ClaimAnswer>;
  /** Every call that arrived, and who made it. */
  readonly calls: { readonly method: Method; readonly caller: Caller }[];
  /** What happens to calls; by default they are answered. Throw before `proceed` to lose the call, after it to lose the answer. */
  script: (method: Method, proceed: () => unknown) => unknown;
}

/** Answers calls. */
export const answering: StandInHospital["script"] = (_method, proceed) => proceed();

/** Loses every call of these methods before it takes effect. */
export const losingCalls =
  (...methods: readonly Method[]): StandInHospital["script"] =>
  (method, proceed) => {
    if (methods.includes(method)) throw new Error("the call was lost");
    return proceed();
  };

/** Lets calls of these methods take effect and loses the answer. */
export const losingAnswers =
  (...methods: readonly Method[]): StandInHospital["script"] =>
  (method, proceed) => {
    const answer = proceed();
    if (methods.includes(method)) throw new Error("the answer was lost");
    return answer;
  };

/** Starts the stand-in; it checks tokens and policies as the real one does. */
export async function startStandInHospital(keys: TestKeys, clock: Clock): Promise<StandInHospital> {
  const state = {
    trips: new Map<string, StandInTrip>(),
    claims: new Map<string, ClaimAnswer>(),
    calls: [] as StandInHospital["calls"],
    script: answering,
  };
  const scripted = async <T>(method: Method, context: HandlerContext, proceed: () => T): Promise<T> => {
    state.calls.push({ method, caller: callerOf(context) });
    return (await state.script(method, proceed)) as T;
  };
  const server = await startRpcServer({
    service: "hospital",
    host: "127.0.0.1",
    port: 0,
    routes: (router) => {
      router.service(TripClaimService, {
        claimTrip: (request, context) =>
          scripted("claimTrip", context, () => {
            if (!callerOf(context).user) assertClosed(state, request, clock());
            return claim(state, request);
          }),
        resolveClaim: ({ attemptId }, context) =>
          scripted("resolveClaim", context, () => {
            const known = state.claims.get(attemptId);
            if (known) return known;
            state.claims.set(attemptId, { outcome: ClaimOutcome.ABANDONED });
            return { outcome: ClaimOutcome.ABANDONED };
          }),
        setTripUnit: (request, context) => scripted("setTripUnit", context, () => setTripUnit(state, request)),
      });
      router.service(TripService, {
        listTrips: (request, context) => scripted("listTrips", context, () => list(state, request)),
      });
    },
    authenticator: await keys.authenticator("hospital"),
    health: { statuses: () => new Map([["", "SERVING"]]), onChange: () => () => undefined },
    audit: { record: () => Promise.resolve() },
    log: createMemoryLog("hospital").log,
    drainMs: 0,
  });
  const address = `${server.address.host}:${server.address.port}`;
  return Object.assign(state, { address, [Symbol.asyncDispose]: () => server.close() });
}

/** What Hospital demands where nobody is behind a claim. */
function assertClosed({ trips }: Pick<StandInHospital, "trips">, { tripId, bidId }: ClaimTripRequest, now: Date): void {
  const { awardPolicy, biddingCloseTime } = trips.get(tripId) ?? {};
  const closesAt = biddingCloseTime && timestampDate(create(TimestampSchema, biddingCloseTime));
  if (bidId === "") throw refuse(Reason.VALIDATION_FAILED, "no bid was chosen");
  if (awardPolicy === AwardPolicy.MANUAL || awardPolicy === AwardPolicy.FIRST_ACCEPT) {
    throw refuse(Reason.AWARD_POLICY_MISMATCH, "a person awards");
  }
  if (!closesAt || closesAt > now) throw refuse(Reason.INVALID_STATE_TRANSITION, "bidding is still open");
}

function claim({ trips, claims }: Pick<StandInHospital, "trips" | "claims">, request: ClaimTripRequest): ClaimAnswer {
  const known = claims.get(request.attemptId);
  if (known) return known;
  const trip = trips.get(request.tripId);
  if (!trip) throw refuse(Reason.RESOURCE_NOT_FOUND, "no such trip");
  const answer = decide(trip, request);
  claims.set(request.attemptId, answer);
  return answer;
}

function decide(trip: StandInTrip, request: ClaimTripRequest): ClaimAnswer {
  const lost = (lostReason: ClaimLostReason): ClaimAnswer => ({ outcome: ClaimOutcome.LOST, lostReason });
  if (trip.status === TransportStatus.CANCELLED) return lost(ClaimLostReason.CANCELLED);
  if (trip.status !== TransportStatus.PENDING) return lost(ClaimLostReason.ALREADY_ASSIGNED);
  if (trip.materialVersion !== request.seenMaterialVersion) return lost(ClaimLostReason.CHANGED);
  trip.version += 1;
  Object.assign(trip, {
    status: TransportStatus.ASSIGNED,
    assignedAgencyId: request.agencyId,
    assignedUnitId: request.unitId,
    acceptedAttemptId: request.attemptId,
  });
  return { outcome: ClaimOutcome.WON, tripVersion: BigInt(trip.version) };
}

function setTripUnit({ trips }: Pick<StandInHospital, "trips">, request: SetTripUnitRequest): { tripVersion: bigint } {
  const trip = trips.get(request.tripId);
  if (!trip) throw refuse(Reason.RESOURCE_NOT_FOUND, "no such trip");
  if (trip.assignedUnitId !== request.unitId) {
    const isExpected = (trip.assignedUnitId ?? "") === request.previousUnitId;
    if (trip.status !== TransportStatus.ASSIGNED || !isExpected) {
      throw refuse(Reason.INVALID_STATE_TRANSITION, "not assigned, or to another unit");
    }
    trip.assignedUnitId = request.unitId;
    trip.version += 1;
  }
  return { tripVersion: BigInt(trip.version) };
}

/** Two to a page, the newest first, so that whoever wants the most urgent must read them all. */
function list({ trips }: Pick<StandInHospital, "trips">, { filter, pageToken }: ListTripsRequest) {
  const found = [...trips.values()]
    .filter(({ status }) => filter?.statuses.includes(status))
    .filter((trip) => !filter?.assignedAgencyId || trip.assignedAgencyId === filter.assignedAgencyId)
    .toReversed();
  const start = Number(pageToken || 0);
  const page = found
    .slice(start, start + 2)
    .map(({ tripId, version, ...trip }) => ({ ...trip, id: tripId, version: BigInt(version) }));
  return { trips: page, nextPageToken: start + 2 < found.length ? String(start + 2) : "" };
}
