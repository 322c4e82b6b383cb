import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AnalyticsService,
  type CountTripsRequest,
  CountTripsResponseSchema,
} from "#gen/medport/center/v1/analytics_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { Priority, TransportLevel } from "#gen/medport/transport/v1/trip_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { systemSettingsFrom } from "#platform/system-settings.ts";
import { listConfigurations } from "../configuration/configuration.store.ts";
import { messageFromCounts, messageFromDurations } from "./analytics.message.ts";
import { countTripFacts, summarizeTripDurations } from "./trip-count.store.ts";
import type { TripCountFilter } from "./trip-count.ts";
import { factsChangedAt } from "./trip-fact.store.ts";
import { priorities, transportLevels } from "./trip-fact.ts";

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
      return unitOfWork.read(context, request, CountTripsResponseSchema, async ({ tx, now }) => {
        const filter = { ...kindsOf(request), ...timesOf(request), ...ownersOf(request, userOf(context)) };
        const set = (await listConfigurations(tx)).filter(({ isDefault }) => !isDefault);
        const { slaTargetPercent } = systemSettingsFrom(set);
        const [counts, durations] = await Promise.all([
          countTripFacts(tx, filter, now),
          summarizeTripDurations(tx, filter),
        ]);
        const asOf = lastHeard() ?? (await factsChangedAt(tx));
        return {
          ...messageFromCounts(counts, slaTargetPercent),
          ...messageFromDurations(durations),
          ...(asOf && { asOfTime: timestampFromDate(asOf) }),
        };
      });
    },
  };
}

type Owners = Pick<TripCountFilter, "hospitalId" | "agencyId">;

/** Whose trips are counted: the own organization's, whatever is asked for, unless Center asks. */
function ownersOf({ hospitalId, agencyId }: CountTripsRequest, user: UserIdentity): Owners {
  const { userType, organizationId } = user;
  if (userType === "CENTER") return { ...(hospitalId && { hospitalId }), ...(agencyId && { agencyId }) };
  const asked = userType === "HOSPITAL" ? { own: hospitalId, other: agencyId } : { own: agencyId, other: hospitalId };
  if (organizationId === undefined || asked.other !== "" || ![organizationId, ""].includes(asked.own)) {
    throw refuse(Reason.ACTION_NOT_ALLOWED, "only the own organization's trips can be counted");
  }
  return userType === "HOSPITAL" ? { hospitalId: organizationId } : { agencyId: organizationId };
}

function timesOf({ fromTime, untilTime }: CountTripsRequest): Pick<TripCountFilter, "from" | "until"> {
  const dateOf = (time: Timestamp | undefined): Date | undefined => time && timestampDate(time);
  const [from, until] = [dateOf(fromTime), dateOf(untilTime)];
  return { ...(from && { from }), ...(until && { until }) };
}

function kindsOf(request: CountTripsRequest): Pick<TripCountFilter, "transportLevels" | "priorities"> {
  return {
    transportLevels: transportLevels.filter((name) => request.transportLevels.includes(TransportLevel[name])),
    priorities: priorities.filter((name) => request.priorities.includes(Priority[name])),
  };
}
