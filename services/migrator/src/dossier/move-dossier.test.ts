import { describe, expect, it } from "@jest/globals";
import { attemptIdOf, tripNumberOf } from "../target/imported-ids.ts";
import type { TargetRow, TargetTable, TargetTables } from "../target/target-tables.ts";
import { aBid, aDirectory, aDossier, at } from "./dossier.builder.ts";
import type { Dossier, DossierTrip } from "./dossier.ts";
import { moveDossier } from "./move-dossier.ts";

const directory = aDirectory();
const importedAt = at("13:00");
const context = { unitClaims: new Map<string, string>(), options: { importedAt } };
const never = new Date(Number.NaN);

function moved(dossier: Dossier) {
  return moveDossier(dossier, directory, context);
}

function rowsOf<Table extends TargetTable>(rows: readonly TargetRow[], table: Table): readonly TargetTables[Table][] {
  return rows.flatMap((it) => (it.table === table ? [it.row as TargetTables[Table]] : []));
}

describe("moving a trip", () => {
  it("keeps what it knows, and says what the former system did not know", () => {
    const [trip] = rowsOf(moved(aDossier({ specialRequirements: "oxygen" })).rows, "hospital.trip");
    expect(trip).toEqual({
      ...{ id: "trip-1", trip_number: tripNumberOf("trip-1"), hospital_id: "mercy", patient_id: "P0A1B2C3D" },
      ...{ origin_facility_id: "mercy", destination_facility_id: "general", special_requirements: "oxygen" },
      ...{ transport_level: "ALS", priority: "HIGH", status: "PENDING", award_policy: "MANUAL" },
      ...{ request_time: at("08:00"), created_at: at("08:00"), updated_at: at("12:00"), imported_at: importedAt },
      ...{ accept_time: null, pickup_time: null, completion_time: null, cancel_time: null, closed_at: null },
      ...{ assigned_agency_id: null, assigned_unit_id: null, assigned_unit_type: null, accepted_attempt_id: null },
      ...{ bidding_close_time: null, consent_due_time: null, pickup_window_start: null, pickup_window_end: null },
      ...{ sla_assign_minutes: 20, sla_pickup_minutes: 120, sla_tolerance_minutes: 15, sla_pauses: [] },
      ...{ cancellation_reason: null, disposition: null, release_reason: null, created_by_user_id: "nurse" },
      ...{ material_version: 1, turn: 0, version: 1 },
    });
  });

  it("gives an assigned trip its award in both silos", () => {
    const times = { status: "SCHEDULED", acceptedTimestamp: at("09:00") } as const;
    const dossier = aDossier(
      { ...times, assignedAgencyId: "swift", assignedUnitId: "swift-1", createdById: "twin" },
      { bids: [aBid({ status: "ACCEPTED" })] },
    );
    const { rows, issues } = moved(dossier);
    expect(rows.map(({ table }) => table)).toEqual([
      "hospital.trip",
      "ems.bid",
      "hospital.trip_claim",
      "ems.assignment",
    ]);
    const attempt_id = attemptIdOf("trip-1");
    expect(rowsOf(rows, "hospital.trip")).toMatchObject([
      { accepted_attempt_id: attempt_id, turn: 1, assigned_unit_type: "ALS", created_by_user_id: "dispatcher" },
    ]);
    const award = { attempt_id, trip_id: "trip-1", agency_id: "swift", bid_id: "bid-1", trip_version: 1 };
    expect(rowsOf(rows, "hospital.trip_claim")).toMatchObject([{ ...award, outcome: "WON", created_at: at("09:00") }]);
    const unit = { unit_id: "swift-1", unit_type: "ALS", unit_state: "CONFIRMED" };
    const asked = { requested_by_user_id: "dispatcher", created_at: at("09:00"), imported_at: importedAt };
    expect(rowsOf(rows, "ems.assignment")).toMatchObject([{ ...award, ...unit, ...asked, state: "CONFIRMED" }]);
    expect(issues).toEqual([]);
  });

  it("makes no bid for an agency that took the trip directly", () => {
    const { rows, issues } = moved(aDossier({ status: "SCHEDULED", assignedAgencyId: "swift" }));
    expect(rowsOf(rows, "ems.bid")).toEqual([]);
    expect(rowsOf(rows, "ems.assignment")).toMatchObject([{ bid_id: null, unit_id: null, created_at: at("08:00") }]);
    expect(rowsOf(rows, "hospital.trip")).toMatchObject([{ accept_time: null }]);
    expect(issues).toEqual([{ table: "TransportRequest", pk: "trip-1", kind: "ASSIGNED_DIRECT", rule: "R-BID" }]);
  });

  it("takes the acceptance from the accepted bid, else from the latest unit assignment", () => {
    const trip = { status: "SCHEDULED", assignedAgencyId: "swift" } as const;
    const bids = [aBid({ status: "ACCEPTED", reviewedAt: at("08:40") })];
    const unitAssignments = [
      { id: "a", unitId: "swift-1", createdAt: at("08:50") },
      { id: "b", unitId: "swift-1", createdAt: at("08:45") },
    ];
    const acceptTimeOf = (over: Partial<Dossier>) =>
      rowsOf(moved(aDossier(trip, over)).rows, "hospital.trip")[0]?.accept_time;
    expect(acceptTimeOf({ bids, unitAssignments })).toEqual(at("08:40"));
    expect(acceptTimeOf({ unitAssignments })).toEqual(at("08:50"));
    expect(acceptTimeOf({})).toBeNull();
  });

  it("takes no award from a bid that cannot be moved", () => {
    const trip = { status: "SCHEDULED", assignedAgencyId: "swift" } as const;
    const { rows } = moved(
      aDossier(trip, { bids: [aBid({ id: "no id", status: "ACCEPTED", reviewedAt: at("09:00") })] }),
    );
    expect(rowsOf(rows, "ems.assignment")).toMatchObject([{ bid_id: null }]);
    expect(rowsOf(rows, "hospital.trip")).toMatchObject([{ accept_time: null }]);
  });

  it.each(["COMPLETED", "CANCELLED"] as const)("gives a trip that is %s no award", (status) => {
    const { rows } = moved(aDossier({ status, assignedAgencyId: "swift" }));
    expect(rows.map(({ table }) => table)).toEqual(["hospital.trip"]);
    expect(rows[0]?.row).toMatchObject({ status, turn: 1, accepted_attempt_id: null, closed_at: at("08:00") });
  });

  it("replaces what may be a patient's number, and does not tell it", () => {
    const { rows, issues } = moved(aDossier({ patientId: "MRN-4711" }));
    expect(issues).toEqual([{ table: "TransportRequest", pk: "trip-1", kind: "PATIENT_ID_REPLACED", rule: "R-PHI" }]);
    expect(JSON.stringify({ rows, issues })).not.toContain("4711");
  });

  it("keeps a trip to its own origin if it is over", () => {
    const { rows } = moved(
      aDossier({ status: "COMPLETED", assignedAgencyId: "swift", destinationFacilityId: "mercy" }),
    );
    expect(rows).toHaveLength(1);
  });
});

