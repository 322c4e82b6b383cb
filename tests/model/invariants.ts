import type { ServiceName } from "#platform/service-name.ts";
import type { Silos } from "./silos.ts";

/** A rule of the domain as a query for what breaks it. */
interface Invariant {
  readonly name: string;
  readonly silo: ServiceName;
  /** Gives a row for each record that breaks the rule. */
  readonly breaches: string;
}

/** What must hold within one silo, whatever happened. */
const withinSilos: readonly Invariant[] = [
  {
    name: "I1 a trip that somebody has, has an agency, and one that is under way a unit",
    silo: "hospital",
    breaches: `select id from trip where (status in ('ASSIGNED', 'IN_PROGRESS') and assigned_agency_id is null)
                  or (status = 'IN_PROGRESS' and assigned_unit_id is null)`,
  },
  {
    name: "I2 a trip that waits has neither agency nor unit nor times of what has not happened",
    silo: "hospital",
    breaches: `select id from trip where status = 'PENDING' and num_nonnulls(assigned_agency_id, assigned_unit_id,
                 accept_time, pickup_time, completion_time, consent_due_time) > 0`,
  },
  {
    name: "I3 times are in order",
    silo: "hospital",
    breaches: `select id from trip where accept_time < request_time or pickup_time < accept_time
                  or completion_time < pickup_time`,
  },
  {
    name: "I4 a completed trip has its time, a cancelled one its reason",
    silo: "hospital",
    breaches: `select id from trip where (status = 'COMPLETED' and completion_time is null)
                  or (status = 'CANCELLED' and coalesce(cancellation_reason, '') = '')`,
  },
  {
    name: "I5 one accepted bid per trip",
    silo: "ems",
    breaches: "select trip_id as id from bid where status = 'ACCEPTED' group by trip_id having count(*) > 1",
  },
  {
    name: "I6 one open bid per trip and agency",
    silo: "ems",
    breaches: `select trip_id as id from bid where status = 'PENDING' group by trip_id, agency_id having count(*) > 1`,
  },
  {
    name: "I7 no open bid on a trip that does not wait",
    silo: "ems",
    breaches: `select b.id from bid b join trip_copy c on c.id = b.trip_id
                where b.status = 'PENDING' and c.status <> 'PENDING'`,
  },
  {
    name: "I8 a unit is on one trip at most",
    silo: "ems",
    breaches: `select unit_id as id from assignment where state in ('HELD', 'CONFIRMED') and unit_id is not null
                group by unit_id having count(*) > 1`,
  },
  {
    name: "I9 a unit is in use exactly while it is on a trip",
    silo: "ems",
    breaches: `select u.id from unit u where (u.status = 'IN_USE') <> exists (
                 select from assignment a where a.unit_id = u.id and a.state in ('HELD', 'CONFIRMED'))`,
  },
  {
    name: "I10 a trip's unit is its agency's",
    silo: "ems",
    breaches: `select a.attempt_id::text as id from assignment a join unit u on u.id = a.unit_id
                where u.agency_id <> a.agency_id`,
  },
  {
    name: "I11 a trip's unit can serve its level",
    silo: "hospital",
    breaches: `select id from trip where status in ('ASSIGNED', 'IN_PROGRESS') and assigned_unit_type is not null
                 and transport_level <> 'OTHER' and case assigned_unit_type when 'CCT' then 3 when 'ALS' then 2
                   when 'BLS' then 1 else 0 end < case transport_level when 'CCT' then 3 when 'ALS' then 2 else 1 end`,
  },
  {
    name: "I12 origin and destination differ",
    silo: "hospital",
    breaches: "select id from trip where origin_facility_id = destination_facility_id",
  },
  {
    name: "I13 every version of a trip has one line of history and one event",
    silo: "hospital",
    breaches: `select t.id from trip t where t.version <> (select count(*) from trip_history h where h.trip_id = t.id)
                  or t.version <> (select count(*) from outbox_event o
                                    where o.aggregate_type = 'trip' and o.aggregate_id = t.id)`,
  },
  {
    name: "I13 every version of a bid has one event",
    silo: "ems",
    breaches: `select b.id from bid b where b.version <> (select count(*) from outbox_event o
                 where o.aggregate_type = 'bid' and o.aggregate_id = b.id)`,
  },
  {
    name: "I13 every version of a unit has one event",
    silo: "ems",
    breaches: `select u.id from unit u where u.version <> (select count(*) from outbox_event o
                 where o.aggregate_type = 'unit' and o.aggregate_id = u.id)`,
  },
  {
    name: "I13 every change of a trip is in the audit log",
    silo: "hospital",
    breaches: `select t.id from trip t where t.version > (select count(*) from audit_entry e
                 where e.decision = 'ALLOWED' and e.entities @> jsonb_build_array(jsonb_build_object('type', 'trip', 'id', t.id)))`,
  },
  {
    name: "I20 a status is reached by its own edges alone",
    silo: "hospital",
    breaches: `select trip_id as id from trip_history where (coalesce(from_status, ''), to_status) not in (
                 ('', 'PENDING'), ('PENDING', 'PENDING'), ('PENDING', 'ASSIGNED'), ('ASSIGNED', 'ASSIGNED'),
                 ('ASSIGNED', 'PENDING'), ('ASSIGNED', 'IN_PROGRESS'), ('IN_PROGRESS', 'IN_PROGRESS'),
                 ('IN_PROGRESS', 'COMPLETED'), ('PENDING', 'CANCELLED'), ('ASSIGNED', 'CANCELLED'),
                 ('IN_PROGRESS', 'CANCELLED'), ('COMPLETED', 'COMPLETED'), ('CANCELLED', 'CANCELLED'))`,
  },
  {
    name: "a trip's last version in history is the trip",
    silo: "hospital",
    breaches: `select t.id from trip t join trip_history h on h.trip_id = t.id and h.version = t.version
                where (h.to_status, h.transport_level, h.priority, h.award_policy, h.special_requirements, h.material_version)
                   is distinct from (t.status, t.transport_level, t.priority, t.award_policy, t.special_requirements, t.material_version)
                   or (h.agency_id, h.unit_id, h.accept_time, h.pickup_time, h.completion_time, h.consent_due_time, h.bidding_close_time)
                   is distinct from (t.assigned_agency_id, t.assigned_unit_id, t.accept_time, t.pickup_time, t.completion_time,
                     t.consent_due_time, t.bidding_close_time)`,
  },
];

