import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import type { Client } from "pg";
import { BidImportedSchema } from "#gen/medport/events/v1/bid_events_pb.ts";
import { TripImportedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { type Database, type Entities, openDatabase } from "#platform/database/database.ts";
import { eventTypes } from "#platform/events/event-registry.ts";
import type { EventHandlers } from "#platform/events/handler.ts";
import { newId } from "#platform/id.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { agencyHandlers as centerAgencyHandlers } from "../../../center/src/agencies/agency.consumer.ts";
import { bidHandlers } from "../../../center/src/analytics/bid.consumer.ts";
import { tripHandlers as centerTripHandlers } from "../../../center/src/analytics/trip-fact.consumer.ts";
import { entities as centerEntities } from "../../../center/src/entities.ts";
import { emsEntities } from "../../../ems/src/entities.ts";
import { userHandlers as agencyUserHandlers } from "../../../ems/src/people/agency-user.consumer.ts";
import { preferenceHandlers } from "../../../ems/src/preferences/preference.consumer.ts";
import { tripHandlers as emsTripHandlers } from "../../../ems/src/trip-copies/trip-copy.consumer.ts";
import { agencyHandlers as hospitalAgencyHandlers } from "../../../hospital/src/agencies/agency.consumer.ts";
import { hospitalEntities } from "../../../hospital/src/entities.ts";
import { hospitalHandlers } from "../../../hospital/src/hospitals/hospital.consumer.ts";
import { userHandlers as hospitalUserHandlers } from "../../../hospital/src/people/hospital-user.consumer.ts";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { consequencesOf, consequencesOfRows } from "./consequences.ts";
import {
  aBidRow,
  aFacilityRow,
  aHospitalRow,
  anAccountRow,
  anAgencyRow,
  aRouteRow,
  aServiceRow,
  aTripRow,
  aUnitRow,
  context,
  importedAt,
  insertRow,
  oddTrips,
  somePlaces,
} from "./imported-rows.builder.ts";
import type { OutboxEventRow, TargetRow, TargetTable, TargetTables } from "./target-tables.ts";

const entitiesOf: Readonly<Record<ServiceName, Entities>> = {
  hospital: hospitalEntities,
  ems: emsEntities,
  center: centerEntities,
};

const handlersOf: Readonly<Record<ServiceName, EventHandlers>> = {
  hospital: [...hospitalAgencyHandlers, ...hospitalHandlers, ...hospitalUserHandlers],
  ems: [
    ...emsTripHandlers({ auditLog: { append: () => Promise.resolve() }, newId }),
    ...preferenceHandlers,
    ...agencyUserHandlers,
  ],
  center: [
    ...centerTripHandlers(),
    ...bidHandlers(),
    ...centerAgencyHandlers({ auditLog: { append: () => Promise.resolve() } }),
  ],
};

let base: TestDatabases;
const databases = new Map<ServiceName, Database>();
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  base = parts.use(await createTestDatabases());
  for (const service of serviceNames) {
    const { log } = createMemoryLog(service);
    const url = base.databases[service].appUrl;
    const opened = await openDatabase({ url, service, entities: entitiesOf[service], log });
    databases.set(
      service,
      parts.adopt(opened, (it) => it.close()),
    );
  }
});
afterAll(() => parts.disposeAsync());

const imported: readonly TargetRow[] = [
  ...oddTrips.map((row) => ({ table: "hospital.trip", row }) as const),
  { table: "ems.bid", row: aBidRow("bid-1") },
  { table: "ems.agency", row: anAgencyRow("swift") },
  { table: "ems.agency", row: anAgencyRow("calm", { is_active: false, status: "INACTIVE", added_by: null }) },
  {
    table: "ems.agency",
    row: anAgencyRow("priced", { pricing_structure: { baseFares: { BLS: "100", ALS: "250.5" }, perMile: "3" } }),
  },
  { table: "center.hospital", row: aHospitalRow("mercy") },
  { table: "center.user_account", row: anAccountRow("nurse") },
  { table: "center.user_account", row: anAccountRow("lost", { hospital_id: null }) },
  {
    table: "center.user_account",
    row: anAccountRow("dispatcher", { user_type: "EMS", hospital_id: null, agency_id: "swift", is_active: false }),
  },
  { table: "center.user_account", row: anAccountRow("stray", { user_type: "EMS", hospital_id: null }) },
  { table: "center.user_account", row: anAccountRow("operator", { user_type: "CENTER", hospital_id: null }) },
  { table: "hospital.preference_list", row: { hospital_id: "mercy", version: 1 } },
];

/** What each projection's rows are told apart by, and the columns that say how the row came here. */
const projections: Partial<
  Record<TargetTable, { readonly key: readonly string[]; readonly ours?: readonly string[] }>
