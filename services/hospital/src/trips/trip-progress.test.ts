import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { type MilestoneType, milestoneTypes } from "./milestone.ts";
import {
  aCancelledTrip,
  aCompletedTrip,
  aMilestone,
  anAssignedTrip,
  aPause,
  aPendingTrip,
  at,
  aTripInProgress,
  blair,
  overseer,
  owner,
  receiver,
  rival,
} from "./trip.builder.ts";
import { awardOf, type Trip } from "./trip.ts";
import { completeTrip, recordMilestone, type Report, startTransport } from "./trip-progress.ts";

const report: Report = { actor: blair, now: at(40) };

describe("starting the transport", () => {
  it("takes an assigned trip on the way and records that it left", () => {
    expect(startTransport(anAssignedTrip(), { ...report, occurredAt: at(35) })).toMatchObject({
      ok: true,
      value: {
        name: "started",
        milestone: { type: "LEFT_ORIGIN", occurredAt: at(35), isLateEntry: false },
        after: { status: "IN_PROGRESS", pickedUpAt: at(35), version: 3 },
      },
    });
  });

  it("is consent enough, and lets nothing hold the clocks any longer", () => {
    const trip = anAssignedTrip({ consentDueAt: at(38), slaPauses: [aPause({ startedAt: at(15) })] });
    const decision = startTransport(trip, { ...report, occurredAt: at(35) });
    expect(decision).not.toHaveProperty("value.after.consentDueAt");
    expect(decision).toMatchObject({ value: { after: { slaPauses: [{ ended: { at: at(35), by: "user-2" } }] } } });
  });

  it("demands a unit", () => {
    const trip = anAssignedTrip({ award: { agencyId: "blair", attemptId: "a", acceptedAt: at(10) } });
    expect(startTransport(trip, report)).toMatchObject({ ok: false, refusal: { reason: "UNIT_NOT_ASSIGNED" } });
  });

  it.each([
    { trip: aPendingTrip(), actor: overseer, reason: "INVALID_STATE_TRANSITION" },
    { trip: aTripInProgress(), actor: blair, reason: "INVALID_STATE_TRANSITION" },
    { trip: aCompletedTrip(), actor: blair, reason: "INVALID_STATE_TRANSITION" },
    { trip: aCancelledTrip(), actor: overseer, reason: "TRIP_CANCELLED" },
    { trip: anAssignedTrip(), actor: rival, reason: "ACTION_NOT_ALLOWED" },
  ])("is refused on a trip that is $trip.status: $reason", ({ trip, actor, reason }) => {
    const decision = startTransport(trip, { ...report, actor, overrideReason: "agency unreachable" });
    expect(decision).toMatchObject({ ok: false, refusal: { reason } });
  });

  it("demands a reason of Center, and keeps it", () => {
    const override = { ...report, actor: overseer };
    for (const overrideReason of ["", "  "]) {
      const decision = startTransport(anAssignedTrip(), { ...override, overrideReason });
      expect(decision).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
    }
    const decision = startTransport(anAssignedTrip(), { ...override, overrideReason: "radio down" });
    expect(decision).toMatchObject({ ok: true, value: { comment: "radio down" } });
  });

  it("was not before the acceptance, and is not in the future", () => {
    for (const occurredAt of [at(9), at(50)]) {
      const decision = startTransport(anAssignedTrip(), { ...report, occurredAt });
      expect(decision).toMatchObject({ ok: false, refusal: { reason: "TIME_OUT_OF_ORDER" } });
    }
  });
});

describe("completing a trip", () => {
  it("ends one in progress with the time of the transfer", () => {
    expect(completeTrip(aTripInProgress(), report)).toMatchObject({
      ok: true,
      value: { name: "completed", milestone: { type: "TRANSFER_OF_CARE" }, after: { completedAt: at(40) } },
    });
  });

  it("was not before the pickup", () => {
    const decision = completeTrip(aTripInProgress(), { ...report, occurredAt: at(29) });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "TIME_OUT_OF_ORDER" } });
  });

  it("is not for a hospital", () => {
    const decision = completeTrip(aTripInProgress(), { ...report, actor: receiver });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "ACTION_NOT_ALLOWED" } });
  });

  it("is refused on a trip that has not left", () => {
    const decision = completeTrip(anAssignedTrip(), report);
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });
});

