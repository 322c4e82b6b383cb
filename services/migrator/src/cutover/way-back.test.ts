import { describe, expect, it } from "@jest/globals";
import { oldRow, type Row, sameJson } from "./way-back.ts";
import { type BackKind, waysBack } from "./ways-back.ts";
import { waysBackText } from "./ways-back-text.ts";
import { plan } from "../plan/plan.ts";

const time = (minute: number): string => `2026-03-01T10:${String(minute).padStart(2, "0")}:00+00:00`;
const oldTime = (minute: number): string => time(minute).slice(0, 19);

describe("a trip that goes back", () => {
  const trip: Row = {
    ...{ id: "t1", status: "PENDING", priority: "HIGH", transport_level: "ALS", special_requirements: "" },
    ...{
      accept_time: null,
      pickup_time: null,
      completion_time: null,
      assigned_agency_id: null,
      assigned_unit_id: null,
    },
    ...{
      cancel_time: null,
      cancellation_reason: null,
      accepted_attempt_id: null,
      updated_at: time(1),
      accepted_bid: null,
    },
  };
  /** The old database had a pickup time on a trip that was still pending. */
  const original: Row = {
    ...{ id: "t1", status: "PENDING", priority: "HIGH", transportLevel: "ALS", specialRequirements: null },
    ...{ acceptedTimestamp: null, pickupTimestamp: oldTime(2), completionTimestamp: null, assignedAgencyId: null },
    ...{ assignedUnitId: null, cancellationReason: null, updatedAt: oldTime(1), estimatedPickupTime: oldTime(5) },
  };

  it("is what it was as long as nothing has changed, contradictions included", () => {
    const row = oldRow(waysBack.trip, { now: trip, atMove: trip, original });
    expect(row).toMatchObject(original);
  });

  it("keeps a contradiction while only something else has changed", () => {
    const now = { ...trip, priority: "URGENT", updated_at: time(9) };
    const row = oldRow(waysBack.trip, { now, atMove: trip, original });
    expect(row).toMatchObject({ priority: "URGENT", pickupTimestamp: oldTime(2), specialRequirements: null });
    expect(row["updatedAt"]).toBe(time(9));
  });

  it("loses it when its life goes on", () => {
    const now = { ...trip, status: "ASSIGNED", accept_time: time(7), assigned_agency_id: "a1" };
    const row = oldRow(waysBack.trip, { now, atMove: trip, original });
    expect(row).toMatchObject({ status: "SCHEDULED", acceptedTimestamp: time(7), pickupTimestamp: null });
  });

  it.each([
    ["PENDING", "PENDING"],
    ["ASSIGNED", "SCHEDULED"],
    ["IN_PROGRESS", "IN_TRANSIT"],
    ["COMPLETED", "COMPLETED"],
    ["CANCELLED", "CANCELLED"],
  ])("has status %s as %s", (status, old) => {
    const row = oldRow(waysBack.trip, { now: { ...trip, status }, atMove: undefined, original: undefined });
    expect(row["status"]).toBe(old);
  });

  it("tells when its accepted bid arrives", () => {
    const bid = { estimated_arrival: time(30), estimated_pickup: time(40) };
    const row = oldRow(waysBack.trip, { now: { ...trip, accepted_bid: bid }, atMove: trip, original });
    expect(row).toMatchObject({ estimatedArrivalTime: time(30), estimatedPickupTime: time(40) });
    expect(oldRow(waysBack.trip, { now: trip, atMove: trip, original })["estimatedPickupTime"]).toBe(oldTime(5));
  });
});

