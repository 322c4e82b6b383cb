import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import type {
  DurationFigures,
  OrganizationTrips,
  PromiseCounts,
  TripCountFilter,
  TripCounts,
  TripDurations,
} from "./trip-count.ts";

/** Beyond so many hospitals, or agencies, those with fewest trips are left out. */
const mostOrganizations = 100;

/**
 * Counts trips as a whole and by kind, in one pass.
 * @param now by which a promise that nobody kept yet is broken or not.
 */
export async function countTripFacts(em: SqlEntityManager, filter: TripCountFilter, now: Date): Promise<TripCounts> {
  const { rows } = await sql<CountRow>`
    select * from (
      select case when grouping(status) = 0 then 'STATUS' when grouping(transport_level) = 0 then 'LEVEL'
                  when grouping(priority) = 0 then 'PRIORITY' when grouping(hospital_id) = 0 then 'HOSPITAL'
                  when grouping(agency_id) = 0 then 'AGENCY' else 'ALL' end as kind,
             coalesce(status, transport_level, priority, hospital_id, agency_id) as name,
             count(*)::int as count,
             count(*) filter (where status = 'COMPLETED')::int as completed,
             ${promiseCounts("assign", now)},
             ${promiseCounts("pickup", now)},
             row_number() over (
               partition by grouping(status, transport_level, priority, hospital_id, agency_id)
               order by count(*) desc, hospital_id, agency_id
             ) as place
        from trip_fact
       where ${matching(filter)}
       group by grouping sets ((), (status), (transport_level), (priority), (hospital_id), (agency_id))
      having grouping(agency_id) = 1 or agency_id is not null
    ) counted
    where place <= ${mostOrganizations}
    order by kind, place`.execute(em.getKysely());
  const ofKind = (kind: CountRow["kind"]): readonly CountRow[] => rows.filter((row) => row.kind === kind);
  const counts = (kind: CountRow["kind"]) => new Map(ofKind(kind).map(({ name, count }) => [name ?? "", count]));
  const [all] = ofKind("ALL");
  if (!all) throw new Error("PostgreSQL counted nothing, not even that there is nothing");
  return {
    total: all.count,
    byStatus: counts("STATUS"),
    byTransportLevel: counts("LEVEL"),
    byPriority: counts("PRIORITY"),
    byHospital: ofKind("HOSPITAL").map(organizationFromRow),
    byAgency: ofKind("AGENCY").map(organizationFromRow),
    assign: { met: all.assign_met, missed: all.assign_missed, running: all.assign_running },
    pickup: pickupFromRow(all),
  };
}

/** Summarizes how long trips took, each over the trips that came so far. */
export async function summarizeTripDurations(em: SqlEntityManager, filter: TripCountFilter): Promise<TripDurations> {
  const { rows } = await sql<DurationRow>`
    select ${figures("accept")}, ${figures("pickup")}, ${figures("complete")}
      from (
        select ${secondsUntil("accepted_at")} as accept,
               ${secondsUntil("picked_up_at")} as pickup,
               ${secondsUntil("completed_at")} as complete
          from trip_fact
         where ${matching(filter)}
        -- So that each time is computed once for the average and the percentiles.
        offset 0
      ) seconds`.execute(em.getKysely());
  const [row] = rows;
  if (!row) throw new Error("PostgreSQL summarized nothing, not even that there is nothing");
  return { toAccept: row.accept, toPickup: row.pickup, toComplete: row.complete };
}

interface CountRow {
  readonly kind: "ALL" | "STATUS" | "LEVEL" | "PRIORITY" | "HOSPITAL" | "AGENCY";
  readonly name: string | null;
  readonly count: number;
  readonly completed: number;
  readonly assign_met: number;
  readonly assign_missed: number;
  readonly assign_running: number;
  readonly pickup_met: number;
  readonly pickup_missed: number;
  readonly pickup_running: number;
}

interface DurationRow {
  readonly accept: DurationFigures;
  readonly pickup: DurationFigures;
  readonly complete: DurationFigures;
}

function matching(filter: TripCountFilter): RawBuilder<unknown> {
  const { hospitalId, agencyId, from, until, transportLevels, priorities } = filter;
  const conditions = [
    ...(hospitalId === undefined ? [] : [sql`hospital_id = ${hospitalId}`]),
    ...(agencyId === undefined ? [] : [sql`agency_id = ${agencyId}`]),
    ...(from ? [sql`requested_at >= ${from}`] : []),
    ...(until ? [sql`requested_at < ${until}`] : []),
    ...(transportLevels.length === 0 ? [] : [sql`transport_level in (${sql.join(transportLevels)})`]),
    ...(priorities.length === 0 ? [] : [sql`priority in (${sql.join(priorities)})`]),
  ];
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

/** What was RUNNING when its trip changed last is broken once the due time is over. */
function promiseCounts(promise: "assign" | "pickup", now: Date): RawBuilder<unknown> {
  const state = sql.ref(`${promise}_state`);
  const isOver = sql`${sql.ref(`${promise}_due_at`)} < ${now}`;
  const count = (outcome: string, condition: RawBuilder<unknown>): RawBuilder<unknown> =>
    sql`count(*) filter (where ${condition})::int as ${sql.ref(`${promise}_${outcome}`)}`;
  return sql.join([
    count("met", sql`${state} = 'MET'`),
    count("missed", sql`${state} = 'MISSED' or (${state} = 'RUNNING' and ${isOver})`),
    count("running", sql`${state} = 'PAUSED' or (${state} = 'RUNNING' and not ${isOver})`),
  ]);
}

function organizationFromRow(row: CountRow): OrganizationTrips {
  const { name, count, completed } = row;
  return { organizationId: name ?? "", count, completed, pickup: pickupFromRow(row) };
}

function pickupFromRow(row: CountRow): PromiseCounts {
  return { met: row.pickup_met, missed: row.pickup_missed, running: row.pickup_running };
}

/** `date_part` and not `extract`, which would go through decimal numbers and take twice as long. */
function secondsUntil(column: string): RawBuilder<unknown> {
  return sql`date_part('epoch', ${sql.ref(column)} - requested_at)`;
}

/** How long it took from the request, over the trips that have come so far. */
function figures(name: string): RawBuilder<unknown> {
  const seconds = sql.ref(name);
  // Both percentiles by one sort.
  const percentiles = sql`percentile_cont(array[0.5, 0.9]) within group (order by ${seconds})`;
  return sql`json_build_object(
    'count', count(${seconds}),
    'averageSeconds', coalesce(avg(${seconds}), 0),
    'p50Seconds', coalesce((${percentiles})[1], 0),
    'p90Seconds', coalesce((${percentiles})[2], 0)
  ) as ${seconds}`;
}
