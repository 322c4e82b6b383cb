import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { hash } from "bcrypt";
import { Client } from "pg";
import { BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import type { Trip } from "#gen/medport/transport/v1/trip_pb.ts";
import { TransportStatus, TripOrder } from "#gen/medport/transport/v1/trip_pb.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { firstAdminEmail } from "../../services/cli/src/sample/accounts.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { eventIdOf } from "../../services/migrator/src/target/imported-ids.ts";
import { consequencesOfRows } from "../../services/migrator/src/target/consequences.ts";
import {
  aBidRow,
  aFacilityRow,
  aHospitalRow,
  anAccountRow,
  anAgencyRow,
  anAssignmentRow,
  aClaimRow,
  aRouteRow,
  aServiceRow,
  aUnitRow,
  at,
  context,
  importedAt,
  insertRow,
  oddTrips,
  somePlaces,
} from "../../services/migrator/src/target/imported-rows.builder.ts";
import type { TargetRow } from "../../services/migrator/src/target/target-tables.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";
import { differencesBetween, figuresFromAnswer, recount } from "./recount.ts";

const password = "seven violet otters";
const parts = new AsyncDisposableStack();
const silos = new Map<ServiceName, Client>();
let test: TestMesh;
let overseer: MeshOfUser;
let nurse: MeshOfUser;
let medic: MeshOfUser;

const underway = oddTrips.filter(({ status }) => status === "ASSIGNED" || status === "IN_PROGRESS");

function rowsOf(password_hash: string): readonly TargetRow[] {
  const own: readonly TargetRow[] = [
    ...["mercy", "general"].map((id) => ({ table: "center.hospital", row: aHospitalRow(id) }) as const),
    ...somePlaces.map((place) => ({ table: "hospital.facility", row: aFacilityRow(place) }) as const),
    { table: "ems.agency", row: anAgencyRow("swift") },
    { table: "ems.unit", row: aUnitRow("swift-1", { status: "IN_USE" }) },
    { table: "ems.unit", row: aUnitRow("swift-2") },
    { table: "ems.route", row: aRouteRow("route-1") },
    { table: "center.service_registry", row: aServiceRow("swift") },
    { table: "center.user_account", row: anAccountRow("nurse", { password_hash }) },
    {
      table: "center.user_account",
      row: anAccountRow("medic", { user_type: "EMS", hospital_id: null, agency_id: "swift", password_hash }),
    },
    ...oddTrips.map((row) => ({ table: "hospital.trip", row }) as const),
    {
      table: "ems.bid",
      row: aBidRow("bid-open", { trip_id: "pending-in-blair", amount: null, estimated_arrival: null }),
    },
    { table: "ems.bid", row: aBidRow("bid-won", { trip_id: "completed", status: "ACCEPTED", amount: "0.00" }) },
    { table: "ems.bid", row: aBidRow("bid-lost", { trip_id: "completed", status: "REJECTED", notes: "" }) },
    {
      table: "ems.bid",
      row: aBidRow("bid-over", { trip_id: "cancelled", status: "EXPIRED", end_reason: "TRIP_CANCELLED" }),
    },
    ...underway.flatMap((row) => [
      { table: "hospital.trip_claim", row: aClaimRow(row) } as const,
      { table: "ems.assignment", row: anAssignmentRow(row) } as const,
    ]),
  ];
  return [...own, ...consequencesOfRows(own, context)];
}

beforeAll(async () => {
  test = parts.use(await startTestMesh());
  for (const service of serviceNames) {
    const client = new Client({ connectionString: test.databases[service].ownerUrl });
    await client.connect();
    parts.defer(() => client.end());
    silos.set(service, client);
  }
  for (const row of rowsOf(await hash(password, 4))) await insertRow(siloOf(row.table), row);
  const account = test.accounts.find(({ email }) => email === firstAdminEmail);
  overseer = await test.mesh.login(firstAdminEmail, account?.password ?? "");
  nurse = await test.mesh.login("nurse@people.example", password);
  medic = await test.mesh.login("medic@people.example", password);
}, 60_000);
afterAll(() => parts.disposeAsync());

function siloOf(table: string): Client {
  const client = silos.get(table.split(".")[0] as ServiceName);
  if (!client) throw new Error(`${table} is in no silo`);
  return client;
}

async function query<Row extends object>(service: ServiceName, sql: string): Promise<readonly Row[]> {
  const { rows } = await siloOf(`${service}.`).query<Row & Record<string, unknown>>(sql);
  return rows;
}

const ids = oddTrips.map(({ id }) => id).toSorted();
const open = sorted(oddTrips.filter(({ closed_at }) => closed_at === null));
const afterImport = timestampFromDate(new Date(importedAt.getTime() + 1));
const beforeImport = timestampFromDate(new Date(importedAt.getTime() - 1));

/** Every trip of Mercy's, a few at a time. */
async function listed(person: MeshOfUser, asked: object): Promise<readonly Trip[]> {
  const found: Trip[] = [];
  for (let pageToken = ""; ; ) {
    const page = await person.hospital.trips.listTrips({ pageSize: 3, pageToken, ...asked });
    found.push(...page.trips);
    pageToken = page.nextPageToken;
    if (pageToken === "") return found;
  }
}

function sorted(trips: readonly { readonly id: string }[]): readonly string[] {
  return trips.map(({ id }) => id).toSorted();
}

describe("an imported trip, however odd", () => {
  it.each(oddTrips.map(({ id }) => id))("is read as it is: %s", async (tripId) => {
    const row = oddTrips.find(({ id }) => id === tripId);
    const { trip } = await overseer.hospital.trips.getTrip({ tripId });
    expect(trip).toMatchObject({ id: tripId, tripNumber: row?.trip_number, version: 1n, patientId: row?.patient_id });
    expect(trip?.acceptTime && timestampDate(trip.acceptTime)).toEqual(row?.accept_time ?? undefined);
    expect(trip?.assignedAgencyId).toBe(row?.assigned_agency_id ?? "");
    expect(trip?.updateTime && timestampDate(trip.updateTime)).toEqual(row?.updated_at);
  });

  it.each(oddTrips.map(({ id }) => id))(
    "is the same as of any time since its import, and was not before: %s",
    async (tripId) => {
      const { trip: now } = await overseer.hospital.trips.getTrip({ tripId });
      const { trip: then } = await overseer.hospital.trips.getTrip({ tripId, asOfTime: afterImport });
      expect({ ...then, sla: undefined }).toEqual({ ...now, sla: undefined });
      const before = overseer.hospital.trips.getTrip({ tripId, asOfTime: beforeImport });
      await expect(before).rejects.toThrow("[not_found]");
      const { entries } = await overseer.hospital.trips.listTripHistory({ tripId });
      expect(entries.map(({ change, version, userId }) => [change, version, userId])).toEqual([["imported", 1n, ""]]);
      expect(entries.map(({ occurTime }) => occurTime && timestampDate(occurTime))).toEqual([importedAt]);
      const oversight = await overseer.center.oversight.getTrip({ tripId });
      expect([oversight.trip?.id, oversight.history.length]).toEqual([tripId, 1]);
    },
  );

  it("is listed with all others, now and as of a time, in every order, and by what it is", async () => {
    expect(sorted(await listed(nurse, {}))).toEqual(ids);
    const filter = { hospitalId: "mercy" };
    for (const [order, wanted] of [
      [TripOrder.NEWEST_FIRST, ids],
      [TripOrder.OLDEST_FIRST, ids],
      [TripOrder.MOST_URGENT_FIRST, open],
    ] as const) {
      expect([order, sorted(await listed(overseer, { filter, order }))]).toEqual([order, wanted]);
      expect([order, sorted(await listed(nurse, { order, asOfTime: afterImport }))]).toEqual([order, wanted]);
    }
    expect(await listed(nurse, { asOfTime: beforeImport })).toEqual([]);
    for (const status of ["PENDING", "ASSIGNED", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const) {
      const byStatus = { filter: { statuses: [TransportStatus[status]] } };
      const wanted = sorted(oddTrips.filter((row) => row.status === status));
      expect([status, sorted(await listed(nurse, byStatus))]).toEqual([status, wanted]);
      expect([status, sorted(await listed(nurse, { ...byStatus, asOfTime: afterImport }))]).toEqual([status, wanted]);
    }
  });

  it("differs from nothing before its import", async () => {
    const span = { fromTime: beforeImport, untilTime: afterImport };
    const { differences } = await nurse.hospital.trips.compareTrips({ ...span, pageSize: 100 });
    expect(differences.map(({ tripId }) => tripId).toSorted()).toEqual(ids);
    expect(differences.every(({ before }) => before === undefined)).toBe(true);
    const later = { fromTime: afterImport, untilTime: timestampFromDate(new Date(importedAt.getTime() + 1_000)) };
    expect((await nurse.hospital.trips.compareTrips(later)).differences).toEqual([]);
  });

  it("is on the board if it is open", async () => {
    const stop = new AbortController();
    const found: string[] = [];
    for await (const { item } of nurse.hospital.trips.watchTrips({}, { signal: stop.signal })) {
      if (item.case === "trip" && item.value.trip) found.push(item.value.trip.id);
      if (item.case === "snapshotCompleted") break;
    }
    stop.abort();
    expect(found.toSorted()).toEqual(open);
  });

  it("is an agency's if the agency had it, and offered to it if it waits", async () => {
    const own = oddTrips.filter(({ assigned_agency_id: agency, status }) => agency === "swift" || status === "PENDING");
    expect(sorted(await listed(medic, {}))).toEqual(sorted(own));
  });
});

describe("an imported trip that waits at a place whose county nobody knows", () => {
  it("is offered to every active agency, in lists and on boards", async () => {
    const { trips } = await medic.ems.bids.listAvailableTrips({});
    expect(trips.map(({ tripId }) => tripId)).toEqual(["pending-in-blair", "pending"]);
    const stop = new AbortController();
    const found: string[] = [];
    for await (const { item } of medic.ems.bids.watchAvailableTrips({}, { signal: stop.signal })) {
      if (item.case === "trip" && item.value.trip) found.push(item.value.trip.tripId);
      if (item.case === "snapshotCompleted") break;
    }
    stop.abort();
    expect(found.toSorted()).toEqual(["pending", "pending-in-blair"]);
  });

  it("is offered to agencies of other counties, too, which are not offered one in a county that they do not serve", async () => {
    const account = test.accounts.find(({ organization }) => organization === "Elk Timber Ambulance");
    const elsewhere = await test.mesh.login(account?.email ?? "", account?.password ?? "");
    const { trips } = await elsewhere.ems.bids.listAvailableTrips({});
    expect(trips.map(({ tripId }) => tripId)).toEqual(["pending"]);
    expect((await elsewhere.hospital.trips.getTrip({ tripId: "pending" })).trip?.patientId).toBe("");
    await expect(elsewhere.hospital.trips.getTrip({ tripId: "pending-in-blair" })).rejects.toThrow("[not_found]");
  });
});

describe("what else was imported", () => {
  it("is read as it is: bids, assignments without a bid, agencies, units, routes, people, entries", async () => {
    const { bids } = await medic.ems.bids.listBids({});
    expect(new Map(bids.map(({ id, status }) => [id, status]))).toEqual(
      new Map([
        ["bid-open", BidStatus.PENDING],
        ["bid-won", BidStatus.ACCEPTED],
        ["bid-lost", BidStatus.REJECTED],
        ["bid-over", BidStatus.EXPIRED],
      ]),
    );
    for (const { id } of bids) expect((await nurse.ems.bids.getBid({ bidId: id })).bid?.id).toBe(id);
    const { assignments } = await medic.ems.dispatch.listAssignments({});
    expect(new Map(assignments.map(({ tripId, bidId }) => [tripId, bidId]))).toEqual(
      new Map(underway.map(({ id }) => [id, ""])),
    );
    const assigned = await medic.ems.dispatch.listAssignedTrips({ pageSize: 100 });
    expect(sorted(assigned.trips)).toEqual(sorted(underway));
    expect((await medic.ems.agencies.getAgency({ agencyId: "swift" })).agency?.pricing).toBeUndefined();
    expect((await medic.ems.units.listUnits({})).units.map(({ id, location }) => [id, location])).toEqual([
      ["swift-1", undefined],
      ["swift-2", undefined],
    ]);
    expect((await medic.ems.routes.listRoutes({})).routes.map(({ id }) => id)).toEqual(["route-1"]);
    const { agencies } = await nurse.hospital.preferences.listAvailableAgencies({ county: "Blair" });
    expect(agencies.map(({ id }) => id)).toContain("swift");
    expect((await overseer.center.users.getUser({ userId: "medic" })).user?.organizationId).toBe("swift");
  });

  it("is counted as it stands in Hospital's table", async () => {
    const scope = { hospitalId: "mercy" };
    const now = new Date();
    const hospital = siloOf("hospital.trip");
    const answer = await nurse.center.analytics.countTrips({});
    expect(differencesBetween(figuresFromAnswer(answer), await recount(hospital, scope, now))).toEqual([]);
    expect([answer.slaAssign?.met, answer.slaAssign?.missed]).toEqual([4n, 5n]);
  });
});

describe("after the cut-over", () => {
  const copies = [
    ...["hospital.agency", "hospital.hospital", "hospital.hospital_user", "ems.trip_copy", "ems.agency_user"],
    ...["center.agency", "center.trip_fact", "center.database_reference", "center.system_analytics"],
  ];
  const contents = async (): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    for (const name of copies) {
      const [service, table] = name.split(".");
      found.push([
        name,
        await query(service as ServiceName, `select to_jsonb(t) as row from ${table} t order by (to_jsonb(t))::text`),
      ]);
    }
    return found;
  };

  it("events of what lives are told and change nothing, and what is over stays untold", async () => {
    const before = await contents();
    for (const service of serviceNames) {
      await query(service, "update outbox_event set published_at = null where published_at = 'infinity'");
    }
    await eventually(async () => {
      for (const service of serviceNames) {
        expect(await query(service, "select 1 from outbox_event where published_at is null")).toEqual([]);
      }
    });
    const told = await query<{ id: string }>(
      "hospital",
      "select aggregate_id as id from outbox_event where event_type like '%TripImported' and stream_seq is not null",
    );
    expect(sorted(told)).toEqual(sorted(oddTrips.filter(({ closed_at }) => closed_at === null)));
    await eventually(async () => {
      for (const service of serviceNames) expect([service, await unheard(service)]).toEqual([service, []]);
    });
    expect(await contents()).toEqual(before);
    for (const service of serviceNames) {
      const stuck = "select consumer from inbox_parked union all select consumer from inbox_dead";
      expect(await query(service, stuck)).toEqual([]);
    }
  });

  /** Told events of what was imported that a silo's subscribers have not received yet. */
  async function unheard(service: ServiceName): Promise<readonly string[]> {
    const told: string[] = [];
    for (const producer of serviceNames) {
      const events = "select event_id from outbox_event where event_type like '%Imported' and stream_seq is not null";
      told.push(...(await query<{ event_id: string }>(producer, events)).map(({ event_id }) => event_id));
    }
    const cursors = await query<{ consumer: string; type: string; id: string }>(
      service,
      "select consumer, aggregate_type as type, aggregate_id as id from inbox_cursor",
    );
    const received = await query<{ key: string }>(
      service,
      "select consumer || ' ' || event_id as key from inbox_event",
    );
    const known = new Set(received.map(({ key }) => key));
    return cursors
      .map(({ consumer, type, id }) => ({ consumer, eventId: eventIdOf(type, id) }))
      .filter(({ consumer, eventId }) => told.includes(eventId) && !known.has(`${consumer} ${eventId}`))
      .map(({ consumer, eventId }) => `${consumer} ${eventId}`);
  }

  it("life goes on: bids are made and won, trips are served, corrected and given back", async () => {
    const { trips } = nurse.hospital;
    await trips.cancelTrip({ tripId: "pending-in-blair", reason: "no longer needed" });
    const { bid } = await medic.ems.bids.submitBid({ tripId: "pending", unitId: "swift-2", amount: "10" });
    await eventually(async () => expect((await nurse.ems.bids.listBids({ tripId: "pending" })).bids).toHaveLength(1));
    await nurse.ems.bids.acceptBid({ bidId: bid?.id ?? "" });
    await medic.hospital.trips.startTransport({ tripId: "pending" });
    await medic.hospital.trips.completeTrip({ tripId: "pending" });
    // It was assigned at a time that nobody knows, and without a unit.
    await eventually(async () => {
      const { units } = await medic.ems.units.listUnits({ assignableOnly: true });
      expect(units.map(({ id }) => id)).toEqual(["swift-2"]);
    });
    await medic.ems.dispatch.assignUnit({ tripId: "assigned-at-no-time", unitId: "swift-2" });
    await medic.hospital.trips.startTransport({ tripId: "assigned-at-no-time" });
    await medic.hospital.trips.completeTrip({ tripId: "assigned-at-no-time" });
    await medic.hospital.trips.releaseTrip({ tripId: "assigned", reason: "breakdown" });
    await medic.hospital.trips.completeTrip({ tripId: "in-progress" });
    await overseer.hospital.trips.amendTrip({ tripId: "completed-by-nobody", amendment: "it was Swift" });
    expect((await trips.getTrip({ tripId: "completed-by-nobody" })).trip?.acceptTime).toEqual(timestampFromDate(at(5)));
    await eventually(async () => {
      const facts = await query<{ id: string; status: string; version: number }>(
        "center",
        "select trip_id as id, status, version::int from trip_fact where version > 1 order by 1",
      );
      expect(facts).toEqual([
        { id: "assigned", status: "PENDING", version: 2 },
        { id: "assigned-at-no-time", status: "COMPLETED", version: 4 },
        { id: "completed-by-nobody", status: "COMPLETED", version: 2 },
        { id: "in-progress", status: "COMPLETED", version: 2 },
        { id: "pending", status: "COMPLETED", version: 4 },
        { id: "pending-in-blair", status: "CANCELLED", version: 2 },
      ]);
      const kept = await query("ems", "select trip_id from assignment where state in ('HELD', 'CONFIRMED')");
      expect(kept).toEqual([]);
      const used = await query("ems", "select id from unit where status = 'IN_USE'");
      expect(used).toEqual([]);
    });
  });

  it("nothing has failed", () => {
    expect(test.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});
