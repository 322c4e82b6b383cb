import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import { TripFactEntity } from "./trip-fact.entity.ts";
import type { TripFact } from "./trip-fact.ts";

/** Which trips to count. */
export interface TripFactFilter {
  readonly hospitalId?: string;
  readonly agencyId?: string;
  /** Requested at or after. */
  readonly from?: Date;
  /** Requested before. */
  readonly until?: Date;
}

/** How many trips there are of each kind. */
export interface TripCounts {
  readonly total: number;
  readonly byStatus: ReadonlyMap<string, number>;
  readonly byTransportLevel: ReadonlyMap<string, number>;
  readonly byPriority: ReadonlyMap<string, number>;
}

/** How long something took, in seconds. */
export interface DurationFigures {
  readonly count: number;
  readonly averageSeconds: number;
  readonly p50Seconds: number;
  readonly p90Seconds: number;
}

/** How long trips took from their request. */
export interface TripDurations {
  readonly toAccept: DurationFigures;
  readonly toPickup: DurationFigures;
  readonly toComplete: DurationFigures;
}

/** Takes over where a trip stands. What is older than what is known changes nothing. */
export async function saveTripFact(tx: Tx, fact: TripFact, heardAt: Date): Promise<void> {
  await tx.upsert(
    TripFactEntity,
    {
      tripId: fact.tripId,
      hospitalId: fact.hospitalId,
      agencyId: fact.agencyId ?? null,
      unitId: fact.unitId ?? null,
      status: fact.status,
      transportLevel: fact.transportLevel,
      priority: fact.priority,
      originCounty: fact.originCounty,
      requestedAt: fact.requestTime,
      acceptedAt: fact.acceptTime ?? null,
      pickedUpAt: fact.pickupTime ?? null,
      completedAt: fact.completionTime ?? null,
      cancelledAt: fact.cancelTime ?? null,
      version: fact.version,
      heardAt,
    },
    { onConflictFields: ["tripId"], onConflictWhere: { version: { $lt: fact.version } }, disableIdentityMap: true },
  );
}

/** When the facts last changed; undefined while there are none. */
export async function factsChangedAt(em: SqlEntityManager): Promise<Date | undefined> {
  const row = await em.findOne(
    TripFactEntity,
    { tripId: { $ne: null } },
    { orderBy: { heardAt: "desc" }, fields: ["heardAt"] },
  );
  return row?.heardAt;
}

/** Counts trips as a whole and by kind, in one pass. */
export async function countTripFacts(em: SqlEntityManager, filter: TripFactFilter): Promise<TripCounts> {
  const rows = await matching(em, filter)
    .select(["status", "transport_level", "priority", sql<string>`count(*)`.as("count")])
    .groupBy(["status", "transport_level", "priority"])
    .execute();
  const counted = rows.map((row) => ({ ...row, count: Number(row.count) }));
  return {
    total: counted.reduce((sum, row) => sum + row.count, 0),
    byStatus: sums(counted, (row) => row.status),
    byTransportLevel: sums(counted, (row) => row.transport_level),
    byPriority: sums(counted, (row) => row.priority),
  };
}

/** Summarizes how long trips took, each over the trips that came so far. */
export async function summarizeTripDurations(em: SqlEntityManager, filter: TripFactFilter): Promise<TripDurations> {
  const row = await matching(em, filter)
    .select([
      figures(sql`accepted_at`).as("to_accept"),
      figures(sql`picked_up_at`).as("to_pickup"),
      figures(sql`completed_at`).as("to_complete"),
    ])
    .executeTakeFirstOrThrow();
  return { toAccept: row.to_accept, toPickup: row.to_pickup, toComplete: row.to_complete };
}

/** The columns that are counted. */
interface TripFactTable {
  readonly status: string;
  readonly transport_level: string;
  readonly priority: string;
  readonly hospital_id: string;
  readonly agency_id: string | null;
}

type Tables = { readonly trip_fact: TripFactTable };

function matching(em: SqlEntityManager, filter: TripFactFilter): SelectQueryBuilder<Tables, "trip_fact", object> {
  const { hospitalId, agencyId, from, until } = filter;
  let query = em.getKysely<Tables>().selectFrom("trip_fact");
  if (hospitalId !== undefined) query = query.where("hospital_id", "=", hospitalId);
  if (agencyId !== undefined) query = query.where("agency_id", "=", agencyId);
  if (from) query = query.where(sql<boolean>`requested_at >= ${from}`);
  if (until) query = query.where(sql<boolean>`requested_at < ${until}`);
  return query;
}

/** How long it took from the request until a time, over the trips that have reached it. */
function figures(time: RawBuilder<unknown>): RawBuilder<DurationFigures> {
  const seconds = sql`extract(epoch from ${time} - requested_at)::float8`;
  const percentile = (share: number) =>
    sql`coalesce(percentile_cont(${share}::float8) within group (order by ${seconds}), 0)`;
  return sql<DurationFigures>`json_build_object(
    'count', count(${time}),
    'averageSeconds', coalesce(avg(${seconds}), 0),
    'p50Seconds', ${percentile(0.5)},
    'p90Seconds', ${percentile(0.9)}
  )`;
}

function sums<Row extends { readonly count: number }>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + row.count);
  return counts;
}
