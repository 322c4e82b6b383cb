import type { ClientBase } from "pg";
import type { ServiceName } from "#platform/service-name.ts";
import { findDifferences, readBuckets } from "./compare.ts";
import { actualSide, type Comparison, expectedSide } from "./comparison.ts";

/** Something that must hold among the silos, whatever the old database says. */
export interface SemanticCheck {
  readonly name: string;
  readonly ok: boolean;
  /** How many times it does not. */
  readonly found: number;
}

type Silos = Readonly<Record<ServiceName, ClientBase>>;

/** Looks at the silos alone. */
export async function semanticChecks(silos: Silos): Promise<readonly SemanticCheck[]> {
  // One session can be asked one question at a time.
  const found = [...(await withinSilos(silos)), ...(await copiesAsOwners(silos)), ...(await namedThere(silos))];
  return [...found, await sameHistograms(silos)].map(({ name, found: times }) => ({
    name,
    ok: times === 0,
    found: times,
  }));
}

interface Found {
  readonly name: string;
  readonly found: number;
}

/** By silo and by what must not be there. The numbers are those of the invariants in the design. */
const violations: readonly { readonly silo: ServiceName; readonly name: string; readonly sql: string }[] = [
  {
    silo: "hospital",
    name: "I1: assigned trips have an agency, those in progress a unit",
    sql: `from trip where status in ('ASSIGNED', 'IN_PROGRESS') and assigned_agency_id is null
             or status = 'IN_PROGRESS' and assigned_unit_id is null`,
  },
  {
    silo: "hospital",
    name: "I2: waiting trips have neither agency, unit nor times",
    sql: `from trip where status = 'PENDING'
             and num_nonnulls(assigned_agency_id, assigned_unit_id, accept_time, pickup_time, completion_time) > 0`,
  },
  {
    silo: "hospital",
    name: "I4: cancelled trips have a reason, trips that are over a time",
    sql: `from trip where status = 'CANCELLED' and cancellation_reason is null
             or status in ('COMPLETED', 'CANCELLED') and closed_at is null`,
  },
  {
    silo: "hospital",
    name: "I12: open trips end elsewhere than they begin",
    sql: `from trip where status in ('PENDING', 'ASSIGNED', 'IN_PROGRESS') and origin_facility_id = destination_facility_id`,
  },
  {
    silo: "hospital",
    name: "every trip's hospital is there",
    sql: "from trip t where not exists (select from hospital h where h.id = t.hospital_id)",
  },
  {
    silo: "hospital",
    name: "every facility's hospital is there",
    sql: "from facility f where not exists (select from hospital h where h.id = f.hospital_id)",
  },
  {
    silo: "hospital",
    name: "I13: every trip and facility has its event",
    sql: `from (select 'trip' as type, id from trip union all select 'facility', id from facility) r
          where not exists (select from outbox_event e where e.aggregate_type = r.type and e.aggregate_id = r.id and e.aggregate_ver = 1)`,
  },
  {
    silo: "hospital",
    name: "open trips that an agency has were won by one claim",
    sql: `from trip t where status in ('ASSIGNED', 'IN_PROGRESS') and not exists (
            select from trip_claim c where c.attempt_id = t.accepted_attempt_id and c.trip_id = t.id
               and c.outcome = 'WON' and c.agency_id = t.assigned_agency_id)`,
  },
  {
    silo: "ems",
    name: "I5: a trip has one accepted bid at most, of its agency",
    sql: `from bid b left join trip_copy t on t.id = b.trip_id where b.status = 'ACCEPTED' and (
            t.assigned_agency_id is distinct from b.agency_id
            or exists (select from bid o where o.trip_id = b.trip_id and o.status = 'ACCEPTED' and o.id <> b.id))`,
  },
  {
    silo: "ems",
    name: "I6: an agency has one open bid on a trip at most",
    sql: `from (select from bid where status = 'PENDING' group by trip_id, agency_id having count(*) > 1) twice`,
  },
  {
    silo: "ems",
    name: "I7: open bids are on trips that wait",
    sql: `from bid b where status = 'PENDING' and not exists (select from trip_copy t where t.id = b.trip_id and t.status = 'PENDING')`,
  },
  {
    silo: "ems",
    name: "I8: a unit is on one open trip at most",
    sql: `from (select from trip_copy where status in ('ASSIGNED', 'IN_PROGRESS') and assigned_unit_id is not null
                 group by assigned_unit_id having count(*) > 1) twice`,
  },
  {
    silo: "ems",
    name: "I9: units in use are on an open trip, and others are not, unless they are out of service",
    sql: `from unit u left join (select distinct assigned_unit_id as id from trip_copy where status in ('ASSIGNED', 'IN_PROGRESS')) s on s.id = u.id
          where u.status = 'IN_USE' and s.id is null or u.status = 'AVAILABLE' and s.id is not null`,
  },
  {
    silo: "ems",
    name: "I10: a trip's unit is its agency's",
    sql: `from trip_copy t join unit u on u.id = t.assigned_unit_id where u.agency_id is distinct from t.assigned_agency_id`,
  },
  {
    silo: "ems",
    name: "every bid's trip is there",
    sql: "from bid b where not exists (select from trip_copy t where t.id = b.trip_id)",
  },
  {
    silo: "ems",
    name: "I13: every agency, unit, route and bid has its event",
    sql: `from (select 'agency' as type, id from agency union all select 'unit', id from unit
                 union all select 'route', id from route union all select 'bid', id from bid) r
          where not exists (select from outbox_event e where e.aggregate_type = r.type and e.aggregate_id = r.id and e.aggregate_ver = 1)`,
  },
  {
    silo: "ems",
    name: "open trips that an agency has are confirmed",
    sql: `from trip_copy t where status in ('ASSIGNED', 'IN_PROGRESS') and not exists (
            select from assignment s where s.attempt_id::text = t.accepted_attempt_id and s.trip_id = t.id
               and s.state = 'CONFIRMED' and s.agency_id = t.assigned_agency_id)`,
  },
  {
    silo: "center",
    name: "I15: every person's agency is in the directory",
    sql: "from user_account u where agency_id is not null and not exists (select from agency a where a.id = u.agency_id)",
  },
  {
    silo: "center",
    name: "I13: every hospital, account and registered agency has its event",
    sql: `from (select 'hospital' as type, id from hospital where imported_at is not null
                 union all select 'user', id from user_account where imported_at is not null
                 union all select 'service', id from service_registry where imported_at is not null) r
          where not exists (select from outbox_event e where e.aggregate_type = r.type and e.aggregate_id = r.id and e.aggregate_ver = 1)`,
  },
  ...(["hospital", "ems", "center"] as const).map((silo) => ({
    silo,
    name: `no subscriber of ${silo} is blocked`,
    sql: "from inbox_cursor where blocked",
  })),
];