> = {
  "ems.trip_copy": { key: ["id"] },
  "ems.available_trip_change": { key: ["trip_id"], ours: ["seq", "recorded_at"] },
  "ems.agency_user": { key: ["id"] },
  "ems.hospital_preference": { key: ["hospital_id"] },
  "center.trip_fact": { key: ["trip_id"] },
  // Who added an agency the event does not tell.
  "center.agency": { key: ["id"], ours: ["added_by", "imported_at"] },
  "center.database_reference": { key: ["entity_type", "entity_id", "reference_type"], ours: ["id"] },
  "hospital.agency": { key: ["id"] },
  "hospital.hospital": { key: ["id"] },
  "hospital.hospital_user": { key: ["id"] },
};

async function tell({ event_type, aggregate_id, payload }: OutboxEventRow): Promise<void> {
  for (const [service, database] of databases) {
    for (const handler of handlersOf[service].filter(({ type }) => type.typeName === event_type)) {
      await database.transaction(async (tx) => {
        await handler.handle(tx, payload, {
          eventId: newId(),
          aggregateId: aggregate_id,
          version: 1n,
          occurredAt: importedAt,
          receivedAt: importedAt,
          context: {},
          emit: () => undefined,
        });
        await tx.flush();
      });
    }
  }
}

async function rowsIn(silo: Client, table: string, ours: readonly string[] = []): Promise<readonly unknown[]> {
  const { rows } = await silo.query<{ row: Record<string, unknown> }>(
    `select to_jsonb(t) - $1::text[] as row from public.${table} t order by (to_jsonb(t) - $1::text[])::text`,
    [ours],
  );
  return rows.map(({ row }) => row);
}

describe("the copies of imported rows", () => {
  it("are those that the silos' subscribers make of their events", async () => {
    const consequences = imported.flatMap((row) => consequencesOf(row, context));
    for (const { table, row } of consequences) if (isOutbox(table)) await tell(row as OutboxEventRow);
    for (const [name, { ours = [] }] of Object.entries(projections)) {
      const { silo, table } = placeOf(name as TargetTable);
      const theirs = await rowsIn(base.silos[silo], table, ours);
      await base.silos[silo].query(`delete from public.${table}`);
      for (const made of consequences.filter((it) => it.table === name)) await insertRow(base.silos[silo], made);
      const made = await rowsIn(base.silos[silo], table, ours);
      // Of agencies the registry and the references tell with the directory.
      const compared = name === "center.database_reference" ? theirs.filter(isAboutTrips) : theirs;
      expect({ name, rows: made }).toEqual({ name, rows: compared });
      expect(made.length).toBeGreaterThan(0);
    }
  });

  it("are made of every kind of row for which a subscriber has a copy", () => {
    const tables = new Set(imported.flatMap((row) => consequencesOf(row, context).map(({ table }) => table)));
    for (const name of Object.keys(projections)) expect(tables).toContain(name);
  });
});

function isAboutTrips(row: unknown): boolean {
  const { entity_type: type } = row as { entity_type: string };
  return type === "trip" || type === "bid";
}

function isOutbox(table: TargetTable): boolean {
  return table.endsWith(".outbox_event");
}

function placeOf(name: TargetTable): { readonly silo: ServiceName; readonly table: string } {
  const [silo, table = ""] = name.split(".");
  return { silo: silo as ServiceName, table };
}

