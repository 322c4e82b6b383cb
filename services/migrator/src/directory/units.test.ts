import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyAvailability,
  aLegacyFacility,
  aLegacyUnit,
  aPhantom,
  fateOf,
  importedAt,
  issuesAbout,
  longAgo,
  resolved,
  rowsOf,
} from "./directory.builder.ts";
import type { DirectoryInput } from "./directory.ts";

const agencies = [aLegacyAgency()];

function moveUnits(
  units: DirectoryInput["units"],
  onTrips: readonly string[] = [],
  over: Partial<DirectoryInput> = {},
) {
  return resolved({ agencies, units, ...over }).moveUnits(new Set(onTrips));
}

describe("a unit", () => {
  it("is moved with what is known of it", () => {
    const shiftStart = new Date("2024-03-01T06:00:00Z");
    const unit = aLegacyUnit({ capabilities: ["Oxygen"], currentLocation: { lat: 40.5, lng: -78.4 }, shiftStart });
    const moved = moveUnits([unit]);
    expect(rowsOf(moved, "ems.unit")).toEqual([
      {
        ...{ id: "un1", agency_id: "a1", unit_number: "BV-12", type: "ALS", capabilities: ["Oxygen"], version: 1 },
        ...{ status: "AVAILABLE", status_reason: null, is_active: true, current_location: { lat: 40.5, lng: -78.4 } },
        ...{ shift_start: shiftStart, shift_end: null },
        ...{ created_at: longAgo, updated_at: longAgo, imported_at: importedAt },
      },
    ]);
    expect(fateOf(moved, "Unit", "un1")).toBe("MIGRATED");
    expect(issuesAbout(moved, "Unit", "un1")).toEqual([]);
  });

  it("is in the directory, and not yet among the rows, before it is known what is on trips", () => {
    const { directory, moved } = resolved({ agencies, units: [aLegacyUnit({ type: "OTHER", unitNumber: "WC-1" })] });
    expect(directory.unit("un1")).toEqual({ id: "un1", agencyId: "a1", type: "WHEELCHAIR", isActive: true });
    expect(rowsOf(moved, "ems.unit")).toEqual([]);
    expect(fateOf(moved, "Unit", "un1")).toBe("");
    expect(rowsOf(moved, "center.database_reference")).toContainEqual(
      expect.objectContaining({ entity_type: "unit", entity_id: "un1", reference_type: "agency", reference_id: "a1" }),
    );
  });

  it.each<[string, DirectoryInput["units"], Partial<DirectoryInput>, string]>([
    ["an id that nothing can name", [aLegacyUnit({ id: "un 1" })], {}, "ID_NOT_USABLE"],
    ["a time that never was", [aLegacyUnit({ updatedAt: new Date(Number.NaN) })], {}, "TIME_OUT_OF_RANGE"],
    ["no agency", [aLegacyUnit({ agencyId: "a9" })], {}, "AGENCY_NOT_MOVED"],
    [
      "an agency in quarantine",
      [aLegacyUnit({ agencyId: "a 1" })],
      { agencies: [aLegacyAgency({ id: "a 1" })] },
      "AGENCY_NOT_MOVED",
    ],
  ])("stays in quarantine with %s", (_what, units, over, reason) => {
    const [unit] = units;
    const moved = moveUnits(units, [], over);
    expect(rowsOf(moved, "ems.unit")).toEqual([]);
    expect(fateOf(moved, "Unit", unit?.id ?? "")).toBe(`QUARANTINED ${reason}`);
    expect(resolved({ agencies, units, ...over }).directory.unit(unit?.id ?? "")).toBeUndefined();
  });

  it("drops a shift that never was, and says so", () => {
    const moved = moveUnits([aLegacyUnit({ shiftEnd: new Date(Number.NaN) })]);
    expect(rowsOf(moved, "ems.unit")[0]?.shift_end).toBeNull();
    expect(issuesAbout(moved, "Unit", "un1")).toEqual(["R-TIME TIME_OUT_OF_RANGE"]);
  });

  it("is told apart by what was noted about it, and guessed if nothing was", () => {
    const units = [aLegacyUnit({ type: "OTHER" }), aLegacyUnit({ id: "un2", type: "OTHER", unitNumber: "9" })];
    const moved = moveUnits(units, [], { unitAvailabilities: [aLegacyAvailability({ notes: "has a ramp" })] });
    expect(rowsOf(moved, "ems.unit").map(({ type }) => type)).toEqual(["WHEELCHAIR", "MEDICAL_TAXI"]);
    expect(issuesAbout(moved, "Unit", "un1")).toEqual([]);
    expect(issuesAbout(moved, "Unit", "un2")).toEqual(["R-UNITTYPE UNIT_TYPE_GUESSED"]);
  });
});

