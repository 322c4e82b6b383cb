import { describe, expect, it } from "@jest/globals";
import { availabilityOf, freedUnit, isAssignable, mayBeSent, takenUnit, type Unit, unitStatuses } from "./unit.ts";
import { aUnit } from "./unit.builder.ts";

const now = new Date("2026-03-01T12:00:00Z");
const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000);

describe("a unit", () => {
  const assignable: readonly (readonly [string, Partial<Unit>])[] = [
    ["without a shift", {}],
    ["within its shift", { shift: { start: hours(-1), end: hours(1) } }],
    ["in the first moment of its shift", { shift: { start: now, end: hours(1) } }],
    ["of which the former system says that it is assigned, though it is not", { crew: "ASSIGNED" }],
  ];
  it.each(assignable)("can be put on a trip %s", (_what, over) => {
    expect(isAssignable(aUnit(over), now)).toEqual({ ok: true, value: undefined });
  });

  const idle: readonly (readonly [string, Partial<Unit>, string])[] = [
    ["switched off", { isActive: false }, "is switched off"],
    ["in use", { status: "IN_USE" }, "is IN_USE"],
    ["out of service", { status: "OUT_OF_SERVICE" }, "is OUT_OF_SERVICE"],
    ["in maintenance", { status: "MAINTENANCE" }, "is MAINTENANCE"],
    ["before its shift", { shift: { start: hours(1), end: hours(2) } }, "is off shift"],
    ["when its shift is just over", { shift: { start: hours(-1), end: now } }, "is off shift"],
    ["while its crew is on a break", { crew: "ON_BREAK" }, "has its crew on a break"],
    ["while its crew is off duty", { crew: "OFF_DUTY" }, "has its crew off duty"],
  ];
  it.each(idle)("cannot be put on a trip %s, and it is said why", (_what, over, why) => {
    const no = { ok: false, reason: "UNIT_NOT_AVAILABLE", sentence: `unit BV-12 ${why}` };
    expect(isAssignable(aUnit(over), now)).toEqual(no);
    expect(mayBeSent(aUnit(over), { agencyId: "blair", level: "ALS", now })).toMatchObject({ ok: false });
  });

  it("can be sent only by its agency, and only where it is capable", () => {
    const unit = aUnit({ type: "BLS" });
    expect(mayBeSent(unit, { agencyId: "blair", level: "BLS", now })).toEqual({ ok: true, value: unit });
    expect(mayBeSent(unit, { agencyId: "blair", level: "ALS", now })).toMatchObject({ reason: "UNIT_NOT_CAPABLE" });
    const foreign = { agencyId: "rival", level: "BLS", now } as const;
    expect(mayBeSent(unit, foreign)).toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
    expect(mayBeSent(undefined, foreign)).toMatchObject({ reason: "RESOURCE_NOT_FOUND" });
  });

  it("is assigned while it is in use, whatever was recorded of its crew", () => {
    expect(availabilityOf(takenUnit(aUnit({ crew: "ON_BREAK" }), now))).toBe("ASSIGNED");
    expect(availabilityOf(aUnit({ crew: "ON_BREAK" }))).toBe("ON_BREAK");
  });

  it("that is taken and freed is as it was, two versions later", () => {
    expect(freedUnit(takenUnit(aUnit(), hours(1)), now)).toEqual(aUnit({ version: 3, updatedAt: now }));
  });

  it.each(unitStatuses.filter((status) => status !== "IN_USE"))("that is %s is not freed again", (status) => {
    expect(freedUnit(aUnit({ status }), now)).toBeUndefined();
  });
});
