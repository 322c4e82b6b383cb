import { Client } from "pg";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { type Database, openDatabase } from "#platform/database/database.ts";
import { migrate } from "#platform/database/migrate.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { migrations } from "../../migrations/migrations.ts";
import { hospitalEntities } from "../entities.ts";

/** Runs one statement; the values stand in for $1, $2 ... */
export type RunStatement = (text: string, values?: readonly unknown[]) => Promise<unknown>;

/** How much there is to be, and until when it went on. */
export interface VolumeOptions {
  readonly trips: number;
  /** Requests in 24 hours. Together with `trips` it says how long the region has been at work. */
  readonly perDay: number;
  /** When the last trip was asked for. */
  readonly now: Date;
  readonly hospitals: number;
  readonly agencies: number;
}

/** Facilities of each hospital, and counties of each agency. */
const facilitiesEach = 4;
const countiesEach = 3;
const counties = 24;

/**
 * Fills an empty Hospital database with a region and its trips, as the service would have written them: every trip with
 * its whole history, its steps and its claims, and every check satisfied. A few large statements, so that a million trips
 * take minutes. The same options always give the same trips.
 *
 * Hospitals are `hospital-1` and so on, the first of them the busiest; agencies `agency-1`; facilities
 * `facility-<hospital>-<number>`; counties `county 1`.
 */
export async function buildTripVolume(run: RunStatement, options: VolumeOptions): Promise<void> {
  const { trips, perDay, now, hospitals, agencies } = options;
  await run("select setseed(0.42)");
  await run(regionHospitals, [hospitals, now]);
  await run(regionFacilities, [hospitals, now]);
  await run(regionAgencies, [agencies, now]);
  await run(plans, [trips, perDay, now, hospitals, agencies]);
  await run(`insert into trip (${tripColumns}) ${lastVersions}`, [now]);
  await run(`insert into trip_history (${historyColumns}) ${versions}`, [now]);
  await run(milestones);
  await run(claims);
  await run("select setval('trip_number', $1)", [20_000 + trips]);
  await run("drop table volume_plan");
}

/** A Hospital database with a region and its trips, and no service. */
export interface TripVolume extends AsyncDisposable {
  readonly database: Database;
}