describe("a unit's number", () => {
  const at = (day: number) => ({ createdAt: new Date(Date.UTC(2024, 4, day)) });

  it("is kept by the active one that came first, and completed for its twins", () => {
    const units = [
      aLegacyUnit({ id: "unit-00000a", isActive: false, ...at(1) }),
      aLegacyUnit({ id: "unit-00000b", ...at(3) }),
      aLegacyUnit({ id: "unit-00000c", ...at(2) }),
      aLegacyUnit({ id: "unit-00000d", unitNumber: "BV-13", ...at(9) }),
      aLegacyUnit({ id: "unit-00000e", agencyId: "a2", ...at(9) }),
    ];
    for (const order of [units, units.toReversed()]) {
      const moved = moveUnits(order, [], { agencies: [aLegacyAgency(), aLegacyAgency({ id: "a2" })] });
      const numbers = new Map(rowsOf(moved, "ems.unit").map(({ id, unit_number }) => [id, unit_number]));
      expect(Object.fromEntries(numbers)).toEqual({
        "unit-00000a": "BV-12 #00000a",
        "unit-00000b": "BV-12 #00000b",
        "unit-00000c": "BV-12",
        "unit-00000d": "BV-13",
        "unit-00000e": "BV-12",
      });
      expect(issuesAbout(moved, "Unit", "unit-00000b")).toEqual(["R-UNITNUMBER UNIT_NUMBER_CHANGED"]);
      expect(issuesAbout(moved, "Unit", "unit-00000c")).toEqual([]);
    }
  });

  it("is not taken by one that stays in quarantine", () => {
    const units = [aLegacyUnit({ id: "not usable", ...at(1) }), aLegacyUnit({ id: "unit-00000b", ...at(2) })];
    expect(rowsOf(moveUnits(units), "ems.unit").map(({ unit_number }) => unit_number)).toEqual(["BV-12"]);
  });

  it("is completed with the whole id where the end of it is taken", () => {
    const units = ["1-000001", "2-000001", "3-000001"].map((id) => aLegacyUnit({ id }));
    const numbers = rowsOf(moveUnits(units), "ems.unit").map(({ unit_number }) => unit_number);
    expect(numbers).toEqual(["BV-12", "BV-12 #000001", "BV-12 #3-000001"]);
  });
});

describe("R-UNITSTATUS", () => {
  it.each([
    ["AVAILABLE", true, false, "AVAILABLE", []],
    ["AVAILABLE", true, true, "IN_USE", []],
    ["AVAILABLE", false, false, "AVAILABLE", []],
    ["AVAILABLE", false, true, "IN_USE", []],
    ["IN_USE", true, true, "IN_USE", []],
    ["IN_USE", true, false, "AVAILABLE", ["R-UNITSTATUS UNIT_IN_USE_WITHOUT_TRIP"]],
    ["IN_USE", false, false, "OUT_OF_SERVICE", ["R-UNITSTATUS UNIT_IN_USE_WITHOUT_TRIP"]],
    ["OUT_OF_SERVICE", true, false, "OUT_OF_SERVICE", []],
    ["OUT_OF_SERVICE", true, true, "OUT_OF_SERVICE", ["R-UNITSTATUS UNIT_BOOKED_THOUGH_OUT"]],
    ["MAINTENANCE", true, false, "MAINTENANCE", []],
    ["MAINTENANCE", true, true, "MAINTENANCE", ["R-UNITSTATUS UNIT_BOOKED_THOUGH_OUT"]],
  ] as const)("of %s, active=%j, on a trip=%j is %s", (currentStatus, isActive, isOnTrip, status, issues) => {
    const moved = moveUnits([aLegacyUnit({ currentStatus, isActive })], isOnTrip ? ["un1"] : ["un2"]);
    expect(rowsOf(moved, "ems.unit")[0]).toMatchObject({ status, is_active: isActive });
    expect(issuesAbout(moved, "Unit", "un1")).toEqual(issues);
  });
});

