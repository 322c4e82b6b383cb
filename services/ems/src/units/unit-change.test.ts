import { describe, expect, it } from "@jest/globals";
import type { Unit, UnitStatus } from "./unit.ts";
import { aUnit } from "./unit.builder.ts";
import { type UnitDetails, withCrew, withDetails, withLocation, withShift, withStatus } from "./unit-change.ts";

const now = new Date("2026-03-01T12:00:00Z");
const later = new Date("2026-03-01T13:00:00Z");
const inUse = aUnit({ status: "IN_USE" });

describe("changing a unit", () => {
  const changes: readonly Partial<UnitDetails>[] = [
    { unitNumber: "BV-13" },
    { type: "CCT" },
    { capabilities: ["ventilator"] },
    { isActive: false },
  ];
  it.each(changes)("makes its next version: %j", (details) => {
    const changed = { ...aUnit(), ...details, version: 2, updatedAt: now };
    expect(withDetails(aUnit(), details, now)).toEqual({ ok: true, value: changed });
  });

  it("leaves it alone when it says what is", () => {
    const unit = aUnit({ shift: { start: now, end: later }, location: { latitude: 40, longitude: -78 } });
    const { unitNumber, type, capabilities, isActive } = aUnit();
    expect(withDetails(unit, { unitNumber, type, capabilities, isActive }, now)).toEqual({ ok: true, value: unit });
    expect(withShift(unit, { start: new Date(now), end: new Date(later) }, now)).toBe(unit);
    expect(withLocation(unit, { latitude: 40, longitude: -78 }, now)).toBe(unit);
  });

  it("refuses another type and the switch while it is in use, and nothing else", () => {
    expect(withDetails(inUse, { type: "BLS" }, now)).toMatchObject({ reason: "UNIT_IN_USE" });
    expect(withDetails(inUse, { isActive: false }, now)).toMatchObject({ reason: "UNIT_IN_USE" });
    expect(withDetails(inUse, { type: "ALS", isActive: true, unitNumber: "BV-13" }, now)).toMatchObject({ ok: true });
  });

  it("refuses to leave it without a number", () => {
    expect(withDetails(aUnit(), { unitNumber: " " }, now)).toMatchObject({ reason: "VALIDATION_FAILED" });
  });

  it("sets and clears its shift, and tells where it is", () => {
    const onShift = withShift(aUnit(), { start: now, end: later }, now);
    expect(onShift).toEqual(aUnit({ shift: { start: now, end: later }, version: 2, updatedAt: now }));
    expect(withShift(onShift, {}, now).shift).toEqual({});
    expect(withShift(onShift, { start: now }, now).version).toBe(3);
    expect(withLocation(aUnit(), { latitude: 0, longitude: 0 }, now)).toMatchObject({ version: 2 });
  });

  it("counts what was recorded of its crew as a change, even if it says the same", () => {
    expect(withCrew(aUnit(), "AVAILABLE", now).version).toBe(2);
  });
});

describe("a unit's status", () => {
  const wish = { byCenter: false, reason: "", now };
  const settable: readonly Exclude<UnitStatus, "IN_USE">[] = ["AVAILABLE", "OUT_OF_SERVICE", "MAINTENANCE"];

  it.each(settable)("becomes %s by its agency's word, from any but IN_USE", (status) => {
    for (const before of settable) {
      const after = withStatus(aUnit({ status: before }), { ...wish, status });
      const changed: Partial<Unit> = status === before ? { status } : { status, version: 2, updatedAt: now };
      expect(after).toEqual({ ok: true, value: aUnit(changed) });
    }
    expect(withStatus(inUse, { ...wish, status })).toMatchObject({ reason: "UNIT_IN_USE" });
  });

  it("becomes OUT_OF_SERVICE by Center's, with a reason, and nothing else", () => {
    const byCenter = { ...wish, byCenter: true, reason: "failed inspection" };
    expect(withStatus(aUnit(), { ...byCenter, status: "OUT_OF_SERVICE" })).toMatchObject({ ok: true });
    const without = withStatus(aUnit(), { ...byCenter, status: "OUT_OF_SERVICE", reason: " " });
    expect(without).toMatchObject({ reason: "VALIDATION_FAILED" });
    const back = withStatus(aUnit({ status: "OUT_OF_SERVICE" }), { ...byCenter, status: "AVAILABLE" });
    expect(back).toMatchObject({ reason: "ACTION_NOT_ALLOWED" });
    expect(withStatus(inUse, { ...byCenter, status: "OUT_OF_SERVICE" })).toMatchObject({ reason: "UNIT_IN_USE" });
  });
});