describe("a trip that cannot be moved", () => {
  const underway = { status: "IN_TRANSIT", assignedAgencyId: "swift", assignedUnitId: "swift-1" } as const;

  it.each<readonly [string, Partial<DossierTrip>]>([
    ["ID_NOT_USABLE", { id: "trip 1" }],
    ["ID_NOT_USABLE", { id: "x".repeat(65) }],
    ["TIME_OUT_OF_RANGE", { requestTimestamp: never }],
    ["TIME_OUT_OF_RANGE", { createdAt: never }],
    ["TIME_OUT_OF_RANGE", { updatedAt: new Date("+010000-01-01T00:00:00Z") }],
    ["FACILITY_NOT_MOVED", { originFacilityId: "gone" }],
    ["FACILITY_NOT_MOVED", { destinationFacilityId: "gone", status: "COMPLETED" }],
    ["AGENCY_NOT_MOVED", { status: "SCHEDULED", assignedAgencyId: "phantom" }],
    ["OPEN_TRIP_TO_ITS_ORIGIN", { destinationFacilityId: "mercy" }],
    ["OPEN_TRIP_TO_ITS_ORIGIN", { ...underway, destinationFacilityId: "mercy" }],
    ["IN_PROGRESS_WITHOUT_AGENCY", { status: "IN_TRANSIT" }],
    ["IN_PROGRESS_WITHOUT_UNIT", { ...underway, assignedUnitId: null }],
    ["IN_PROGRESS_WITHOUT_UNIT", { ...underway, assignedUnitId: "calm-1" }],
    ["IN_PROGRESS_WITHOUT_UNIT", { ...underway, assignedUnitId: "gone" }],
  ])("waits in quarantine with its bids: %s, %j", (reason, over) => {
    const dossier = aDossier(over, { bids: [aBid(), aBid({ id: "bid-2" })] });
    const { rows, verdicts } = moved(dossier);
    expect(rows).toEqual([]);
    expect(verdicts).toEqual([
      { table: "TransportRequest", pk: dossier.trip.id, fate: "QUARANTINED", reason },
      { table: "TransportBid", pk: "bid-1", fate: "QUARANTINED", reason: "TRIP_QUARANTINED" },
      { table: "TransportBid", pk: "bid-2", fate: "QUARANTINED", reason: "TRIP_QUARANTINED" },
    ]);
  });
});