describe("the events of imported rows", () => {
  const every: readonly TargetRow[] = [
    ...imported,
    ...somePlaces.map((place) => ({ table: "hospital.facility", row: aFacilityRow(place) }) as const),
    { table: "ems.unit", row: aUnitRow("swift-1") },
    { table: "ems.route", row: aRouteRow("route-1") },
    { table: "center.service_registry", row: aServiceRow("swift") },
  ];

  it("are of every type that the move tells, one for each row, held back but for what is over", async () => {
    const events = every.map((row) => outboxOf(consequencesOf(row, context)));
    expect(events.map((found) => found.length)).toEqual(every.map(() => 1));
    const told = events.flat();
    const known = [...eventTypes.keys()].filter((name) => name.endsWith("Imported"));
    expect([...new Set(told.map(({ event_type }) => event_type))].toSorted()).toEqual(known.toSorted());
    const over = new Set(oddTrips.filter(({ closed_at }) => closed_at).map(({ id }) => id));
    for (const { aggregate_type, aggregate_id, published_at, stream_epoch } of told) {
      const isOver = aggregate_type === "trip" && over.has(aggregate_id);
      expect([aggregate_id, published_at, stream_epoch]).toEqual(
        isOver ? [aggregate_id, importedAt, "imported"] : [aggregate_id, "infinity", null],
      );
    }
    for (const row of every) {
      for (const made of consequencesOf(row, context).filter(({ table }) => isOutbox(table))) {
        await insertRow(base.silos[placeOf(made.table).silo], made);
      }
    }
  });

  it("are the same in every run", () => {
    for (const row of every) expect(consequencesOf(row, context)).toEqual(consequencesOf(row, context));
  });

  it("say nothing of free text, amounts or the patient", () => {
    const secret = "spoken by nobody";
    const trip = aTripRow("trip-1", { patient_id: secret, special_requirements: secret, cancellation_reason: secret });
    const bid = aBidRow("bid-1", { notes: secret, amount: "12345.67" });
    const told = outboxOf([
      ...consequencesOf({ table: "hospital.trip", row: trip }, context),
      ...consequencesOf({ table: "ems.bid", row: bid }, context),
    ]);
    expect(told).toHaveLength(2);
    for (const { payload } of told) {
      expect(Buffer.from(payload).includes(secret)).toBe(false);
      expect(Buffer.from(payload).includes("12345")).toBe(false);
    }
  });

  it("of bids that won are told if their trips are open, and kept if they are over", () => {
    const accepted = (trip: TargetTables["hospital.trip"]) =>
      outboxOf(
        consequencesOfRows(
          [
            { table: "hospital.trip", row: trip },
            { table: "ems.bid", row: aBidRow("bid-1", { status: "ACCEPTED", trip_id: trip.id }) },
            { table: "ems.bid", row: aBidRow("bid-2", { status: "REJECTED", trip_id: trip.id }) },
          ],
          context,
        ),
      ).filter(({ aggregate_type }) => aggregate_type === "bid");
    const openTrip = oddTrips.find(({ status }) => status === "ASSIGNED") ?? aTripRow("none");
    const closedTrip = oddTrips.find(({ status }) => status === "COMPLETED") ?? aTripRow("none");
    expect(accepted(openTrip).map(({ stream_epoch }) => stream_epoch)).toEqual([null, "imported"]);
    expect(accepted(closedTrip).map(({ stream_epoch }) => stream_epoch)).toEqual(["imported", "imported"]);
  });

  it("tell what a trip and a bid are", () => {
    const [trip] = outboxOf(consequencesOf({ table: "hospital.trip", row: aTripRow("trip-1") }, context));
    expect(trip?.subject).toBe("evt.hospital.trip.trip-1.imported");
    expect(fromBinary(TripImportedSchema, trip?.payload ?? new Uint8Array()).trip).toMatchObject({
      tripId: "trip-1",
      origin: { facilityId: "ward", county: "", coordinates: { latitude: 40.5 } },
    });
    const [bid] = outboxOf(consequencesOf({ table: "ems.bid", row: aBidRow("bid-1") }, context));
    expect(fromBinary(BidImportedSchema, bid?.payload ?? new Uint8Array()).bid).toMatchObject({ bidId: "bid-1" });
  });
});

function outboxOf(rows: readonly TargetRow[]): readonly OutboxEventRow[] {
  return rows.filter(({ table }) => isOutbox(table)).map(({ row }) => row as OutboxEventRow);
}

describe("the cursors of imported rows", () => {
  it("stand where the subscribers' own would, so that the events change nothing", () => {
    const cursors = (row: TargetRow) =>
      consequencesOf(row, context).flatMap(({ table, row: made }) =>
        table.endsWith(".inbox_cursor") ? [`${table} ${(made as { consumer: string }).consumer}`] : [],
      );
    expect(cursors({ table: "hospital.trip", row: aTripRow("trip-1") })).toEqual([
      "ems.inbox_cursor ems_trip",
      "center.inbox_cursor center_trip",
    ]);
    expect(cursors({ table: "ems.bid", row: aBidRow("bid-1") })).toEqual(["center.inbox_cursor center_bid"]);
    expect(cursors({ table: "ems.agency", row: anAgencyRow("swift") })).toEqual([
      "hospital.inbox_cursor hospital_agency",
      "center.inbox_cursor center_agency",
    ]);
    expect(cursors({ table: "ems.unit", row: aUnitRow("u") })).toEqual(["center.inbox_cursor center_unit"]);
    expect(cursors({ table: "ems.route", row: aRouteRow("r") })).toEqual([]);
    expect(cursors({ table: "center.user_account", row: anAccountRow("nurse") })).toEqual([
      "hospital.inbox_cursor hospital_user",
      "ems.inbox_cursor ems_user",
    ]);
    expect(cursors({ table: "center.hospital", row: aHospitalRow("mercy") })).toEqual([
      "hospital.inbox_cursor hospital_hospital",
    ]);
    expect(cursors({ table: "hospital.preference_list", row: { hospital_id: "mercy", version: 1 } })).toEqual([
      "ems.inbox_cursor ems_preference",
    ]);
  });
});

describe("the history of an imported trip", () => {
  it("begins with its import, and tells what the trip was, whatever its event leaves out", async () => {
    const row = oddTrips.find(({ id }) => id === "cancelled-by-nobody") ?? aTripRow("none");
    const [line] = consequencesOf({ table: "hospital.trip", row }, context).filter(
      ({ table }) => table === "hospital.trip_history",
    );
    expect(line?.row).toMatchObject({
      change: "imported",
      version: 1,
      recorded_at: importedAt,
      occur_time: row.updated_at,
      accept_time: row.accept_time,
      completion_time: row.completion_time,
      to_status: "CANCELLED",
      user_id: "",
    });
  });

  it("needs the places of the trip", () => {
    const row = aTripRow("trip-1", { origin_facility_id: "gone" });
    expect(() => consequencesOf({ table: "hospital.trip", row }, context)).toThrow("facility gone");
  });
});