describe("R-AVAIL", () => {
  const units = [aLegacyUnit()];

  it.each([
    ["AVAILABLE", null, "AVAILABLE", null],
    ["IN_USE", "on call", "ASSIGNED", "on call"],
    ["OUT_OF_SERVICE", null, "OFF_DUTY", null],
    ["MAINTENANCE", null, "OFF_DUTY", "maintenance"],
    ["MAINTENANCE", " ", "OFF_DUTY", "maintenance"],
    ["MAINTENANCE", "brakes", "OFF_DUTY", "maintenance; brakes"],
  ] as const)("makes %s with notes %j %s with %j", (status, notes, expected, expectedNotes) => {
    const { moved } = resolved({ agencies, units, unitAvailabilities: [aLegacyAvailability({ status, notes })] });
    expect(rowsOf(moved, "ems.unit_availability")).toEqual([
      {
        ...{ id: "av1", unit_id: "un1", status: expected, notes: expectedNotes, end_time: null },
        ...{
          start_time: new Date("2024-03-01T00:00:00Z"),
          created_at: longAgo,
          updated_at: longAgo,
          imported_at: importedAt,
        },
      },
    ]);
    expect(fateOf(moved, "UnitAvailability", "av1")).toBe("MIGRATED");
  });

  it("begins and ends with the shift, if that is known", () => {
    const [shiftStart, shiftEnd] = [new Date("2024-03-02T06:00:00Z"), new Date("2024-03-02T18:00:00Z")];
    const { moved } = resolved({
      agencies,
      units,
      unitAvailabilities: [aLegacyAvailability({ shiftStart, shiftEnd })],
    });
    expect(rowsOf(moved, "ems.unit_availability")[0]).toMatchObject({ start_time: shiftStart, end_time: shiftEnd });
  });

  it("of times that never were begins when the row came", () => {
    const never = new Date(Number.NaN);
    const row = aLegacyAvailability({ shiftStart: never, shiftEnd: never, lastUpdated: never });
    const { moved } = resolved({ agencies, units, unitAvailabilities: [row] });
    expect(rowsOf(moved, "ems.unit_availability")[0]).toMatchObject({ start_time: longAgo, end_time: null });
    expect(issuesAbout(moved, "UnitAvailability", "av1")).toEqual(["R-TIME TIME_OUT_OF_RANGE"]);
  });

  it.each([
    [{ unitId: "un9" }, "UNIT_NOT_MOVED"],
    [{ id: "av 1" }, "ID_NOT_USABLE"],
  ])("of %j stays in quarantine: %s", (over, reason) => {
    const row = aLegacyAvailability(over);
    const { moved } = resolved({ agencies, units, unitAvailabilities: [row] });
    expect(rowsOf(moved, "ems.unit_availability")).toEqual([]);
    expect(fateOf(moved, "UnitAvailability", row.id)).toBe(`QUARANTINED ${reason}`);
  });
});

describe("a hospital in disguise", () => {
  it("with a unit keeps it", () => {
    const input = { facilities: [aLegacyFacility()], agencies: [aPhantom()], units: [aLegacyUnit({ agencyId: "p1" })] };
    expect(rowsOf(resolved(input).moveUnits(new Set()), "ems.unit")[0]?.agency_id).toBe("p1");
  });
});
