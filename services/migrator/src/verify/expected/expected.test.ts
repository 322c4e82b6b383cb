import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema } from "../../legacy/legacy-schema.ts";
import { attemptIdOf } from "../../target/imported-ids.ts";
import { addOld, type OldRow } from "../old-rows.builder.ts";
import { type ExpectationOptions, prepareSource } from "../prepare-source.ts";
import { expectedRows } from "./expected-rows.builder.ts";

let client: Client;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  const postgres = parts.use(await startTestPostgres());
  client = new Client({ connectionString: (await postgres.createDatabase("expected")).ownerUrl });
  await client.connect();
  parts.defer(() => client.end());
  await client.query("set timezone to 'UTC'; set datestyle to 'ISO'");
  await createLegacySchema(client, { foreignKeys: false });
});
afterAll(() => parts.disposeAsync());

const options: ExpectationOptions = {
  ...{ rolePolicy: "evidence", strict: false, importedAt: new Date("2026-01-01T00:00:00Z") },
  overrides: { users: new Map(), facilities: new Map() },
};

/** Rows by table. */
type Old = Readonly<Record<string, readonly OldRow[]>>;

/** A hospital with a nurse, a home, an agency with a unit and somebody who bids. */
const region: Old = {
  User: [{ id: "ann", email: "Ann@mercy.example" }],
  Facility: [
    { id: "mercy", type: "HOSPITAL", email: "ann@mercy.example" },
    { id: "home", email: null },
  ],
  TransportAgency: [{ id: "swift" }, { id: "calm", name: "Calm" }],
  AgencyUser: [{ id: "crew", agencyId: "swift", email: "crew@swift.example" }],
  Unit: [
    { id: "swift-1", agencyId: "swift" },
    { id: "calm-1", agencyId: "calm" },
  ],
};

/** What becomes of the region with more rows. */
async function expectations(
  more: Old,
  tables: readonly string[],
  over: Partial<ExpectationOptions> = {},
): Promise<Readonly<Record<string, Awaited<ReturnType<typeof expectedRows>>>>> {
  await client.query("begin");
  try {
    for (const old of [region, more]) {
      for (const [table, rows] of Object.entries(old)) await addOld(client, table, ...rows);
    }
    await prepareSource(client, { ...options, ...over }, []);
    const found: Record<string, Awaited<ReturnType<typeof expectedRows>>> = {};
    for (const table of tables) found[table] = await expectedRows(client, table);
    return found;
  } finally {
    await client.query("rollback");
  }
}

const user = (over: OldRow): OldRow => ({ id: "who", email: "who@x.example", ...over });
const before = "2025-03-01T10:01:00";

