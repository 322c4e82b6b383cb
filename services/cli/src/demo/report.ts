import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  MilestoneType,
  MilestoneTypeSchema,
  TransportStatus,
  TransportStatusSchema,
  type TripHistoryEntry,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { enumLabel } from "#platform/rpc/enum-label.ts";
import type { Played } from "./play.ts";
import type { Disappointment, Recorder, Step } from "./step.ts";
import type { PlayedTrip } from "./trip-to-completion.ts";

/** Milliseconds, summed up. */
export interface LatencySummary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `demo --json` prints. */
export interface DemoReport {
  readonly ok: boolean;
  /** The last trip that was played; its status is COMPLETED if all of them came to their end. */
  readonly trip: { readonly id: string; readonly number: string; readonly status: string };
  readonly trips: { readonly played: number; readonly completed: number; readonly tripsPerSecond: number };
  readonly steps: readonly {
    readonly story: string;
    readonly name: string;
    readonly silos: readonly string[];
    readonly latencyMs: LatencySummary;
  }[];
  /** From the commit of a trip in Hospital to its visibility in EMS. */
  readonly visibleInEmsAfterMs: LatencySummary;
  readonly history: readonly {
    readonly version: number;
    readonly time: string;
    readonly change: string;
    readonly status: string;
  }[];
  readonly disappointments: readonly Disappointment[];
  readonly errors: readonly string[];
}

/** Sums up what was played. */
export function reportOf(played: Played, recorder: Recorder, seconds: number): DemoReport {
  const last = played.trips.at(-1);
  const completed = played.trips.filter(({ trip }) => trip.status === TransportStatus.COMPLETED);
  const wanted = played.trips.length + played.broken.length;
  const unfinished = played.trips.find(({ trip }) => trip.status !== TransportStatus.COMPLETED);
  const named = unfinished ?? last;
  return {
    ok: completed.length === wanted && wanted > 0 && recorder.disappointments.length === 0,
    trip: {
      id: named?.trip.id ?? "",
      number: named?.trip.tripNumber ?? "",
      status: statusOf(named, played.broken.length),
    },
    trips: { played: wanted, completed: completed.length, tripsPerSecond: round(completed.length / seconds) },
    steps: summarize(recorder.steps),
    visibleInEmsAfterMs: latencySummary(played.trips.map(({ visibleInEmsAfterMs }) => visibleInEmsAfterMs)),
    history: (last?.history ?? []).map(historyLine),
    disappointments: recorder.disappointments,
    errors: played.broken.map(
      ({ index, error }) => `trip ${index + 1}: ${error instanceof Error ? error.message : String(error)}`,
    ),
  };
}

function statusOf(trip: PlayedTrip | undefined, broken: number): string {
  if (broken > 0 || !trip) return "BROKEN";
  return enumLabel(TransportStatusSchema, trip.trip.status);
}

function historyLine(entry: TripHistoryEntry): DemoReport["history"][number] {
  const milestone =
    entry.milestone === MilestoneType.UNSPECIFIED ? "" : ` ${enumLabel(MilestoneTypeSchema, entry.milestone)}`;
  return {
    version: Number(entry.version),
    time: entry.occurTime ? timestampDate(entry.occurTime).toISOString() : "",
    change: `${entry.change}${milestone}`,
    status: enumLabel(TransportStatusSchema, entry.toStatus),
  };
}

function summarize(steps: readonly Step[]): DemoReport["steps"] {
  const groups = Map.groupBy(steps, ({ story, name }) => `${story}\n${name}`);
  return [...groups.values()].map((group) => {
    const { story, name, silos } = group[0] ?? { story: "", name: "", silos: [] };
    return { story, name, silos, latencyMs: latencySummary(group.map(({ latencyMs }) => latencyMs)) };
  });
}

/** Sums milliseconds up; p50 and p99 are the nearest-rank percentiles. */
export function latencySummary(values: readonly number[]): LatencySummary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