describe("recording a milestone", () => {
  it("starts an assigned trip when its agency reports that it left", () => {
    const decision = recordMilestone(anAssignedTrip(), { ...report, type: "LEFT_ORIGIN" });
    expect(decision).toMatchObject({ ok: true, value: { name: "started", after: { status: "IN_PROGRESS" } } });
  });

  it("starts nothing when the hospital reports that it left", () => {
    const decision = recordMilestone(anAssignedTrip(), { ...report, actor: owner, type: "LEFT_ORIGIN" });
    expect(decision).toMatchObject({ ok: true, value: { name: "milestone_recorded", after: { status: "ASSIGNED" } } });
  });

  it.each<{ type: MilestoneType; by: "origin" | "destination"; ok: boolean }>([
    { type: "AT_ORIGIN", by: "origin", ok: true },
    { type: "LEFT_ORIGIN", by: "origin", ok: true },
    { type: "AT_DESTINATION", by: "destination", ok: true },
    { type: "AT_DESTINATION", by: "origin", ok: false },
    { type: "AT_ORIGIN", by: "destination", ok: false },
    { type: "EN_ROUTE", by: "origin", ok: false },
    { type: "TRANSFER_OF_CARE", by: "destination", ok: false },
  ])("$type by the hospital at the $by: $ok", ({ type, by, ok }) => {
    const actor = by === "origin" ? owner : receiver;
    expect(recordMilestone(anAssignedTrip(), { ...report, actor, type }).ok).toBe(ok);
  });

  it("flags what is reported after a later step, and holds it to the order", () => {
    const trip = anAssignedTrip({ milestones: [aMilestone({ type: "AT_PATIENT", occurredAt: at(25) })] });
    const late = recordMilestone(trip, { ...report, type: "AT_ORIGIN", occurredAt: at(20) });
    expect(late).toMatchObject({ ok: true, value: { milestone: { isLateEntry: true } } });
    const wrong = recordMilestone(trip, { ...report, type: "AT_ORIGIN", occurredAt: at(26) });
    expect(wrong).toMatchObject({ ok: false, refusal: { reason: "TIME_OUT_OF_ORDER" } });
  });

  it("records a step once for each kind of reporter", () => {
    const trip = anAssignedTrip({ milestones: [aMilestone({ type: "AT_ORIGIN", occurredAt: at(25) })] });
    const again = recordMilestone(trip, { ...report, type: "AT_ORIGIN" });
    expect(again).toMatchObject({ ok: false, refusal: { reason: "INVALID_STATE_TRANSITION" } });
    expect(recordMilestone(trip, { ...report, actor: owner, type: "AT_ORIGIN" }).ok).toBe(true);
  });

  it("lets a unit that took over begin its own sequence, also one that had the trip before", () => {
    const former = aMilestone({ type: "AT_ORIGIN", occurredAt: at(35), turn: 1 });
    const trip = anAssignedTrip({ milestones: [former], turn: 2 });
    const decision = recordMilestone(trip, { ...report, type: "EN_ROUTE", occurredAt: at(30) });
    expect(decision).toMatchObject({ ok: true, value: { milestone: { isLateEntry: false, turn: 2 } } });
  });

  it("asks still for consent after any other step", () => {
    const decision = recordMilestone(anAssignedTrip({ consentDueAt: at(50) }), { ...report, type: "AT_PATIENT" });
    expect(decision).toMatchObject({ value: { after: { consentDueAt: at(50) } } });
  });

  it.each<{ trip: Trip; type: MilestoneType; reason: string }>([
    { trip: aPendingTrip(), type: "EN_ROUTE", reason: "INVALID_STATE_TRANSITION" },
    { trip: aCancelledTrip(), type: "EN_ROUTE", reason: "TRIP_CANCELLED" },
    { trip: anAssignedTrip(), type: "TRANSFER_OF_CARE", reason: "INVALID_STATE_TRANSITION" },
    { trip: aTripInProgress(), type: "BACK_IN_SERVICE", reason: "INVALID_STATE_TRANSITION" },
  ])("refuses $type on a trip that is $trip.status", ({ trip, type, reason }) => {
    const decision = recordMilestone(trip, { ...report, actor: overseer, overrideReason: "told by radio", type });
    expect(decision).toMatchObject({ ok: false, refusal: { reason } });
  });

  it("keeps the times in order and the versions without a gap, whatever is reported when", () => {
    const reports = fc.array(
      fc.record({
        type: fc.constantFrom(...milestoneTypes),
        minute: fc.option(fc.integer({ min: 0, max: 90 }), { nil: undefined }),
        actor: fc.constantFrom(blair, owner, receiver, overseer),
      }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(reports, (all) => {
        let trip: Trip = anAssignedTrip();
        all.forEach(({ type, minute, actor }, index) => {
          const occurredAt = minute === undefined ? {} : { occurredAt: at(minute) };
          const step = { actor, type, ...occurredAt, overrideReason: "why", now: at(60 + index) };
          const decision = recordMilestone(trip, step);
          if (!decision.ok) return;
          expect(decision.value.after.version).toBe(trip.version + 1);
          trip = decision.value.after;
        });
        expectOrder(trip);
      }),
    );
  });
});

function expectOrder(trip: Trip): void {
  const pickedUpAt = "pickedUpAt" in trip ? trip.pickedUpAt : undefined;
  const completedAt = trip.status === "COMPLETED" ? trip.completedAt : undefined;
  const times = [trip.requestedAt, awardOf(trip)?.acceptedAt, pickedUpAt, completedAt].filter(
    (time) => time !== undefined,
  );
  expect(times).toEqual(times.toSorted((one, other) => one.getTime() - other.getTime()));
  for (const one of trip.milestones) {
    for (const other of trip.milestones) {
      const isBefore = milestoneTypes.indexOf(one.type) < milestoneTypes.indexOf(other.type);
      if (isBefore) expect(one.occurredAt.getTime()).toBeLessThanOrEqual(other.occurredAt.getTime());
    }
  }
}