describe("whom a user becomes (R-ROLE, R-HOSPUSER, R-AGENCYUSER)", () => {
  const cases: readonly (readonly [string, Old, OldRow])[] = [
    [
      "a role of agencies",
      { User: [user({ role: "TRANSPORT_AGENCY" })] },
      { user_type: "EMS", agency_id: null, roles: "{dispatcher}" },
    ],
    [
      "the address of a hospital",
      {
        User: [user({ email: "DESK@h.example " })],
        Facility: [{ id: "h", type: "HOSPITAL", email: "desk@H.example" }],
      },
      { user_type: "HOSPITAL", hospital_id: "h" },
    ],
    [
      "a hospital registered ten seconds later",
      {
        User: [user({ createdAt: "2025-05-05T00:00:00" })],
        Facility: [{ id: "h", type: "HOSPITAL", createdAt: "2025-05-05T00:00:10" }],
      },
      { user_type: "HOSPITAL", hospital_id: "h" },
    ],
    [
      "a hospital registered too late",
      {
        User: [user({ createdAt: "2025-05-05T00:00:00" })],
        Facility: [{ id: "h", type: "HOSPITAL", createdAt: "2025-05-05T00:00:10.001" }],
      },
      { user_type: "CENTER", hospital_id: null },
    ],
    [
      "preferences",
      { User: [user({})], HospitalAgencyPreference: [{ id: "p", hospitalId: "who", agencyId: "swift" }] },
      { user_type: "HOSPITAL", hospital_id: null },
    ],
    [
      "an agency that he added",
      { User: [user({})], TransportAgency: [{ id: "new", addedBy: "who" }] },
      { user_type: "CENTER" },
    ],
    [
      "preferences and an agency",
      {
        User: [user({})],
        HospitalAgencyPreference: [{ id: "p", hospitalId: "who", agencyId: "swift" }],
        TransportAgency: [{ id: "new", addedBy: "who" }],
      },
      { user_type: "CENTER" },
    ],
    [
      "an administrator's trips from one hospital",
      { User: [user({ role: "ADMIN" })], TransportRequest: [{ id: "t", createdById: "who" }] },
      { user_type: "HOSPITAL", hospital_id: "mercy", roles: "{dispatcher,orgAdmin}" },
    ],
    [
      "an administrator's trips from two places",
      {
        User: [user({ role: "ADMIN" })],
        TransportRequest: [
          { id: "t", createdById: "who" },
          { id: "u", createdById: "who", originFacilityId: "home" },
        ],
      },
      { user_type: "HOSPITAL", hospital_id: null },
    ],
    [
      "a coordinator's trips",
      { User: [user({})], TransportRequest: [{ id: "t", createdById: "who" }] },
      { user_type: "CENTER" },
    ],
    [
      "nothing known",
      { User: [user({ role: "BILLING_STAFF", name: " " })] },
      { user_type: "CENTER", roles: "{billing}", name: "who" },
    ],
    [
      "the address of an agency",
      { User: [user({ role: "TRANSPORT_AGENCY" })], TransportAgency: [{ id: "new", email: "Who@x.example" }] },
      { agency_id: "new" },
    ],
    [
      "the domain of an agency",
      { User: [user({ role: "TRANSPORT_AGENCY" })], TransportAgency: [{ id: "new", email: "office@x.example" }] },
      { agency_id: "new" },
    ],
    [
      "the domain of two",
      {
        User: [user({ role: "TRANSPORT_AGENCY" })],
        TransportAgency: [
          { id: "new", email: "a@x.example" },
          { id: "old", email: "b@x.example" },
        ],
      },
      { agency_id: null },
    ],
    [
      "a public domain",
      {
        User: [user({ role: "TRANSPORT_AGENCY", email: "a@gmail.com" })],
        TransportAgency: [{ id: "new", email: "b@gmail.com" }],
      },
      { agency_id: null },
    ],
    ["a hash of no known kind", { User: [user({ password: "secret" })] }, { password_hash: "!" }],
    ["a hash of bcrypt", { User: [user({ password: "$2b$12$xyz" })] }, { password_hash: "$2b$12$xyz" }],
  ];
  it.each(cases)("by %s", async (_what, more, expected) => {
    const found = await expectations(more, ["center.user_account"]);
    expect(found["center.user_account"]?.["who"]).toMatchObject(expected);
  });

  it("by the guide's table, and switched off if nothing is known and that is wanted", async () => {
    const more = { User: [user({ role: "ADMIN" })], TransportRequest: [{ id: "t", createdById: "who" }] };
    const guided = await expectations(more, ["center.user_account"], { rolePolicy: "guide", strict: true });
    expect(guided["center.user_account"]?.["who"]).toMatchObject({ user_type: "CENTER", is_active: "true" });
    const strict = await expectations({ User: [user({})] }, ["center.user_account"], { strict: true });
    expect(strict["center.user_account"]?.["who"]).toMatchObject({ user_type: "CENTER", is_active: "false" });
  });

  it("by what an operator knows better", async () => {
    const users = new Map([["who@x.example", { type: "HOSPITAL", hospitalId: "mercy" }]]);
    const facilities = new Map([["home", { county: "Blair", hospitalId: "mercy" }]]);
    const found = await expectations(
      { User: [user({ role: "TRANSPORT_AGENCY" })] },
      ["center.user_account", "hospital.facility"],
      {
        overrides: { users, facilities },
      },
    );
    expect(found["center.user_account"]?.["who"]).toMatchObject({ user_type: "HOSPITAL", hospital_id: "mercy" });
    expect(found["hospital.facility"]?.["home"]).toMatchObject({ county: "Blair", hospital_id: "mercy" });
  });

  it("merges a user into the agency's person of the address, and keeps one of several spellings (R-EMAIL)", async () => {
    const found = await expectations(
      {
        User: [
          user({ id: "both", email: " CREW@swift.example", role: "TRANSPORT_AGENCY" }),
          user({ id: "newer", email: "Twin@x.example", updatedAt: "2025-07-01T00:00:00" }),
          user({ id: "older", email: "twin@x.example" }),
        ],
        AgencyUser: [{ id: "rival", agencyId: "calm", email: "ANN@mercy.example" }],
        TransportRequest: [{ id: "t", createdById: "both" }],
      },
      [
        "center.user_account",
        "hospital.migration.ledger",
        "center.migration.ledger",
        "hospital.trip",
        "center.database_reference",
      ],
    );
    expect(Object.keys(found["center.user_account"] ?? {}).toSorted()).toEqual(["ann", "crew", "newer"]);
    expect(found["center.migration.ledger"]).toMatchObject({
      "User both": { fate: "MERGED", into_id: "crew" },
      "User older": { fate: "QUARANTINED", quarantine: "EMAIL_TAKEN" },
      "AgencyUser rival": { fate: "QUARANTINED", quarantine: "EMAIL_OF_USER" },
    });
    expect(found["hospital.trip"]?.["t"]?.["created_by_user_id"]).toBe("crew");
    expect(found["center.database_reference"]?.["user crew former_user"]?.["reference_id"]).toBe("both");
  });
});

