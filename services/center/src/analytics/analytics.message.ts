import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  CountTripsResponseSchema,
  DurationSummarySchema,
  OrganizationCountSchema,
  SlaSummarySchema,
} from "#gen/medport/center/v1/analytics_service_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import {
  compliancePercent,
  type DurationFigures,
  type OrganizationTrips,
  type PromiseCounts,
  type TripCounts,
  type TripDurations,
} from "./trip-count.ts";
import { priorities, transportLevels, tripStatuses } from "./trip-fact.ts";

/** How many trips there are, as messages carry it. @param targetPercent the share of kept promises that is aimed at. */
export function messageFromCounts(counts: TripCounts, targetPercent: number): Omit<Fields, "asOfTime"> {
  const count = (of: ReadonlyMap<string, number>, name: string): bigint => BigInt(of.get(name) ?? 0);
  return {
    total: BigInt(counts.total),
    byStatus: tripStatuses.map((name) => ({ status: TransportStatus[name], count: count(counts.byStatus, name) })),
    byTransportLevel: transportLevels.map((name) => ({
      transportLevel: TransportLevel[name],
      count: count(counts.byTransportLevel, name),
    })),
    byPriority: priorities.map((name) => ({ priority: Priority[name], count: count(counts.byPriority, name) })),
    byHospital: counts.byHospital.map((organization) => organizationMessage(organization, targetPercent)),
    byAgency: counts.byAgency.map((organization) => organizationMessage(organization, targetPercent)),
    slaAssign: slaMessage(counts.assign, targetPercent),
    slaPickup: slaMessage(counts.pickup, targetPercent),
  };
}

/** How long trips took, as messages carry it. */
export function messageFromDurations(
  durations: TripDurations,
): Pick<Fields, "timeToAccept" | "timeToPickup" | "timeToComplete"> {
  return {
    timeToAccept: durationMessage(durations.toAccept),
    timeToPickup: durationMessage(durations.toPickup),
    timeToComplete: durationMessage(durations.toComplete),
  };
}

type Fields = Exclude<MessageInitShape<typeof CountTripsResponseSchema>, { readonly $typeName: string }>;

function organizationMessage(
  { organizationId, count, completed, pickup }: OrganizationTrips,
  targetPercent: number,
): MessageInitShape<typeof OrganizationCountSchema> {
  return {
    organizationId,
    count: BigInt(count),
    completed: BigInt(completed),
    slaPickup: slaMessage(pickup, targetPercent),
  };
}

function slaMessage(counts: PromiseCounts, targetPercent: number): MessageInitShape<typeof SlaSummarySchema> {
  return {
    met: BigInt(counts.met),
    missed: BigInt(counts.missed),
    running: BigInt(counts.running),
    compliancePercent: compliancePercent(counts),
    targetPercent,
  };
}

function durationMessage({ count, ...seconds }: DurationFigures): MessageInitShape<typeof DurationSummarySchema> {
  return { count: BigInt(count), ...seconds };
}