/** Makes a database, migrates it and fills it; see `buildTripVolume`. */
export async function startTripVolume(options: VolumeOptions): Promise<TripVolume> {
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await startTestPostgres());
  const { ownerUrl, appUrl, appRole, adminUrl } = await postgres.createDatabase("trip volume");
  const { log } = createMemoryLog("hospital");
  await migrate({ ownerUrl, appRole, migrations, log });
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  await buildTripVolume((text, values = []) => client.query(text, [...values]), options);
  await client.end();
  const opened = await openDatabase({ url: appUrl, service: "hospital", entities: hospitalEntities, log });
  const database = parts.adopt(opened, (it) => it.close());
  const owned = parts.move();
  return { database, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The county of a facility. */
const countyOf = "'county ' || (1 + (h * 7 + n * 3) % 24)";

const regionHospitals = `
  insert into hospital (id, name, address, city, state, zip_code, phone, email, active, version, created_at, updated_at)
  select 'hospital-' || h, 'Hospital ' || h, 'Howard Avenue ' || h, 'Altoona', 'PA', '16601', '', '', true, 1, $2, $2
    from generate_series(1, $1::int) h`;

const regionFacilities = `
  insert into facility (id, hospital_id, name, type, address, city, state, zip_code, county, latitude, longitude,
                        capabilities, active, version, created_at, updated_at)
  select 'facility-' || h || '-' || n, 'hospital-' || h, 'Facility ' || h || '-' || n,
         case n when 1 then 'HOSPITAL' when 2 then 'NURSING_HOME' when 3 then 'REHAB_FACILITY' else 'CANCER_CENTER' end,
         'Howard Avenue ' || n, 'Altoona', 'PA', '16601', ${countyOf}, 40 + h * 0.01, -78 - n * 0.01,
         '{}', true, 1, $2, $2
    from generate_series(1, $1::int) h, generate_series(1, ${facilitiesEach}) n`;

const regionAgencies = `
  insert into agency (id, name, service_area, active, status, message, version, told_at)
  select 'agency-' || a, 'Agency ' || a,
         (select array_agg('county:county ' || (1 + (a * 5 + c * 8) % ${counties})) from generate_series(1, ${countiesEach}) c),
         true, 'ACTIVE', '', 1, $2
    from generate_series(1, $1::int) a`;

/**
 * What is to become of each trip. A: completed. B: given up while it waits. C: given up after the award. D: given up
 * after the pickup. E: released once, then completed by another agency. F: forgotten, and waits for ever,
 * as twenty of them do.
 */
const plans = `
  create unlogged table volume_plan as
  with dice as (
    select i, random() as script_dice, power(random(), 2) as hospital_dice, random() as origin_dice,
           random() as destination_dice, random() as level_dice, random() as priority_dice, random() as agency_dice,
           random() as update_dice, random() as unit_dice, random() as pace, random() as note_dice,
           $3::timestamptz - make_interval(secs => ($1::int - i + random()) * 86400.0 / $2::int) as asked
      from generate_series(1, $1::int) i
  ), picks as (
    select *, date_trunc('milliseconds', asked) as request_time,
           case when i % greatest($1::int / 20, 1) = 0 then 'F' when script_dice < 0.82 then 'A'
                when script_dice < 0.90 then 'B' when script_dice < 0.95 then 'C' when script_dice < 0.96 then 'D'
                else 'E' end as script,
           1 + floor(hospital_dice * $4::int)::int as h,
           1 + floor(origin_dice * ${facilitiesEach})::int as n,
           floor(destination_dice * ($4::int * ${facilitiesEach} - 1))::int as other,
           1 + floor(agency_dice * $5::int)::int as a,
           update_dice < 0.12 as is_updated
      from dice
  ), places as (
    select *, 'facility-' || h || '-' || n as origin,
           ((h - 1) * ${facilitiesEach} + n + other) % ($4::int * ${facilitiesEach}) as place,
           ((h - 1) * ${facilitiesEach} + n + (other + 1) % ($4::int * ${facilitiesEach} - 1))
             % ($4::int * ${facilitiesEach}) as place_after
      from picks
  )
  select i, script, is_updated, request_time,
         overlay(overlay(lpad(to_hex((extract(epoch from request_time) * 1000)::bigint), 12, '0') placing '-' from 9 for 0)
           placing '-7' from 14 for 0) || substr(md5('a' || i), 1, 3) || '-8' || substr(md5('b' || i), 1, 3)
           || '-' || substr(md5('c' || i), 1, 12) as id,
         'P-' || md5('p' || i) as patient_id,
         'hospital-' || h as hospital_id, 'user-' || h as user_id, origin,
         'facility-' || (1 + place / ${facilitiesEach}) || '-' || (1 + place % ${facilitiesEach}) as destination,
         'facility-' || (1 + place_after / ${facilitiesEach}) || '-' || (1 + place_after % ${facilitiesEach})
           as destination_after,
         case when level_dice < 0.5 then 'BLS' when level_dice < 0.85 then 'ALS' when level_dice < 0.95 then 'CCT'
              else 'OTHER' end as level,
         case when priority_dice < 0.1 then 'URGENT' when priority_dice < 0.3 then 'HIGH' when priority_dice < 0.7
              then 'MEDIUM' else 'LOW' end as priority,
         case when priority_dice < 0.5 then 'URGENT' else 'HIGH' end as priority_after,
         case when note_dice < 0.5 then 'FIRST_ACCEPT' when note_dice < 0.8 then 'MANUAL' else 'BEST_ETA' end as policy,
         case when note_dice < 0.6 then '' else 'oxygen ' || (1 + (note_dice * 10)::int) || ' l/min' end as requirements,
         'agency-' || a as agency1, 'agency-' || (1 + a % $5::int) as agency2,
         'unit-' || a || '-' || (i % 9) as unit1, 'unit-' || (1 + a % $5::int) || '-' || (i % 9) as unit2,
         md5('x' || i)::uuid as attempt1, md5('y' || i)::uuid as attempt2,
         unit_dice < 0.5 as is_unit_later,
         date_trunc('milliseconds', request_time + (1 + 2 * pace) * interval '1 minute') as update_at,
         date_trunc('milliseconds', request_time + (4 + 20 * pace) * interval '1 minute') as accept_at,
         date_trunc('milliseconds', request_time + (5 + 21 * pace) * interval '1 minute') as unit_at,
         date_trunc('milliseconds', request_time + (7 + 24 * pace) * interval '1 minute') as en_route_at,
         date_trunc('milliseconds', request_time + (9 + 26 * pace) * interval '1 minute') as release_at,
         date_trunc('milliseconds', request_time + (12 + 30 * pace) * interval '1 minute') as accept_again_at,
         date_trunc('milliseconds', request_time + (15 + 60 * pace) * interval '1 minute') as at_origin_at,
         date_trunc('milliseconds', request_time + (25 + 80 * pace) * interval '1 minute') as start_at,
         date_trunc('milliseconds', request_time + (45 + 140 * pace) * interval '1 minute') as at_destination_at,
         date_trunc('milliseconds', request_time + (50 + 160 * pace) * interval '1 minute') as complete_at
    from places`;

/** Every change of every plan `v` that has happened by now, with what the trip was after it. */
const courses = `
  volume_plan v
  cross join lateral (
    select case v.script when 'E' then v.agency2 else v.agency1 end as agency,
           case v.script when 'E' then v.unit2 else v.unit1 end as unit,
           case v.script when 'E' then v.attempt2 else v.attempt1 end as attempt,
           case v.script when 'E' then v.accept_again_at else v.accept_at end as taken_at,
           v.is_unit_later and v.script <> 'E' as is_unit_later,
           v.script not in ('B', 'F') as is_taken, v.script in ('A', 'D', 'E') as is_started
  ) w
  cross join lateral (
    select c.*, row_number() over (order by c.at, c.step) as version, count(*) over () as last_version,
           lag(c.status) over (order by c.at, c.step) as status_before
      from (values
        (1, 'created', v.request_time, 'PENDING', null::text, null::text, null::uuid, 0, null::text),
        (2, 'updated', case when v.is_updated then v.update_at end, 'PENDING', null, null, null, 0, null),
        (3, 'accepted', case when v.script = 'E' then v.accept_at end, 'ASSIGNED', v.agency1, v.unit1, v.attempt1, 1, null),
        (4, 'released', case when v.script = 'E' then v.release_at end, 'PENDING', null, null, null, 1, null),
        (5, 'accepted', case when w.is_taken then w.taken_at end, 'ASSIGNED', w.agency,
            case when not w.is_unit_later then w.unit end, w.attempt, case v.script when 'E' then 2 else 1 end, null),
        (6, 'unit_assigned', case when w.is_taken and w.is_unit_later then v.unit_at end, 'ASSIGNED', w.agency, w.unit,
            w.attempt, 2, null),
        (7, 'milestone_recorded', case when w.is_started and v.script <> 'E' then v.en_route_at end, 'ASSIGNED', w.agency,
            w.unit, w.attempt, case when w.is_unit_later then 2 else 1 end, 'EN_ROUTE'),
        (8, 'milestone_recorded', case when w.is_started and v.script = 'A' then v.at_origin_at end, 'ASSIGNED', w.agency,
            w.unit, w.attempt, case when w.is_unit_later then 2 else 1 end, 'AT_ORIGIN'),
        (9, 'started', case when w.is_started then v.start_at end, 'IN_PROGRESS', w.agency, w.unit, w.attempt,
            case when w.is_unit_later or v.script = 'E' then 2 else 1 end, null),
        (10, 'milestone_recorded', case when v.script in ('A', 'E') then v.at_destination_at end, 'IN_PROGRESS', w.agency,
            w.unit, w.attempt, case when w.is_unit_later or v.script = 'E' then 2 else 1 end, 'AT_DESTINATION'),
        (11, 'completed', case when v.script in ('A', 'E') then v.complete_at end, 'COMPLETED', w.agency, w.unit, w.attempt,
            case when w.is_unit_later or v.script = 'E' then 2 else 1 end, null),
        (12, 'cancelled', case when v.script in ('B', 'C', 'D') then v.at_destination_at end, 'CANCELLED',
            case when w.is_taken then w.agency end, case when w.is_taken then w.unit end,
            case when w.is_taken then w.attempt end,
            case when not w.is_taken then 0 when w.is_unit_later then 2 else 1 end, null)
      ) c (step, change, at, status, agency_id, unit_id, attempt_id, turn, milestone)
     where c.at <= $1
  ) h`;

/** What a trip and each of its versions have in common; the columns have the same names in both tables. */
const commonColumns = `version, destination_facility_id, priority, material_version, turn, accept_time, pickup_time,
  completion_time, cancel_time, cancellation_reason, disposition, release_reason, assigned_unit_type,
  accepted_attempt_id, bidding_close_time, origin_facility_id, transport_level, award_policy, special_requirements,
  sla_pauses`;

const commonValues = `h.version,
  case when v.is_updated and h.step > 1 then v.destination_after else v.destination end,
  case when v.is_updated and h.step > 1 then v.priority_after else v.priority end,
  case when v.is_updated and h.step > 1 then 2 else 1 end,
  h.turn,
  case when h.agency_id is not null then case h.step when 3 then v.accept_at else w.taken_at end end,
  case when h.step in (9, 10, 11) or v.script = 'D' and h.step = 12 then v.start_at end,
  case when h.step = 11 then v.complete_at end,
  case when h.step = 12 then v.at_destination_at end,
  case when h.step = 12 then 'no longer needed' end,
  case when h.step = 12 and v.script = 'D' then 'OTHER' end,
  case when h.step = 4 then 'TURNED_BACK' end,
  case when h.unit_id is not null then 'CCT' end,
  h.attempt_id, v.request_time + interval '15 minutes', v.origin, v.level, v.policy, v.requirements, '[]'::jsonb`;

const tripColumns = `${commonColumns}, id, trip_number, hospital_id, patient_id, status, request_time, assigned_agency_id,
  assigned_unit_id, created_by_user_id, created_at, updated_at, sla_assign_minutes, sla_pickup_minutes,
  sla_tolerance_minutes, closed_at`;

const lastVersions = `
  select ${commonValues}, v.id, 'T-' || (20000 + v.i), v.hospital_id, v.patient_id, h.status, v.request_time, h.agency_id,
         h.unit_id, v.user_id, v.request_time, h.at, 30, 240, 15, case when h.step > 10 then h.at end
    from ${courses} where h.version = h.last_version order by v.i`;

const historyColumns = `${commonColumns}, trip_id, occur_time, recorded_at, change, from_status, to_status, user_id,
  agency_id, unit_id, milestone, comment, changed_fields`;

const versions = `
  select ${commonValues}, v.id, h.at, h.at, h.change, h.status_before, h.status, v.user_id, h.agency_id, h.unit_id,
         h.milestone, case when h.change in ('cancelled', 'released') then 'no longer needed' end,
         case h.change when 'updated' then array['destination_facility_id', 'priority'] else '{}'::text[] end
    from ${courses}`;

const milestones = `
  insert into trip_milestone (trip_id, version, type, occur_time, record_time, recorded_by_user_id, reporter, unit_id,
                              late_entry, turn)
  select trip_id, version, milestone, occur_time, recorded_at, user_id, 'EMS', unit_id, false, turn
    from trip_history where milestone is not null`;

const claims = `
  insert into trip_claim (attempt_id, trip_id, agency_id, outcome, trip_version, created_at)
  select h.accepted_attempt_id, h.trip_id, h.agency_id,
         case when t.accepted_attempt_id = h.accepted_attempt_id then 'WON' else 'WITHDRAWN' end, h.version, h.recorded_at
    from trip_history h join trip t on t.id = h.trip_id where h.change = 'accepted'`;