describe("hospitals in disguise (R-PHANTOM, R-HOSP, R-FACOWNER)", () => {
  const phantom = { id: "ph", name: "Grace", phone: "77", serviceArea: { type: "hospital", facilityId: "home" } };
  it("lend their names and are no agencies", async () => {
    const found = await expectations({ TransportAgency: [phantom] }, [
      "center.hospital",
      "ems.agency",
      "ems.migration.ledger",
      "hospital.facility",
    ]);
    expect(found["center.hospital"]?.["home"]).toMatchObject({ name: "Grace", phone: "77" });
    expect(Object.keys(found["center.hospital"] ?? {}).toSorted()).toEqual(["home", "hosp_shared_directory", "mercy"]);
    expect(Object.keys(found["ems.agency"] ?? {}).toSorted()).toEqual(["calm", "swift"]);
    expect(found["ems.migration.ledger"]?.["TransportAgency ph"]?.["fate"]).toBe("ARCHIVED");
    expect(found["hospital.facility"]?.["home"]?.["hospital_id"]).toBe("home");
  });

  it("stay agencies if anybody uses them", async () => {
    const found = await expectations({ TransportAgency: [phantom], Unit: [{ id: "ph-1", agencyId: "ph" }] }, [
      "center.hospital",
      "ems.agency",
    ]);
    expect(found["ems.agency"]?.["ph"]).toMatchObject({
      name: "Grace",
      service_area: "{}",
      operating_hours: "UNKNOWN",
    });
    expect(found["center.hospital"]?.["home"]?.["name"]).toBe("Mercy");
  });

  it("own no facility that is not theirs: it is the hospital's whose people alone ask for trips from there", async () => {
    const one = await expectations(
      { TransportRequest: [{ id: "t", originFacilityId: "home", destinationFacilityId: "mercy" }] },
      ["hospital.facility"],
    );
    expect(one["hospital.facility"]?.["home"]?.["hospital_id"]).toBe("mercy");
    const none = await expectations({}, ["hospital.facility"]);
    expect(none["hospital.facility"]?.["home"]?.["hospital_id"]).toBe("hosp_shared_directory");
  });
});

const trip = (over: OldRow): OldRow => ({ id: "t", ...over });
const bid = (over: OldRow): OldRow => ({ id: "b", transportRequestId: "t", agencyId: "swift", ...over });
const over = {
  acceptedTimestamp: "2025-03-01T11:00:00",
  pickupTimestamp: "2025-03-01T12:00:00",
  completionTimestamp: "2025-03-01T13:00:00",
};
const assigned = { status: "SCHEDULED", assignedAgencyId: "swift" };

