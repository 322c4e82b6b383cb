import { describe, expect, it } from "@jest/globals";
import { anAssignment } from "./assignment.builder.ts";
import {
  type Assignment,
  completed,
  confirmed,
  released,
  unitIdsOf,
  withConfirmedUnit,
  withHeldUnit,
  withoutUnit,
} from "./assignment.ts";
import { maySwapUnit } from "./swap-unit.ts";

const now = new Date("2026-03-01T12:00:00Z");
const [first, second] = [
  { id: "unit-1", type: "ALS" },
  { id: "unit-2", type: "CCT" },
] as const;
const waiting = { status: "ASSIGNED" } as const;

/** A trip that was won with the first unit on it, unless said otherwise. */
function won(over: Partial<Assignment> = {}): Assignment {
  const assignment = anAssignment({ unit: { ...first, state: "CONFIRMED" } });
  return { ...confirmed(assignment, { tripVersion: 2, bidId: "bid-1", now }), ...over };
}

const inDoubt = withHeldUnit(won(), second, now);

describe("swapping a unit", () => {
  it("may begin on a trip that was won, has a unit, and waits for its pickup", () => {
    expect(maySwapUnit(won(), waiting, "unit-2")).toEqual({ ok: true, value: "new" });
    const { unit: _, ...without } = won();
    expect(maySwapUnit(without, waiting, "unit-2")).toMatchObject({ reason: "UNIT_NOT_ASSIGNED" });
    expect(maySwapUnit(won(), { status: "IN_PROGRESS" }, "unit-2")).toMatchObject({
      reason: "INVALID_STATE_TRANSITION",
    });
  });

  it("may be asked for again, and is done when the unit has the trip", () => {
    expect(maySwapUnit(inDoubt, waiting, "unit-2")).toEqual({ ok: true, value: "again" });
    expect(maySwapUnit(withConfirmedUnit(inDoubt, now), waiting, "unit-2")).toEqual({ ok: true, value: "done" });
    expect(maySwapUnit(inDoubt, waiting, "unit-3")).toMatchObject({ reason: "CONCURRENT_CHANGE" });
  });

  it.each([
    [anAssignment(), "INVALID_STATE_TRANSITION"],
    [released(won(), "CANCELLED", now), "TRIP_CANCELLED"],
    [released(won(), "SUPERSEDED", now), "INVALID_STATE_TRANSITION"],
    [completed(won(), now), "INVALID_STATE_TRANSITION"],
  ])("may not begin on a trip that the agency does not have: %#", (assignment, reason) => {
    expect(maySwapUnit(assignment, waiting, "unit-2")).toMatchObject({ reason });
  });

  it("keeps both units until it is known which has the trip", () => {
    expect(unitIdsOf(inDoubt)).toEqual(["unit-2", "unit-1"]);
    expect(inDoubt).toMatchObject({ unit: { ...second, state: "HELD" }, previousUnit: first });
    expect(inDoubt.check).toBeDefined();
  });

  it("leaves the new unit, if Hospital has it, and the former one, if it has not", () => {
    expect(unitIdsOf(withConfirmedUnit(inDoubt, now))).toEqual(["unit-2"]);
    const dropped = withoutUnit(inDoubt, now);
    expect(dropped).toEqual(won());
  });

  it("is given up when the trip ends before its outcome was known", () => {
    expect(released(inDoubt, "CANCELLED", now)).toEqual(released(won(), "CANCELLED", now));
    expect(completed(inDoubt, now)).toEqual(completed(won(), now));
  });
});
