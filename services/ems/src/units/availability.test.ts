import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { type Availability, type AvailabilityId, type Neighbours, recordAvailability } from "./availability.ts";

const at = (hour: number): Date => new Date(Date.UTC(2026, 2, 1, hour));

/** A time from one hour on, until another if one is given. */
function aTime(start: number, end?: number, over: Partial<Availability> = {}): Availability {
  const id = `from-${start}` as AvailabilityId;
  const until = end === undefined ? {} : { endTime: at(end) };
  return { id, unitId: "unit-1", status: "ON_BREAK", startTime: at(start), ...until, notes: "", ...over };
}

describe("recording what a crew does", () => {
  it("adds to nothing", () => {
    expect(recordAvailability(aTime(8, 10), {})).toEqual({ ok: true, value: { recorded: aTime(8, 10) } });
    expect(recordAvailability(aTime(8), {})).toEqual({ ok: true, value: { recorded: aTime(8) } });
  });

  it.each([undefined, 12])("ends what lasts when it begins, whether that has an end or not: %s", (end) => {
    const value = { recorded: aTime(10, 11), ended: aTime(8, 10) };
    expect(recordAvailability(aTime(10, 11), { current: aTime(8, end) })).toEqual({ ok: true, value });
  });

  it("lasts until the next begins, if it has no end of its own", () => {
    expect(recordAvailability(aTime(8), { next: aTime(12) })).toMatchObject({ value: { recorded: aTime(8, 12) } });
  });

  it("touches what comes next, and does not reach into it", () => {
    expect(recordAvailability(aTime(8, 12), { next: aTime(12) })).toMatchObject({ ok: true });
    expect(recordAvailability(aTime(8, 13), { next: aTime(12) })).toMatchObject({ reason: "RESOURCE_EXISTS" });
  });

  it("replaces what begins at the very same moment", () => {
    const corrected = aTime(8, 9, { id: "new" as AvailabilityId, status: "OFF_DUTY" });
    const value = { recorded: { ...corrected, id: aTime(8).id } };
    expect(recordAvailability(corrected, { current: aTime(8) })).toEqual({ ok: true, value });
  });

  it.each([8, 7])("ends after it starts", (end) => {
    expect(recordAvailability(aTime(8, end), {})).toMatchObject({ reason: "VALIDATION_FAILED" });
  });

  it("never leaves two for one moment, whatever is recorded in whatever order", () => {
    const hour = fc.integer({ min: 0, max: 12 });
    const wish = fc.tuple(hour, fc.option(hour, { nil: undefined }));
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
        const known = new Map<string, Availability>();
        wishes.forEach(([start, end], index) => {
          const wanted = aTime(start, end, { id: `wish-${index}` as AvailabilityId });
          const decision = recordAvailability(wanted, neighboursOf([...known.values()], wanted.startTime));
          if (!decision.ok) return;
          const { recorded, ended } = decision.value;
          for (const it of [ended, recorded]) if (it) known.set(it.id, it);
        });
        const inOrder = [...known.values()].toSorted(
          (one, other) => one.startTime.getTime() - other.startTime.getTime(),
        );
        inOrder.forEach(({ startTime, endTime }, index) => {
          const next = inOrder[index + 1];
          if (endTime) expect(endTime.getTime()).toBeGreaterThan(startTime.getTime());
          if (next) expect(endTime?.getTime()).toBeLessThanOrEqual(next.startTime.getTime());
        });
      }),
    );
  });
});

function neighboursOf(known: readonly Availability[], moment: Date): Neighbours {
  const inOrder = known.toSorted((one, other) => one.startTime.getTime() - other.startTime.getTime());
  return {
    current: inOrder.findLast(({ startTime, endTime }) => startTime <= moment && (!endTime || endTime > moment)),
    next: inOrder.find(({ startTime }) => startTime > moment),
  };
}
