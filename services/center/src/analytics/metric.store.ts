import type { Tx } from "#platform/database/database.ts";
import { newId } from "#platform/id.ts";
import { MetricEntity } from "./metric.entity.ts";

/** One measurement. */
export interface Metric {
  /** Such as trip.accepted, or trip.seconds_to_accept. */
  readonly name: string;
  readonly value: number;
  readonly category: "TRIP" | "BID" | "USER";
  readonly time: Date;
  /** What to break it down by: ids and enums, never text of people. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Keeps a measurement. */
export async function insertMetric(tx: Tx, { name, value, category, time, metadata }: Metric): Promise<void> {
  await tx.insert(MetricEntity, {
    id: newId(),
    metricName: name,
    metricValue: value,
    timestamp: time,
    category,
    metadata,
  });
}
