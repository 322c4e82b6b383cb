import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AnalyticsService,
  type CountTripsRequest,
  CountTripsResponseSchema,
  type DurationSummarySchema,
} from "#gen/medport/center/v1/analytics_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import {
  countTripFacts,
  type DurationFigures,
  factsChangedAt,
  summarizeTripDurations,
  type TripFactFilter,
} from "./trip-fact.store.ts";
import { priorities, transportLevels, tripStatuses } from "./trip-fact.ts";

/** What the service needs. */
export interface AnalyticsRpcDeps {
  readonly unitOfWork: UnitOfWork;
  /** Until when the facts say what Hospital told; undefined as long as nobody has been heard. */
  readonly lastHeard: () => Date | undefined;
}

/** Implements `medport.center.v1.AnalyticsService`. */
export function analyticsRpc({ unitOfWork, lastHeard }: AnalyticsRpcDeps): ServiceImpl<typeof AnalyticsService> {
  return {
    countTrips(request, context) {
      return unitOfWork.read(context, request, CountTripsResponseSchema, async ({ tx }) => {
        const filter = { ...timesOf(request), ...ownersOf(request, userOf(context)) };
        const counts = await countTripFacts(tx, filter);
        const durations = await summarizeTripDurations(tx, filter);
        const asOf = lastHeard() ?? (await factsChangedAt(tx));
        const count = (of: ReadonlyMap<string, number>, name: string): bigint => BigInt(of.get(name) ?? 0);
        return {
          total: BigInt(counts.total),
          byStatus: tripStatuses.map((name) => ({
            status: TransportStatus[name],
            count: count(counts.byStatus, name),
          })),
          byTransportLevel: transportLevels.map((name) => ({
            transportLevel: TransportLevel[name],
            count: count(counts.byTransportLevel, name),
          })),
          byPriority: priorities.map((name) => ({ priority: Priority[name], count: count(counts.byPriority, name) })),
          timeToAccept: durationMessage(durations.toAccept),
          timeToPickup: durationMessage(durations.toPickup),
          timeToComplete: durationMessage(durations.toComplete),
          ...(asOf && { asOfTime: timestampFromDate(asOf) }),
        };
      });
    },
  };
}

/** Whose trips are counted: the own organization's, whatever is asked for, unless Center asks. */
function ownersOf({ hospitalId, agencyId }: CountTripsRequest, user: UserIdentity): TripFactFilter {
  const { userType, organizationId } = user;
  if (userType === "CENTER") return { ...(hospitalId && { hospitalId }), ...(agencyId && { agencyId }) };
  const asked = userType === "HOSPITAL" ? { own: hospitalId, other: agencyId } : { own: agencyId, other: hospitalId };
  if (organizationId === undefined || asked.other !== "" || ![organizationId, ""].includes(asked.own)) {
    throw refuse(Reason.ACTION_NOT_ALLOWED, "only the own organization's trips can be counted");
  }
  return userType === "HOSPITAL" ? { hospitalId: organizationId } : { agencyId: organizationId };
}

function timesOf({ fromTime, untilTime }: CountTripsRequest): TripFactFilter {
  const dateOf = (time: Timestamp | undefined): Date | undefined => time && timestampDate(time);
  const [from, until] = [dateOf(fromTime), dateOf(untilTime)];
  return { ...(from && { from }), ...(until && { until }) };
}

function durationMessage({ count, ...seconds }: DurationFigures): MessageInitShape<typeof DurationSummarySchema> {
  return { count: BigInt(count), ...seconds };
}