/** The silos beside each other: one after the other would leave processors idle. */
async function withinSilos(silos: Silos): Promise<readonly Found[]> {
  const bySilo = Map.groupBy(violations, ({ silo }) => silo);
  const found = await Promise.all(
    [...bySilo].map(async ([silo, own]) => {
      const counts: Found[] = [];
      for (const { name, sql } of own) counts.push({ name, found: await countOf(silos[silo], sql) });
      return counts;
    }),
  );
  return found.flat();
}

async function countOf(client: ClientBase, sql: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`select count(*) ${sql}`);
  return Number(rows[0]?.count ?? 0);
}

/** A copy in one silo of what another owns. */
interface Copy extends Comparison {
  readonly name: string;
  readonly owner: ServiceName;
}

const tripColumns = {
  ...{
    status: "t.status",
    priority: "t.priority",
    transport_level: "t.transport_level",
    hospital_id: "t.hospital_id",
    version: "t.version",
  },
};

const copies: readonly Copy[] = [
  {
    name: "EMS's copies of trips are as Hospital's trips",
    table: "ems.trip_copy",
    owner: "hospital",
    silo: "ems",
    key: { expected: "t.id", actual: "a.id" },
    columns: {
      ...tripColumns,
      ...{
        assigned_agency_id: "t.assigned_agency_id",
        assigned_unit_id: "t.assigned_unit_id",
        accepted_attempt_id: "t.accepted_attempt_id",
      },
      ...{
        request_time: "t.request_time",
        accept_time: "t.accept_time",
        pickup_time: "t.pickup_time",
        trip_number: "t.trip_number",
      },
      completion_time: "case when t.status = 'COMPLETED' then t.completion_time end",
    },
    expected: "trip t",
    actual: "trip_copy a",
  },
  {
    name: "Center's facts of trips are as Hospital's trips",
    table: "center.trip_fact",
    owner: "hospital",
    silo: "center",
    key: { expected: "t.id", actual: "a.trip_id" },
    columns: {
      ...tripColumns,
      ...{ agency_id: "t.assigned_agency_id", unit_id: "t.assigned_unit_id", requested_at: "t.request_time" },
      ...{ accepted_at: "t.accept_time", picked_up_at: "t.pickup_time" },
      completed_at: "case when t.status = 'COMPLETED' then t.completion_time end",
    },
    expected: "trip t",
    actual: "trip_fact a",
  },
  ...(["hospital", "center"] as const).map((silo) => ({
    name: `${silo === "hospital" ? "Hospital" : "Center"}'s copies of agencies are as EMS's agencies`,
    table: `${silo}.agency`,
    owner: "ems" as const,
    silo,
    key: { expected: "t.id", actual: "a.id" },
    columns: {
      ...{ name: "t.name", status: "t.status", service_area: "t.service_area", version: "t.version" },
      active: { expected: "t.is_active", actual: silo === "hospital" ? "a.active" : "a.is_active" },
    },
    expected: "agency t",
    actual: "agency a",
  })),
  {
    name: "Hospital's copies of hospitals are as Center's hospitals",
    table: "hospital.hospital",
    owner: "center",
    silo: "hospital",
    key: { expected: "t.id", actual: "a.id" },
    columns: { name: "t.name", active: "t.is_active", version: "t.version" },
    expected: "hospital t",
    actual: "hospital a",
  },
  {
    name: "EMS's copies of people are as Center's accounts",
    table: "ems.agency_user",
    owner: "center",
    silo: "ems",
    key: { expected: "t.id", actual: "a.id" },
    columns: {
      ...{ name: "t.name", email: "t.email", agency_id: "t.agency_id", is_active: "t.is_active", version: "t.version" },
    },
    expected: "user_account t where user_type = 'EMS' and agency_id is not null",
    actual: "agency_user a",
  },
];

