import type { Client } from "pg";
import type {
  CountTripsResponse,
  DurationSummary,
  OrganizationCount,
  SlaSummary,
} from "#gen/medport/center/v1/analytics_service_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";

/** Which trips. What is absent matches everything. */
export interface Scope {
  readonly hospitalId?: string;
  readonly agencyId?: string;
  readonly level?: keyof typeof TransportLevel;
  readonly priority?: keyof typeof Priority;
  readonly from?: Date;
  readonly until?: Date;
}

/** Figures about trips by name, such as "pickup met of hospital-1". Those that are 0 are left out. */
export type Figures = Readonly<Record<string, number>>;

/** What two counts say differently, such as "pickup met: 5 and 6". Averages may differ by what computers round. */
export function differencesBetween(one: Figures, other: Figures): readonly string[] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted();
  return names.flatMap((name) => {
    const [first = 0, second = 0] = [one[name], other[name]];
    return Math.abs(first - second) < 0.002 ? [] : [`${name}: ${first} and ${second}`];
  });
}

/** What Center has counted. */
export function figuresFromAnswer(answer: CountTripsResponse): Figures {
  const figures: Record<string, number> = { total: Number(answer.total) };
  for (const { status, count } of answer.byStatus) figures[nameIn(TransportStatus, status)] = Number(count);
  for (const it of answer.byTransportLevel) figures[nameIn(TransportLevel, it.transportLevel)] = Number(it.count);
  for (const { priority, count } of answer.byPriority) figures[nameIn(Priority, priority)] = Number(count);
  addSla(figures, "assign", answer.slaAssign);
  addSla(figures, "pickup", answer.slaPickup);
  for (const it of answer.byHospital) addOrganization(figures, "hospital", it);
  for (const it of answer.byAgency) addOrganization(figures, "agency", it);
  addDuration(figures, "accept", answer.timeToAccept);
  addDuration(figures, "pickup", answer.timeToPickup);
  addDuration(figures, "complete", answer.timeToComplete);
  return withoutZeros(figures);
}

function nameIn(labels: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(labels).find((name) => labels[name] === value) ?? `${value}`;
}

function addSla(figures: Record<string, number>, name: string, sla: SlaSummary | undefined, of = ""): void {
  figures[`${name} met${of}`] = Number(sla?.met ?? 0n);
  figures[`${name} missed${of}`] = Number(sla?.missed ?? 0n);
  figures[`${name} running${of}`] = Number(sla?.running ?? 0n);
}

function addOrganization(figures: Record<string, number>, kind: string, organization: OrganizationCount): void {
  const { organizationId, count, completed, slaPickup } = organization;
  const of = ` of ${kind} ${organizationId}`;
  figures[`trips${of}`] = Number(count);
  figures[`COMPLETED${of}`] = Number(completed);
  addSla(figures, "pickup", slaPickup, of);
}

function addDuration(figures: Record<string, number>, name: string, duration: DurationSummary | undefined): void {
  figures[`${name} times`] = Number(duration?.count ?? 0n);
  figures[`${name} average`] = thousandths(duration?.averageSeconds);
  figures[`${name} p50`] = thousandths(duration?.p50Seconds);
  figures[`${name} p90`] = thousandths(duration?.p90Seconds);
}

/**
 * Counts the same in Hospital's own table, by the definitions of what is counted and not by Center's code: due times are
 * reckoned from the request, the window, the limits and every pause.
 * @param now by which a promise that was not kept yet is broken or not.
 */
export async function recount(hospital: Client, scope: Scope, now: Date): Promise<Figures> {
  const { hospitalId, agencyId, level, priority, from, until } = scope;
  const values = [now, hospitalId, agencyId, level, priority, from, until].map((value) => value ?? null);
  const { rows } = await hospital.query<{ name: string; value: string }>(recounting, values);
  return withoutZeros(Object.fromEntries(rows.map(({ name, value }) => [name, thousandths(Number(value))])));
}

function thousandths(seconds = 0): number {
  return Math.round(seconds * 1_000) / 1_000;
}

function withoutZeros(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== 0));
}

