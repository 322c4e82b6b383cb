import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { attemptIdOf } from "../../target/imported-ids.ts";
import type { OldRow } from "../old-rows.builder.ts";
import { createExpectingDatabase, type ExpectingDatabase, type Old } from "./expecting-database.builder.ts";

let database: ExpectingDatabase;
const expectations: ExpectingDatabase["expect"] = (...asked) => database.expect(...asked);

beforeAll(async () => {
  database = await createExpectingDatabase();
});
afterAll(async () => database[Symbol.asyncDispose]());

const before = "2025-03-01T10:01:00";

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
      { patient_id: expect.stringMatching(/^P-[0-9A-F]{24}$/) },
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
    expect(found["hospital.migration.ledger"]?.[`TransportRequest ${String(row["id"])}`]).toMatchObject({
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
