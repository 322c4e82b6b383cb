import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { OldRow } from "../old-rows.builder.ts";
import { createExpectingDatabase, type ExpectingDatabase } from "./expecting-database.builder.ts";

let database: ExpectingDatabase;
const expectations: ExpectingDatabase["expect"] = (...asked) => database.expect(...asked);

beforeAll(async () => {
  database = await createExpectingDatabase();
});
afterAll(async () => database[Symbol.asyncDispose]());

const before = "2025-03-01T10:01:00";

const user = (over: OldRow): OldRow => ({ id: "who", email: "who@x.example", ...over });
const trip = (over: OldRow): OldRow => ({ id: "t", ...over });

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

  it("are the numbers of its units, each once, whatever stays in quarantine", async () => {
    const unit = (id: string, day: number, over: OldRow = {}): OldRow => ({
      ...{ id, agencyId: "swift", unitNumber: "7", createdAt: `2025-01-0${day}T00:00:00` },
      ...over,
    });
    const units = [
      unit("not usable", 1),
      unit("a-000001", 2),
      unit("b-000001", 3),
      unit("c-000001", 4),
      unit("d-000002", 5),
      unit("e-000003", 6, { unitNumber: "7 #000002" }),
    ];
    const { "ems.unit": found = {} } = await expectations({ Unit: units }, ["ems.unit"]);
    const numbers = Object.entries(found).map(([id, row]) => [id, row["unit_number"]]);
    expect(Object.fromEntries(numbers)).toMatchObject({
      "a-000001": "7",
      "b-000001": "7 #000001",
      "c-000001": "7 #c-000001",
      "d-000002": "7 #d-000002",
      "e-000003": "7 #000002",
    });
    expect(found).not.toHaveProperty("not usable");
  });

  it("are the places that an operator gave to nobody in particular", async () => {
    const facilities = new Map([["home", { hospitalId: "hosp_shared_directory" }]]);
    const { "hospital.facility": found } = await expectations({ Facility: [] }, ["hospital.facility"], {
      overrides: { users: new Map(), facilities },
    });
    expect(found).toMatchObject({ home: { hospital_id: "hosp_shared_directory" }, mercy: { hospital_id: "mercy" } });
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
    expect(found["ems.hospital_preference"]).toMatchObject({ mercy: { agency_ids: "{swift,calm}" } });
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