describe("what a trip becomes (R-STATUS, R-AGENCY, R-UNIT, R-TRIPHOSP)", () => {
  const cases: readonly (readonly [string, Old, OldRow])[] = [
    [
      "waiting, whatever its times say",
      { TransportRequest: [trip({ ...over, assignedAgencyId: "swift", cancellationReason: "x" })] },
      {
        status: "PENDING",
        assigned_agency_id: null,
        accept_time: null,
        pickup_time: null,
        completion_time: null,
        cancellation_reason: null,
        closed_at: null,
        turn: "0",
      },
    ],
    [
      "assigned",
      { TransportRequest: [trip({ ...over, ...assigned, assignedUnitId: "swift-1" })] },
      {
        status: "ASSIGNED",
        assigned_agency_id: "swift",
        assigned_unit_id: "swift-1",
        assigned_unit_type: "BLS",
        accept_time: "2025-03-01 11:00:00+00",
        pickup_time: null,
        turn: "1",
      },
    ],
    [
      "in progress",
      {
        TransportRequest: [
          trip({ ...over, status: "IN_TRANSIT", assignedAgencyId: "swift", assignedUnitId: "swift-1" }),
        ],
      },
      { status: "IN_PROGRESS", pickup_time: "2025-03-01 12:00:00+00", completion_time: null },
    ],
    [
      "over, with times in any order",
      { TransportRequest: [trip({ ...over, status: "COMPLETED", pickupTimestamp: before })] },
      {
        status: "COMPLETED",
        assigned_agency_id: null,
        pickup_time: "2025-03-01 10:01:00+00",
        closed_at: "2025-03-01 13:00:00+00",
        turn: "0",
      },
    ],
    [
      "cancelled without a reason",
      { TransportRequest: [trip({ status: "CANCELLED" })] },
      { cancellation_reason: "Migrated: no reason recorded", cancel_time: null, closed_at: "2025-03-01 10:00:00+00" },
    ],
    [
      "downgraded without an agency",
      { TransportRequest: [trip({ status: "SCHEDULED", acceptedTimestamp: before })] },
      { status: "PENDING", accept_time: null },
    ],
    [
      "of the accepted bid's agency, the latest",
      {
        TransportRequest: [trip({ status: "SCHEDULED" })],
        TransportBid: [
          bid({ status: "ACCEPTED", reviewedAt: before }),
          bid({ id: "c", agencyId: "calm", status: "ACCEPTED", reviewedAt: "2025-03-02T00:00:00" }),
        ],
      },
      { status: "ASSIGNED", assigned_agency_id: "calm", accept_time: "2025-03-02 00:00:00+00" },
    ],
    [
      "of its unit's agency",
      { TransportRequest: [trip({ status: "COMPLETED", assignedUnitId: "calm-1" })] },
      { assigned_agency_id: "calm", assigned_unit_id: "calm-1" },
    ],
    [
      "of the latest unit that was sent",
      {
        TransportRequest: [trip({ status: "SCHEDULED" })],
        UnitAssignment: [
          { id: "s", unitId: "calm-1", transportRequestId: "t", createdAt: "2025-03-03T00:00:00" },
          { id: "r", unitId: "swift-1", transportRequestId: "t" },
        ],
      },
      { assigned_agency_id: "calm", assigned_unit_id: "calm-1", accept_time: "2025-03-03 00:00:00+00" },
    ],
    [
      "of whom the queue names",
      {
        TransportRequest: [trip({ status: "COMPLETED" })],
        TransportQueue: [{ id: "q", transportRequestId: "t", assignedProviderId: "calm" }],
      },
      { assigned_agency_id: "calm", assigned_unit_id: null },
    ],
    [
      "cancelled, and never of anybody by inference",
      { TransportRequest: [trip({ status: "CANCELLED", assignedUnitId: "calm-1" })] },
      { assigned_agency_id: null, assigned_unit_id: null },
    ],
    [
      "without a unit of another agency",
      { TransportRequest: [trip({ ...assigned, assignedUnitId: "calm-1" })] },
      { assigned_unit_id: null, assigned_unit_type: null },
    ],
    [
      "without a unit that serves an earlier trip",
      {
        TransportRequest: [
          trip({ ...assigned, assignedUnitId: "swift-1", acceptedTimestamp: "2025-03-05T00:00:00" }),
          trip({ ...assigned, id: "z", assignedUnitId: "swift-1", acceptedTimestamp: before }),
        ],
      },
      { assigned_unit_id: null, status: "ASSIGNED" },
    ],
    [
      "of the creator's hospital, wherever it begins",
      { Facility: [{ id: "other", type: "HOSPITAL" }], TransportRequest: [trip({ originFacilityId: "other" })] },
      { hospital_id: "mercy" },
    ],
    [
      "of its origin's owner",
      { TransportRequest: [trip({ createdById: "gone" })] },
      { hospital_id: "mercy", created_by_user_id: "gone" },
    ],
    [
      "with the minutes of its priority",
      { TransportRequest: [trip({ priority: "URGENT" })] },
      { sla_assign_minutes: "10", sla_pickup_minutes: "60", sla_tolerance_minutes: "15" },
    ],
    [
      "without a patient's record number",
      { TransportRequest: [trip({ patientId: "MRN 4711" })] },
      { patient_id: expect.stringMatching(/^P[0-9A-F]{8}$/) },
    ],
  ];
  it.each(cases)("is %s", async (_what, more, expected) => {
    const found = await expectations(more, ["hospital.trip"]);
    expect(found["hospital.trip"]?.["t"]).toMatchObject(expected);
  });

  it.each<readonly [string, OldRow]>([
    ["IN_PROGRESS_WITHOUT_AGENCY", { status: "IN_TRANSIT" }],
    ["IN_PROGRESS_WITHOUT_UNIT", { status: "IN_TRANSIT", assignedAgencyId: "swift" }],
    ["OPEN_TRIP_TO_ITS_ORIGIN", { destinationFacilityId: "mercy" }],
    ["FACILITY_NOT_MOVED", { destinationFacilityId: "gone" }],
    ["AGENCY_NOT_MOVED", { status: "SCHEDULED", assignedAgencyId: "gone" }],
    ["TIME_OUT_OF_RANGE", { requestTimestamp: "infinity" }],
    ["ID_NOT_USABLE", { id: "t t" }],
  ])("is quarantined: %s", async (reason, more) => {
    const row = trip(more);
    const found = await expectations(
      { TransportRequest: [row], TransportBid: [bid({ transportRequestId: row["id"] })] },
      ["hospital.trip", "hospital.migration.ledger", "ems.migration.ledger"],
    );
    expect(found["hospital.trip"]).toEqual({});
    expect(found["hospital.migration.ledger"]?.[`TransportRequest ${row["id"]}`]).toMatchObject({
      fate: "QUARANTINED",
      quarantine: reason,
    });
    expect(found["ems.migration.ledger"]?.["TransportBid b"]).toMatchObject({
      fate: "QUARANTINED",
      quarantine: "TRIP_QUARANTINED",
    });
  });

  it("is told to all silos", async () => {
    const tables = [
      "hospital.trip_claim",
      "ems.assignment",
      "ems.trip_copy",
      "center.trip_fact",
      "hospital.trip_history",
      "hospital.outbox_event",
      "ems.unit",
    ];
    const found = await expectations(
      { TransportRequest: [trip({ ...assigned, ...over, assignedUnitId: "swift-1" })] },
      tables,
    );
    const attempt = attemptIdOf("t");
    expect(found["hospital.trip_claim"]).toMatchObject({
      [attempt]: { trip_id: "t", agency_id: "swift", outcome: "WON", bid_id: null },
    });
    expect(found["ems.assignment"]).toMatchObject({
      [attempt]: { state: "CONFIRMED", unit_id: "swift-1", unit_state: "CONFIRMED" },
    });
    expect(found["ems.trip_copy"]).toMatchObject({
      t: { status: "ASSIGNED", urgency: "2", accepted_attempt_id: attempt },
    });
    expect(found["center.trip_fact"]).toMatchObject({
      t: { status: "ASSIGNED", assign_state: "MISSED", pickup_state: "MISSED" },
    });
    expect(found["hospital.trip_history"]).toMatchObject({ "t 1": { change: "imported", to_status: "ASSIGNED" } });
    expect(found["hospital.outbox_event"]?.["trip t"]).toMatchObject({
      subject: "evt.hospital.trip.t.imported",
      published_at: "infinity",
    });
    expect(found["ems.unit"]).toMatchObject({ "swift-1": { status: "IN_USE" }, "calm-1": { status: "AVAILABLE" } });
  });
});