describe("people who go back", () => {
  const roleOf = (kind: BackKind, userType: string, roles: readonly string[]) =>
    oldRow(waysBack[kind], { now: { id: "u", user_type: userType, roles }, atMove: undefined, original: undefined })[
      "role"
    ];

  it.each([
    ["user", "HOSPITAL", ["dispatcher", "orgAdmin"], "ADMIN"],
    ["user", "HOSPITAL", ["dispatcher"], "COORDINATOR"],
    ["user", "CENTER", ["billing"], "BILLING_STAFF"],
    ["user", "CENTER", ["billing", "dispatcher"], "COORDINATOR"],
    ["user", "EMS", ["dispatcher"], "TRANSPORT_AGENCY"],
    ["agencyUser", "EMS", ["orgAdmin"], "ADMIN"],
    ["agencyUser", "EMS", ["viewer"], "STAFF"],
    ["agencyUser", "EMS", ["billing"], "BILLING_STAFF"],
  ] as const)("a %s of type %s with roles %j has role %s", (kind, type, roles, role) => {
    expect(roleOf(kind, type, roles)).toBe(role);
  });

  it("keep a password that was not changed, which the archive does not have", () => {
    const now = { id: "u", email: "a@b.org", password_hash: "$2b$12$new", password_digest: "new", user_type: "CENTER" };
    const original = { id: "u", email: "A@b.org" };
    const kept = oldRow(waysBack.user, { now, atMove: { ...now }, original });
    expect(kept).not.toHaveProperty("password");
    expect(kept["email"]).toBe("A@b.org");
    const changed = oldRow(waysBack.user, { now, atMove: { ...now, password_digest: "old" }, original });
    expect(changed["password"]).toBe("$2b$12$new");
  });
});

describe("a unit that goes back", () => {
  it.each(["WHEELCHAIR", "MEDICAL_TAXI"])("has type OTHER if it is a %s", (type) => {
    const row = oldRow(waysBack.unit, { now: { id: "x", type }, atMove: undefined, original: undefined });
    expect(row["type"]).toBe("OTHER");
  });

  it("keeps the shape that its capabilities had", () => {
    const now = { id: "x", capabilities: ["oxygen", "lift"], unit_number: "7" };
    const original = { id: "x", capabilities: { oxygen: true, lift: true }, unitNumber: "6" };
    const row = oldRow(waysBack.unit, { now, atMove: { ...now, unit_number: "6" }, original });
    expect(row).toMatchObject({ capabilities: { oxygen: true, lift: true }, unitNumber: "7" });
  });
});

describe("the ways back", () => {
  it.each(Object.entries(waysBack))("of a %s name columns that the old database has", (_, { legacyTable, columns }) => {
    const known = plan.find(({ name }) => name === legacyTable)?.columns.map(({ name }) => name);
    expect(known).toEqual(expect.arrayContaining(columns.map(({ column }) => column)));
    expect(new Set(columns.map(({ column }) => column)).size).toBe(columns.length);
  });

  it.each(Object.entries(waysBack))("of a %s fill every column that a new row needs", (_, { legacyTable, columns }) => {
    const table = plan.find(({ name }) => name === legacyTable);
    const filled = new Set(["id", ...columns.map(({ column }) => column)]);
    // These have defaults in the old database.
    const defaults = ["chainedTripCount"];
    const needed = table?.columns.filter(({ name, nullable }) => !nullable && !defaults.includes(name)) ?? [];
    expect(needed.map(({ name }) => name).filter((name) => !filled.has(name))).toEqual([]);
  });

  it("are told in words, column by column", () => {
    const told = waysBackText();
    expect(told).toContain("### TransportRequest, from hospital.trip");
    expect(told).toContain(
      "| status | status: ASSIGNED → SCHEDULED, IN_PROGRESS → IN_TRANSIT, all others as they are |",
    );
    const columns = Object.values(waysBack).flatMap(({ columns: all }) => all);
    expect(told.split("\n").filter((line) => /^\| [a-z]/.test(line) && !line.startsWith("| column"))).toHaveLength(
      columns.length,
    );
  });

  it("see that two values are one in whatever order their names are", () => {
    expect(sameJson({ a: 1, b: [1, { c: 2, d: 3 }] }, { b: [1, { d: 3, c: 2 }], a: 1 })).toBe(true);
    expect(sameJson({ a: 1 }, { a: 2 })).toBe(false);
    expect(sameJson(undefined, null)).toBe(true);
  });
});
