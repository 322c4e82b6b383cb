import type { ServiceName } from "#platform/service-name.ts";
import { allButNative, type Comparison, type NativeKind } from "../comparison.ts";
import { hospitalPeople } from "./people.ts";

const imported = "(select imported_at from v_option)";

/** A kind of record whose import one event tells. */
interface ToldRecord {
  readonly silo: ServiceName;
  readonly aggregate: string;
  readonly event: string;
  readonly native: NativeKind;
  /** What follows `from`; the records' ids are r.id. */
  readonly records: string;
  /** Whether the event is kept for subscribers to come, and told to nobody. */
  readonly isOver?: string;
  /** Who listens, by the silo that has the cursor. */
  readonly listeners: Partial<Record<ServiceName, string>>;
}

const told: readonly ToldRecord[] = [
  {
    ...{ silo: "hospital", aggregate: "trip", event: "TripImported", native: "trip" },
    records: "v_trip r where r.bad is null",
    isOver: "r.status in ('COMPLETED', 'CANCELLED')",
    listeners: { ems: "ems_trip", center: "center_trip" },
  },
  {
    ...{ silo: "ems", aggregate: "bid", event: "BidImported", native: "bid" },
    records: "v_bid r where r.bad is null",
    isOver: "not r.is_live",
    listeners: { center: "center_bid" },
  },
  {
    ...{ silo: "hospital", aggregate: "facility", event: "FacilityImported", native: "facility" },
    records: "v_facility r",
    listeners: { center: "center_facility" },
  },
  {
    ...{ silo: "hospital", aggregate: "preference", event: "PreferencesImported", native: "hospital" },
    records: "(select distinct hospital_id as id from v_preference where bad is null) r",
    listeners: { ems: "ems_preference" },
  },
  {
    ...{ silo: "ems", aggregate: "agency", event: "AgencyImported", native: "agency" },
    records: "v_real_agency r",
    listeners: { hospital: "hospital_agency", center: "center_agency" },
  },
  {
    ...{ silo: "ems", aggregate: "unit", event: "UnitImported", native: "unit" },
    records: "v_unit r where r.bad is null",
    listeners: { center: "center_unit" },
  },
  {
    ...{ silo: "ems", aggregate: "route", event: "RouteImported", native: "route" },
    records: "v_route r where r.bad is null",
    listeners: {},
  },
  {
    ...{ silo: "center", aggregate: "hospital", event: "HospitalImported", native: "hospital" },
    records: "v_center_hospital r",
    listeners: { hospital: "hospital_hospital" },
  },
  {
    ...{ silo: "center", aggregate: "user", event: "UserImported", native: "user" },
    records: "v_account r",
    listeners: { hospital: "hospital_user", ems: "ems_user" },
  },
  {
    ...{ silo: "center", aggregate: "service", event: "ServiceImported", native: "service" },
    records: "v_silo_agency r where r.added_by is not null",
    listeners: {},
  },
];

/** One event for each record, at version 1, and a cursor there for each that listens. What it says is not compared. */
export const eventComparisons: readonly Comparison[] = told.flatMap((record) => [
  outboxOf(record),
  ...Object.entries(record.listeners).map(([silo, consumer]) => cursorsOf(record, silo as ServiceName, consumer)),
]);

function outboxOf({ silo, aggregate, event, native, records, isOver = "false" }: ToldRecord): Comparison {
  return {
    table: `${silo}.outbox_event`,
    silo,
    key: { expected: `'${aggregate} ' || r.id`, actual: "a.aggregate_type || ' ' || a.aggregate_id" },
    columns: {
      aggregate_ver: "1",
      event_type: `'medport.events.v1.${event}'`,
      subject: `'evt.${silo}.${aggregate}.' || r.id || '.imported'`,
      occurred_at: imported,
      published_at: `case when ${isOver} then ${imported} else 'infinity' end`,
      stream_epoch: `case when ${isOver} then 'imported' end`,
      payload: { expected: "true", actual: "length(a.payload) > 0" },
    },
    expected: records,
    actual: `${allButNative("outbox_event", native, "a.aggregate_id")} and a.aggregate_type = '${aggregate}'`,
  };
}

function cursorsOf({ aggregate, native, records }: ToldRecord, silo: ServiceName, consumer: string): Comparison {
  return {
    table: `${silo}.inbox_cursor`,
    silo,
    key: {
      expected: `'${consumer} ${aggregate} ' || r.id`,
      actual: "a.consumer || ' ' || a.aggregate_type || ' ' || a.aggregate_id",
    },
    columns: { last_ver: "1", blocked: "false" },
    expected: records,
    actual: `${allButNative("inbox_cursor", native, "a.aggregate_id")} and a.consumer = '${consumer}' and a.aggregate_type = '${aggregate}'`,
  };
}

/** A kind of reference of a record of one silo to one of another. */
interface KnownReference {
  readonly entity: string;
  readonly source: ServiceName;
  readonly named: string;
  readonly target: ServiceName;
  readonly native: NativeKind;
  /** What follows `from`; with r.id and r.named. */
  readonly records: string;
}

const references: readonly KnownReference[] = [
  {
    ...{ entity: "trip", source: "hospital", named: "agency", target: "ems", native: "trip" },
    records: "(select id, agency_id as named from v_trip where bad is null and agency_id is not null) r",
  },
  {
    ...{ entity: "trip", source: "hospital", named: "unit", target: "ems", native: "trip" },
    records: "(select id, unit_id as named from v_trip where bad is null and unit_id is not null) r",
  },
  {
    ...{ entity: "bid", source: "ems", named: "trip", target: "hospital", native: "bid" },
    records: "(select id, trip_id as named from v_bid where bad is null) r",
  },
  {
    ...{ entity: "user", source: "center", named: "agency", target: "ems", native: "user" },
    records: "(select id, agency_id as named from v_account where type = 'EMS' and agency_id is not null) r",
  },
  {
    ...{ entity: "user", source: "center", named: "hospital_user", target: "hospital", native: "user" },
    records: `(select c.id, c.id as named from v_person p join v_account c on c.id = p.user_id where ${hospitalPeople}) r`,
  },
  {
    ...{ entity: "user", source: "center", named: "former_user", target: "center", native: "user" },
    records: "(select into_id as id, id as named from v_person where fate = 'MERGED') r",
  },
  {
    ...{ entity: "agency", source: "ems", named: "directory_entry", target: "center", native: "agency" },
    records: "(select id, id as named from v_real_agency) r",
  },
  {
    ...{ entity: "unit", source: "ems", named: "agency", target: "center", native: "unit" },
    records: "(select id, agency_id as named from v_unit where bad is null) r",
  },
  {
    ...{ entity: "facility", source: "hospital", named: "hospital", target: "center", native: "facility" },
    records: "(select id, hospital_id as named from v_facility) r",
  },
];

/** Which records of one silo name which of another. */
export const referenceComparisons: readonly Comparison[] = references.map(
  ({ entity, source, named, target, native, records }) => ({
    table: "center.database_reference",
    silo: "center",
    key: {
      expected: `'${entity} ' || r.id || ' ${named}'`,
      actual: "a.entity_type || ' ' || a.entity_id || ' ' || a.reference_type",
    },
    columns: {
      reference_id: "r.named",
      source_database: `'${source}'`,
      target_database: `'${target}'`,
      created_at: imported,
      updated_at: imported,
    },
    expected: records,
    actual: `${allButNative("database_reference", native, "a.entity_id")} and a.entity_type = '${entity}' and a.reference_type = '${named}'`,
  }),
);