async function copiesAsOwners(silos: Silos): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const { name, owner, ...comparison } of copies) {
    const [source, silo] = [silos[owner], silos[comparison.silo]];
    const [expected, actual] = await Promise.all([
      readBuckets(source, expectedSide(comparison)),
      readBuckets(silo, actualSide(comparison)),
    ]);
    const { missing, extra, different } = await findDifferences({
      comparison,
      source,
      silo,
      expected,
      actual,
      maxTold: 0,
    });
    found.push({ name, found: missing + extra + different });
  }
  return found;
}

/** Names of records of another silo, each once. */
const names: readonly {
  readonly name: string;
  readonly silo: ServiceName;
  readonly named: string;
  readonly owner: ServiceName;
  readonly ids: string;
}[] = [
  {
    name: "I15: every trip's agency is in EMS",
    silo: "hospital",
    named: "select distinct assigned_agency_id as id from trip where assigned_agency_id is not null",
    owner: "ems",
    ids: "select id from agency",
  },
  {
    name: "I15: every trip's unit is in EMS",
    silo: "hospital",
    named: "select distinct assigned_unit_id as id from trip where assigned_unit_id is not null",
    owner: "ems",
    ids: "select id from unit",
  },
  {
    name: "every preferred agency is in EMS",
    silo: "hospital",
    named: "select distinct agency_id as id from agency_preference",
    owner: "ems",
    ids: "select id from agency",
  },
  {
    name: "every facility's and trip's hospital is in Center",
    silo: "hospital",
    named: "select hospital_id as id from facility union select distinct hospital_id from trip",
    owner: "center",
    ids: "select id from hospital",
  },
  {
    name: "every hospital's person is a person of Hospital's",
    silo: "center",
    named: "select id from user_account where user_type = 'HOSPITAL' and hospital_id is not null",
    owner: "hospital",
    ids: "select id from hospital_user",
  },
  {
    name: "every agency of accounts is in EMS",
    silo: "center",
    named: "select distinct agency_id as id from user_account where agency_id is not null",
    owner: "ems",
    ids: "select id from agency",
  },
];

async function namedThere(silos: Silos): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const { name, silo, named, owner, ids } of names) {
    const [there, known] = await Promise.all([
      silos[silo].query<{ id: string }>(named),
      silos[owner].query<{ id: string }>(ids),
    ]);
    const all = new Set(known.rows.map(({ id }) => id));
    found.push({ name, found: there.rows.filter(({ id }) => !all.has(id)).length });
  }
  return found;
}

async function sameHistograms({ hospital, ems, center }: Silos): Promise<Found> {
  const histogram = async (silo: ClientBase, table: string): Promise<string> => {
    const { rows } = await silo.query(
      "select status, count(*) as count from " + table + " group by status order by status",
    );
    return JSON.stringify(rows);
  };
  const [own, copied, counted] = await Promise.all([
    histogram(hospital, "trip"),
    histogram(ems, "trip_copy"),
    histogram(center, "trip_fact"),
  ]);
  return {
    name: "I17: all silos count the same trips by status",
    found: [copied, counted].filter((other) => other !== own).length,
  };
}