describe("what a bid becomes (R-BID, R-MONEY)", () => {
  const cases: readonly (readonly [string, OldRow, OldRow, OldRow])[] = [
    [
      "withdrawn",
      {},
      { status: "EXPIRED", reviewNotes: "Bid withdrawn by agency" },
      { status: "WITHDRAWN", end_reason: "WITHDRAWN_BY_AGENCY" },
    ],
    ["expired as it was", {}, { status: "EXPIRED" }, { status: "EXPIRED", end_reason: null }],
    ["expired on a trip that waits", {}, { status: "ACCEPTED" }, { status: "EXPIRED", end_reason: null }],
    [
      "accepted",
      { ...assigned, estimatedPickupTime: before, estimatedArrivalTime: before },
      { status: "ACCEPTED" },
      { status: "ACCEPTED", estimated_pickup: "2025-03-01 10:01:00+00", estimated_arrival: "2025-03-01 10:01:00+00" },
    ],
    [
      "rejected for another agency",
      { status: "SCHEDULED", assignedAgencyId: "calm" },
      { status: "ACCEPTED" },
      { status: "REJECTED", end_reason: "TRIP_ASSIGNED" },
    ],
    ["expired with the trip", { status: "CANCELLED" }, {}, { status: "EXPIRED", end_reason: "TRIP_CANCELLED" }],
    ["expired on an assigned trip", assigned, {}, { status: "EXPIRED", end_reason: "TRIP_ASSIGNED" }],
    ["open", {}, { bidAmount: 0.125 }, { status: "PENDING", end_reason: null, amount: "0.12", notes: "" }],
  ];
  it.each(cases)("is %s", async (_what, onTrip, given, expected) => {
    const found = await expectations({ TransportRequest: [trip(onTrip)], TransportBid: [bid(given)] }, ["ems.bid"]);
    expect(found["ems.bid"]?.["b"]).toMatchObject(expected);
  });

  it("is rejected if another is accepted, and superseded by a newer one of its agency", async () => {
    const accepted = bid({ id: "a", status: "ACCEPTED" });
    const one = await expectations(
      { TransportRequest: [trip(assigned)], TransportBid: [bid({ agencyId: "calm" }), accepted] },
      ["ems.bid"],
    );
    expect(one["ems.bid"]).toMatchObject({
      a: { status: "ACCEPTED" },
      b: { status: "REJECTED", end_reason: "TRIP_ASSIGNED" },
    });
    const newer = bid({ id: "n", submittedAt: "2025-03-01T10:06:00" });
    const two = await expectations({ TransportRequest: [trip({})], TransportBid: [bid({}), newer] }, ["ems.bid"]);
    expect(two["ems.bid"]).toMatchObject({
      n: { status: "PENDING" },
      b: { status: "WITHDRAWN", end_reason: "SUPERSEDED" },
    });
  });
});

