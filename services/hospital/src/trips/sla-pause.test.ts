import { describe, expect, it } from "@jest/globals";
import { pauseSla, resumeSla, withPauseEnded } from "./sla-pause.ts";
import { anAssignedTrip, aPause, aPendingTrip, at, blair, overseer, owner } from "./trip.builder.ts";

const pausing = { actor: owner, reason: "WEATHER", now: at(15) } as const;

describe("stopping a trip's clocks", () => {
  it("begins a pause with its reason, in a version of its own", () => {
    expect(pauseSla(aPendingTrip(), pausing)).toMatchObject({
      ok: true,
      value: {
        name: "sla_paused",
        userId: "user-1",
        after: {
          status: "PENDING",
          version: 2,
          slaPauses: [{ reason: "WEATHER", startedAt: at(15), startedBy: "user-1" }],
        },
      },
    });
  });

  it("changes neither what an agency would want to know nor its consent", () => {
    const trip = anAssignedTrip({ consentDueAt: at(20) });
    const decision = pauseSla(trip, { ...pausing, actor: blair });
    expect(decision).toMatchObject({ value: { after: { materialVersion: 1, consentDueAt: at(20) } } });
  });

  it("demands a reason of Center, and keeps it", () => {
    const decision = pauseSla(aPendingTrip(), { ...pausing, actor: overseer });
    expect(decision).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
    const reasoned = pauseSla(aPendingTrip(), { ...pausing, actor: overseer, overrideReason: "storm" });
    expect(reasoned).toMatchObject({ value: { comment: "storm" } });
  });

  it("is refused while they stand still", () => {
    const decision = pauseSla(aPendingTrip({ slaPauses: [aPause()] }), pausing);
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("is refused when it has been done a hundred times", () => {
    const slaPauses = Array.from({ length: 100 }, () => aPause({ ended: { at: at(15), by: "user-1" } }));
    const decision = pauseSla(aPendingTrip({ slaPauses }), pausing);
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("begins where the last pause ended, if another instance's clock is ahead", () => {
    const slaPauses = [aPause({ ended: { at: at(18), by: "user-1" } })];
    const decision = pauseSla(aPendingTrip({ slaPauses }), pausing);
    expect(decision).toHaveProperty("value.after.slaPauses.1.startedAt", at(18));
  });
});

describe("letting a trip's clocks run on", () => {
  const trip = aPendingTrip({ slaPauses: [aPause({ startedAt: at(15) })] });

  it("ends the pause, in a version of its own", () => {
    expect(resumeSla(trip, { actor: owner, now: at(25) })).toMatchObject({
      ok: true,
      value: {
        name: "sla_resumed",
        after: { version: 2, slaPauses: [{ startedAt: at(15), ended: { at: at(25), by: "user-1" } }] },
      },
    });
  });

  it("never ends a pause before its start", () => {
    const decision = resumeSla(trip, { actor: owner, now: at(12) });
    expect(decision).toHaveProperty("value.after.slaPauses.0.ended.at", at(15));
  });

  it("is refused while they run", () => {
    const decision = resumeSla(aPendingTrip(), { actor: owner, now: at(25) });
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("leaves pauses that are over alone", () => {
    const over = aPause({ ended: { at: at(18), by: "user-1" } });
    const ended = withPauseEnded(aPendingTrip({ slaPauses: [over, aPause({ startedAt: at(20) })] }), at(30), "user-2");
    expect(ended.slaPauses).toEqual([over, aPause({ startedAt: at(20), ended: { at: at(30), by: "user-2" } })]);
  });
});