describe("moving a bid", () => {
  const scheduled = { status: "SCHEDULED", assignedAgencyId: "swift" } as const;
  const promised = { estimatedArrivalTime: at("09:10"), estimatedPickupTime: at("09:20") };

  function bidOf(trip: Partial<DossierTrip>, bid: Parameters<typeof aBid>[0]) {
    return rowsOf(moved(aDossier(trip, { bids: [aBid(bid)] })).rows, "ems.bid")[0];
  }

  it("keeps what it knows, and says what the former system did not know", () => {
    expect(bidOf({}, { bidAmount: 412.5, notes: "two crews", agencyUserId: "dispatcher" })).toEqual({
      ...{ id: "bid-1", trip_id: "trip-1", agency_id: "swift", unit_id: null, amount: "412.50", notes: "two crews" },
      ...{ status: "PENDING", end_reason: null, source: "SUBMITTED", override_reason: null, seen_material_version: 1 },
      ...{ estimated_arrival: null, estimated_pickup: null, submitted_by_user_id: "dispatcher" },
      ...{ submitted_at: at("08:10"), updated_at: at("08:10"), imported_at: importedAt, version: 1 },
    });
  });

  it("gives the winner the times that the trip has", () => {
    expect(bidOf({ ...scheduled, ...promised }, { status: "ACCEPTED" })).toMatchObject({
      ...{ status: "ACCEPTED", estimated_arrival: at("09:10"), estimated_pickup: at("09:20") },
    });
  });

  it("prefers the arrival that the winner named", () => {
    const bid = { status: "ACCEPTED", estimatedArrival: at("09:05") } as const;
    expect(bidOf({ ...scheduled, ...promised }, bid)).toMatchObject({ estimated_arrival: at("09:05") });
  });

  it("gives others no times but their own", () => {
    const bid = { status: "REJECTED", estimatedArrival: at("09:05") } as const;
    expect(bidOf({ ...scheduled, ...promised }, bid)).toMatchObject({
      ...{ estimated_arrival: at("09:05"), estimated_pickup: null },
    });
  });

  it.each([
    ["AMOUNT_NEGATIVE", "R-MONEY", { bidAmount: -1 }],
    ["AMOUNT_NOT_A_NUMBER", "R-MONEY", { bidAmount: Number.NaN }],
    ["AMOUNT_TOO_LARGE", "R-MONEY", { bidAmount: 1e9 }],
    ["TIME_OUT_OF_RANGE", "R-BID", { estimatedArrival: never }],
  ])("drops what no column takes: %s", (kind, rule, over) => {
    const { rows, issues } = moved(aDossier({}, { bids: [aBid(over)] }));
    expect(rowsOf(rows, "ems.bid")).toMatchObject([{ amount: null, estimated_arrival: null }]);
    expect(issues).toMatchObject([{ table: "TransportBid", pk: "bid-1", kind, rule }]);
  });

  it("tells everything that was found about it", () => {
    const { issues } = moved(aDossier({}, { bids: [aBid({ status: "ACCEPTED", bidAmount: -1 })] }));
    expect(issues.map(({ kind }) => kind)).toEqual(["BID_OVERRULED", "AMOUNT_NEGATIVE"]);
  });

  it("leaves the bids of agencies that were not moved behind, and no rule counts them", () => {
    const bids = [aBid({ agencyId: "phantom", status: "ACCEPTED" }), aBid({ id: "b", status: "PENDING" })];
    const { rows, verdicts } = moved(aDossier(scheduled, { bids }));
    expect(rowsOf(rows, "ems.bid")).toMatchObject([{ id: "b", status: "EXPIRED" }]);
    expect(verdicts).toEqual([
      { table: "TransportRequest", pk: "trip-1", fate: "MIGRATED" },
      { table: "TransportBid", pk: "bid-1", fate: "QUARANTINED", reason: "AGENCY_NOT_MOVED" },
      { table: "TransportBid", pk: "b", fate: "MIGRATED" },
    ]);
  });
});