/** One trip as somebody holds it. */
interface TripView {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly said: string;
}

/** Every rule that is broken now, with the records that break it. To be asked when everything has settled. */
export async function breaches(silos: Silos): Promise<readonly string[]> {
  const within = await Promise.all(
    withinSilos.map(async ({ name, silo, breaches: query }) => {
      const rows = await silos.rows<{ id: string }>(silo, query);
      return rows.map(({ id }) => `${name}: ${id}`);
    }),
  );
  return [...within.flat(), ...(await differences(silos)), ...(await unknownOrganizations(silos))];
}

/** What one silo says of trips, bids and assignments and another does not. */
async function differences(silos: Silos): Promise<readonly string[]> {
  const owner = await silos.rows<TripView>(
    "hospital",
    `select id, concat_ws(' ', status, transport_level, priority, 'v' || version, assigned_agency_id, assigned_unit_id) as said
       from trip`,
  );
  const copies = await silos.rows<TripView>(
    "ems",
    `select id, concat_ws(' ', status, transport_level, priority, 'v' || version, assigned_agency_id, assigned_unit_id) as said
       from trip_copy`,
  );
  const facts = await silos.rows<TripView>(
    "center",
    `select trip_id as id, concat_ws(' ', status, transport_level, priority, 'v' || version, agency_id, unit_id) as said
       from trip_fact`,
  );
  // I5 and award's third invariant: who has a trip at Hospital, has it by one confirmed assignment and one accepted bid.
  const holders = await silos.rows<TripView>(
    "hospital",
    `select id, concat_ws(' ', assigned_agency_id, assigned_unit_id, accepted_attempt_id) as said from trip
      where status in ('ASSIGNED', 'IN_PROGRESS')`,
  );
  const assignments = await silos.rows<TripView>(
    "ems",
    `select trip_id as id, concat_ws(' ', agency_id, unit_id, attempt_id) as said from assignment
      where state = 'CONFIRMED'`,
  );
  const winners = await silos.rows<TripView>(
    "hospital",
    "select id, assigned_agency_id as said from trip where status in ('ASSIGNED', 'IN_PROGRESS', 'COMPLETED')",
  );
  const accepted = await silos.rows<TripView>(
    "ems",
    `select b.trip_id as id, b.agency_id as said from bid b join trip_copy c on c.id = b.trip_id
      where b.status = 'ACCEPTED' and c.status <> 'CANCELLED'`,
  );
  return [
    ...different("EMS's copy of a trip", owner, copies),
    ...different("Center's fact of a trip", owner, facts),
    ...different("the assignment of a trip", holders, assignments),
    ...different("the accepted bid of a trip", winners, accepted),
  ];
}

function different(what: string, truth: readonly TripView[], copy: readonly TripView[]): readonly string[] {
  const copies = new Map(copy.map(({ id, said }) => [id, said]));
  const truths = new Map(truth.map(({ id, said }) => [id, said]));
  const missing = truth
    .filter(({ id, said }) => copies.get(id) !== said)
    .map(({ id, said }) => `${what} ${id} says ${copies.get(id) ?? "nothing"} and not ${said}`);
  const surplus = copy
    .filter(({ id }) => !truths.has(id))
    .map(({ id, said }) => `${what} ${id} says ${said} of nothing`);
  return [...missing, ...surplus];
}

/** I15: everybody's organization exists where it is owned. */
async function unknownOrganizations(silos: Silos): Promise<readonly string[]> {
  const agencies = await silos.rows<{ id: string; version: string; active: string }>(
    "ems",
    "select id, version::text, (is_active and status = 'ACTIVE')::text as active from agency",
  );
  const known = new Map(agencies.map(({ id, version }) => [id, version]));
  const inCenter = await silos.rows<{ id: string; version: string }>("center", "select id, version::text from agency");
  const inHospital = await silos.rows<{ id: string; version: string }>(
    "hospital",
    "select id, version::text from agency",
  );
  const people = await silos.rows<{ id: string }>(
    "center",
    "select agency_id as id from user_account where agency_id is not null",
  );
  return [
    ...inCenter
      .filter(({ id, version }) => known.get(id) !== version)
      .map(({ id }) => `I15 Center's copy of agency ${id}`),
    ...inHospital
      .filter(({ id, version }) => known.get(id) !== version)
      .map(({ id }) => `I15 Hospital's copy of agency ${id}`),
    ...people.filter(({ id }) => !known.has(id)).map(({ id }) => `I15 people of agency ${id}, which EMS does not know`),
  ];
}