describe("what else belongs to an agency (R-UNITTYPE, R-UNITSTATUS, R-AVAIL, R-ROUTE, preferences)", () => {
  it("are its units, their shifts, its routes", async () => {
    const found = await expectations(
      {
        Unit: [
          { id: "wc", agencyId: "swift", type: "OTHER", unitNumber: "WC-7", currentStatus: "IN_USE" },
          { id: "taxi", agencyId: "swift", type: "OTHER", unitNumber: "9", currentStatus: "IN_USE", isActive: false },
          { id: "gone", agencyId: "gone" },
        ],
        UnitAvailability: [{ id: "av", unitId: "wc", status: "MAINTENANCE", shiftEnd: before }],
        ServiceArea: [
          { id: "sa", agencyId: "swift", name: "Blair" },
          { id: "sb", agencyId: "swift", name: "Old", isActive: false },
        ],
        Route: [{ id: "r", agencyId: "swift", routeNumber: "R-1", status: "OPTIMIZED", optimizationType: "TEMPORAL" }],
        RouteStop: [
          { id: "s2", routeId: "r", stopOrder: 2, facilityId: "home" },
          { id: "s1", routeId: "r", stopOrder: 1, facilityId: "mercy", estimatedArrival: before },
        ],
      },
      ["ems.unit", "ems.unit_availability", "ems.agency", "ems.route"],
    );
    expect(found["ems.unit"]).toMatchObject({
      wc: { type: "WHEELCHAIR", status: "AVAILABLE" },
      taxi: { type: "MEDICAL_TAXI", status: "OUT_OF_SERVICE" },
    });
    expect(found["ems.unit"]).not.toHaveProperty("gone");
    expect(found["ems.unit_availability"]).toMatchObject({
      av: { status: "OFF_DUTY", notes: "maintenance", start_time: "2025-02-01 00:00:00+00" },
    });
    expect(found["ems.agency"]).toMatchObject({
      swift: { service_area: "{Blair}", contact_name: "Swift", operating_hours: "UNKNOWN" },
    });
    expect(found["ems.route"]).toMatchObject({
      r: { route_name: "R-1", distance_miles: "12.34", route_type: "OPTIMIZED", status: "ACTIVE" },
    });
    expect(JSON.parse(found["ems.route"]?.["r"]?.["waypoints"] ?? "")).toMatchObject([
      { stopOrder: 1, facilityId: "mercy", estimatedArrival: "2025-03-01T10:01:00.000Z", tripId: null },
      { stopOrder: 2, facilityId: "home" },
    ]);
  });

  it("are the preferences of hospitals, one for each agency", async () => {
    const preference = { hospitalId: "ann", agencyId: "swift", notes: "first" };
    const found = await expectations(
      {
        User: [user({ id: "bea", role: "ADMIN" })],
        TransportRequest: [trip({ createdById: "bea" })],
        HospitalAgencyPreference: [
          { ...preference, id: "p1", preferenceOrder: 2 },
          { ...preference, id: "p2", hospitalId: "bea", preferenceOrder: 1, notes: "second" },
          { ...preference, id: "p3", agencyId: "calm", preferenceOrder: 1 },
        ],
      },
      [
        "hospital.agency_preference",
        "hospital.migration.ledger",
        "ems.hospital_preference",
        "hospital.preference_list",
      ],
    );
    expect(found["hospital.agency_preference"]).toMatchObject({
      p2: { hospital_id: "mercy", notes: "second\nfirst" },
      p3: {},
    });
    expect(found["hospital.migration.ledger"]?.["HospitalAgencyPreference p1"]).toMatchObject({
      fate: "MERGED",
      into_id: "p2",
    });
    expect(found["ems.hospital_preference"]).toMatchObject({ mercy: { agency_ids: "{calm,swift}" } });
    expect(found["hospital.preference_list"]).toEqual({ mercy: { version: "1" } });
  });

  it("are entries in the registry for agencies that somebody added, each with a name of its own", async () => {
    const added = { name: "Same", addedBy: "ann" };
    const found = await expectations(
      {
        TransportAgency: [
          { ...added, id: "agency-one" },
          { ...added, id: "agency-two" },
          { ...added, id: "agency-off", addedBy: "gone" },
        ],
      },
      ["center.service_registry", "ems.agency"],
    );
    expect(found["center.service_registry"]).toMatchObject({
      "agency-one": { service_name: "Same" },
      "agency-two": { service_name: "Same #cy-two" },
    });
    expect(found["center.service_registry"]).not.toHaveProperty("agency-off");
    expect(found["ems.agency"]?.["agency-off"]?.["added_by"]).toBeNull();
  });
});
