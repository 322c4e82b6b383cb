import { describe, expect, it } from "@jest/globals";
import { type SlaCourse, slaStanding } from "./sla.ts";
import { aPause, at } from "./trip.builder.ts";

/** Asked for at 8:00, to be assigned by 8:20 and picked up by 10:00. */
function aCourse(over: Partial<SlaCourse> = {}): SlaCourse {
  return {
    requestedAt: at(0),
    terms: { assignMinutes: 20, pickupMinutes: 120, toleranceMinutes: 15 },
    pauses: [],
    assigned: { happened: false },
    pickedUp: { happened: false },
    cancelled: { happened: false },
    ...over,
  };
}

const assignedAt = (minutes: number): Pick<SlaCourse, "assigned"> => ({
  assigned: { happened: true, at: at(minutes) },
});
const pickedUpAt = (minutes: number): Pick<SlaCourse, "pickedUp"> => ({
  pickedUp: { happened: true, at: at(minutes) },
});

const cancelledAt = (minutes: number): Pick<SlaCourse, "cancelled"> => ({
  cancelled: { happened: true, at: at(minutes) },
});

describe("a trip's clocks", () => {
  it("run from the request, and miss when the due time is over", () => {
    expect(slaStanding(aCourse(), at(20))).toEqual({
      startsAt: at(0),
      assign: { dueAt: at(20), state: "RUNNING" },
      pickup: { dueAt: at(120), state: "RUNNING" },
    });
    expect(slaStanding(aCourse(), at(21))).toMatchObject({
      assign: { state: "MISSED" },
      pickup: { state: "RUNNING" },
    });
    expect(slaStanding(aCourse(), at(121))).toMatchObject({ pickup: { state: "MISSED" } });
  });

  it.each([
    { minutes: 20, state: "MET" },
    { minutes: 21, state: "MISSED" },
  ])("say $state of an award after $minutes minutes, for ever", ({ minutes, state }) => {
    expect(slaStanding(aCourse(assignedAt(minutes)), at(500)).assign).toEqual({ dueAt: at(20), state });
  });

  it.each([
    { minutes: 120, state: "MET" },
    { minutes: 121, state: "MISSED" },
  ])("say $state of a pickup after $minutes minutes, for ever", ({ minutes, state }) => {
    const course = aCourse({ ...assignedAt(10), ...pickedUpAt(minutes) });
    expect(slaStanding(course, at(500)).pickup).toEqual({ dueAt: at(120), state });
  });

  it("go on when an agency that came in time has lost the trip again", () => {
    expect(slaStanding(aCourse(), at(19)).assign.state).toBe("RUNNING");
    expect(slaStanding(aCourse(), at(25)).assign.state).toBe("MISSED");
  });

  it("say nothing of what happened at a time that nobody recorded", () => {
    expect(slaStanding(aCourse({ assigned: { happened: true } }), at(500)).assign).toEqual({ dueAt: at(20) });
  });

  it("are void on a trip that was given up in time, and missed on one that was late by then", () => {
    expect(slaStanding(aCourse(cancelledAt(20)), at(500))).toMatchObject({
      assign: { state: "VOID" },
      pickup: { state: "VOID" },
    });
    expect(slaStanding(aCourse(cancelledAt(21)), at(500))).toMatchObject({
      assign: { state: "MISSED" },
      pickup: { state: "VOID" },
    });
    const assigned = slaStanding(aCourse({ ...assignedAt(10), ...cancelledAt(30) }), at(500));
    expect(assigned).toMatchObject({ assign: { state: "MET" }, pickup: { state: "VOID" } });
  });

  it("say nothing of what had not happened on a trip that was given up at a time that nobody recorded", () => {
    const standing = slaStanding(aCourse({ ...assignedAt(10), cancelled: { happened: true } }), at(500));
    expect(standing.assign).toEqual({ dueAt: at(20), state: "MET" });
    expect(standing.pickup).toEqual({ dueAt: at(120) });
  });
});

describe("a trip's clocks with a pickup window", () => {
  const window = { start: at(60), end: at(90) };

  it("begin with it, and promise a pickup within it and a tolerance", () => {
    expect(slaStanding(aCourse({ window }), at(0))).toEqual({
      startsAt: at(60),
      assign: { dueAt: at(80), state: "RUNNING" },
      pickup: { dueAt: at(105), state: "RUNNING" },
    });
  });

  it("begin no sooner than the request", () => {
    const standing = slaStanding(aCourse({ window: { start: at(-60), end: at(90) } }), at(0));
    expect(standing).toMatchObject({ startsAt: at(0), assign: { dueAt: at(20) } });
  });

  it.each([
    { minutes: 44, state: "MISSED" },
    { minutes: 45, state: "MET" },
    { minutes: 105, state: "MET" },
    { minutes: 106, state: "MISSED" },
  ])("say $state of a pickup after $minutes minutes", ({ minutes, state }) => {
    const course = aCourse({ window, ...assignedAt(10), ...pickedUpAt(minutes) });
    expect(slaStanding(course, at(500)).pickup.state).toBe(state);
  });
});

describe("a pause of a trip's clocks", () => {
  const paused = (from: number, until?: number): SlaCourse["pauses"][number] =>
    aPause({ startedAt: at(from), ...(until !== undefined && { ended: { at: at(until), by: "user-1" } }) });

  it("holds them, and moves the due times by its length so far", () => {
    const standing = slaStanding(aCourse({ pauses: [paused(10)] }), at(40));
    expect(standing).toMatchObject({
      assign: { dueAt: at(50), state: "PAUSED" },
      pickup: { dueAt: at(150), state: "PAUSED" },
    });
  });

  it("has moved them once it is over, as have those before it", () => {
    const standing = slaStanding(aCourse({ pauses: [paused(5, 10), paused(22, 30)] }), at(33));
    expect(standing.assign).toEqual({ dueAt: at(33), state: "RUNNING" });
  });

  it("saves nothing that was late when it began", () => {
    const standing = slaStanding(aCourse({ pauses: [paused(21)] }), at(40));
    expect(standing.assign).toEqual({ dueAt: at(20), state: "MISSED" });
    expect(standing.pickup.state).toBe("PAUSED");
  });

  it("moves nothing for what happened before it, or during it only by its part", () => {
    const course = aCourse({ pauses: [paused(10, 40)], ...assignedAt(9), ...pickedUpAt(30) });
    expect(slaStanding(course, at(500))).toMatchObject({
      assign: { dueAt: at(20), state: "MET" },
      pickup: { dueAt: at(140), state: "MET" },
    });
  });

  it("counts only from when the clocks run", () => {
    const course = aCourse({ window: { start: at(60), end: at(90) }, pauses: [paused(50, 65)] });
    expect(slaStanding(course, at(70))).toMatchObject({ assign: { dueAt: at(85) }, pickup: { dueAt: at(110) } });
  });
});