const recounting = `
with recursive asked as (
  select *, greatest(request_time, coalesce(pickup_window_start, request_time)) as clock_start from trip
   where ($2::text is null or hospital_id = $2) and ($3::text is null or assigned_agency_id = $3)
     and ($4::text is null or transport_level = $4) and ($5::text is null or priority = $5)
     and ($6::timestamptz is null or request_time >= $6) and ($7::timestamptz is null or request_time < $7)
),
promised as (
  select id, 'assign' as promise, clock_start, status = 'CANCELLED' as is_over,
         coalesce(assigned_agency_id, accept_time::text, pickup_time::text) is not null
           or status in ('IN_PROGRESS', 'COMPLETED') as kept,
         accept_time as kept_at, cancel_time,
         clock_start + sla_assign_minutes * interval '1 minute' as due, null::timestamptz as not_before
    from asked
  union all
  select id, 'pickup', clock_start, status = 'CANCELLED', status in ('IN_PROGRESS', 'COMPLETED') or pickup_time is not null, pickup_time,
         cancel_time,
         coalesce(pickup_window_end + sla_tolerance_minutes * interval '1 minute',
                  clock_start + sla_pickup_minutes * interval '1 minute'),
         pickup_window_start - sla_tolerance_minutes * interval '1 minute'
    from asked
),
measured as (
  select *, coalesce(case when kept then kept_at else cancel_time end, $1::timestamptz) as measured_at from promised
),
pause as (
  select id, number, (pause ->> 'start')::timestamptz as start, (pause ->> 'end')::timestamptz as "end"
    from asked, jsonb_array_elements(sla_pauses) with ordinality as pauses (pause, number)
),
moved (id, promise, number, due) as (
  select id, promise, 0::bigint, due from measured
  union all
  select m.id, m.promise, p.number,
         case when b.start > m.due or b.end <= b.start then m.due else m.due + (b.end - b.start) end
    from moved m
    join measured using (id, promise)
    join pause p on p.id = m.id and p.number = m.number + 1
    cross join lateral (
      select greatest(p.start, clock_start) as start, least(coalesce(p.end, measured_at), measured_at) as "end"
    ) b
),
standing as (
  select distinct on (id, promise) id, promise,
         case when kept then case when kept_at is null then null
                                  when kept_at <= moved.due and kept_at >= coalesce(not_before, kept_at) then 'met'
                                  else 'missed' end
              -- Of some trips of the former system nobody knows when they were given up.
              when is_over and cancel_time is null then null
              when measured_at > moved.due then 'missed'
              when cancel_time is not null then null
              else 'running' end as said
    from moved join measured using (id, promise)
   order by id, promise, number desc
),
trips as (
  select a.*, s.said as assign, p.said as pickup
    from asked a
    join standing s on s.id = a.id and s.promise = 'assign'
    join standing p on p.id = a.id and p.promise = 'pickup'
),
durations as (
  select 'accept' as name, extract(epoch from accept_time - request_time) as seconds from trips
  union all select 'pickup', extract(epoch from pickup_time - request_time) from trips
  union all select 'complete', extract(epoch from completion_time - request_time) from trips where status = 'COMPLETED'
)
select 'total' as name, count(*)::float8 as value from trips
union all select status, count(*) from trips group by 1
union all select transport_level, count(*) from trips group by 1
union all select priority, count(*) from trips group by 1
union all select 'assign ' || assign, count(*) from trips where assign is not null group by 1
union all select 'pickup ' || pickup, count(*) from trips where pickup is not null group by 1
union all select 'trips of hospital ' || hospital_id, count(*) from trips group by 1
union all select 'COMPLETED of hospital ' || hospital_id, count(*) from trips where status = 'COMPLETED' group by 1
union all select 'pickup ' || pickup || ' of hospital ' || hospital_id, count(*) from trips where pickup is not null group by 1
union all select 'trips of agency ' || assigned_agency_id, count(*) from trips where assigned_agency_id is not null group by 1
union all select 'COMPLETED of agency ' || assigned_agency_id, count(*) from trips
           where status = 'COMPLETED' and assigned_agency_id is not null group by 1
union all select 'pickup ' || pickup || ' of agency ' || assigned_agency_id, count(*) from trips
           where pickup is not null and assigned_agency_id is not null group by 1
union all select name || ' times', count(seconds) from durations group by 1
union all select name || ' average', avg(seconds) from durations group by 1
union all select name || ' p50', percentile_cont(0.5) within group (order by seconds::float8) from durations group by name
union all select name || ' p90', percentile_cont(0.9) within group (order by seconds::float8) from durations group by name`;
