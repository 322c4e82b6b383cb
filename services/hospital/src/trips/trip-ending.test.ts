import { describe, expect, it } from "@jest/globals";
import {
  aCancelledTrip,
  aCompletedTrip,
  anAssignedTrip,
  aPause,
  aPendingTrip,
  at,
  aTripInProgress,
  blair,
  overseer,
  owner,
  receiver,
} from "./trip.builder.ts";
import { abortTrip, amendTrip, cancelTrip } from "./trip-ending.ts";

describe("cancelling a trip", () => {
  const cancellation = { actor: owner, reason: "patient better", now: at(25) };

  it("demands a reason that says something", () => {
    const decision = cancelTrip(aPendingTrip(), { ...cancellation, reason: "  " });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "VALIDATION_FAILED" } });
  });

  it("ends one that waits", () => {
    expect(cancelTrip(aPendingTrip(), cancellation)).toMatchObject({
      ok: true,
      value: {
        name: "cancelled",
        comment: "patient better",
        after: { status: "CANCELLED", version: 2, reason: "patient better", cancelledAt: at(25) },
      },
    });
  });

  it("ends one that an agency has, remembers which, and asks for no consent any more", () => {
    const decision = cancelTrip(anAssignedTrip({ consentDueAt: at(30) }), cancellation);
    expect(decision).toMatchObject({
      ok: true,
      value: { after: { status: "CANCELLED", version: 3, award: { agencyId: "blair", attemptId: "attempt-1" } } },
    });
    expect(decision).not.toHaveProperty("value.after.consentDueAt");
  });

  it("is not before the award, whatever the clocks say", () => {
    const decision = cancelTrip(anAssignedTrip(), { ...cancellation, now: at(5) });
    expect(decision).toMatchObject({ value: { after: { cancelledAt: at(10), updatedAt: at(10) } } });
  });

  it("ends the pause that lasts", () => {
    const decision = cancelTrip(aPendingTrip({ slaPauses: [aPause({ startedAt: at(15) })] }), cancellation);
    expect(decision).toMatchObject({ value: { after: { slaPauses: [{ ended: { at: at(25), by: "user-1" } }] } } });
  });

  it.each([aTripInProgress(), aCompletedTrip(), aCancelledTrip()])("is too late for one that is $status", (trip) => {
    const decision = cancelTrip(trip, { ...cancellation, actor: overseer });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it.each([
    { who: "the agency that has it", actor: blair },
    { who: "the hospital that it goes to", actor: receiver },
  ])("is not for $who", ({ actor }) => {
    const decision = cancelTrip(anAssignedTrip(), { ...cancellation, actor });
    expect(decision).toMatchObject({ ok: false, refusal: { reason: "ACTION_NOT_ALLOWED" } });
  });
});

describe("aborting a trip", () => {
  const abortion = {
    actor: overseer,
    reason: "turned around",
    disposition: "RETURNED_TO_ORIGIN",
    now: at(45),
  } as const;

  it("ends one after the pickup and says what became of the patient", () => {
    expect(abortTrip(aTripInProgress(), abortion)).toMatchObject({
      ok: true,
      value: {
        name: "cancelled",
        comment: "turned around",
        after: {
          status: "CANCELLED",
          disposition: "RETURNED_TO_ORIGIN",
          pickedUpAt: at(30),
          cancelledAt: at(45),
          award: { agencyId: "blair", unitId: "unit-7" },
        },
      },
    });
  });

  it("is not before the pickup, whatever the clocks say", () => {
    const decision = abortTrip(aTripInProgress(), { ...abortion, now: at(20) });
    expect(decision).toMatchObject({ value: { after: { cancelledAt: at(30) } } });
  });

  it("demands a reason that says something", () => {
    const decision = abortTrip(aTripInProgress(), { ...abortion, reason: " " });
    expect(decision).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
  });
});

describe("amending a trip", () => {
  const amendment = { actor: overseer, amendment: "arrived at 8:58", now: at(90) };

  it.each([aCompletedTrip(), aCancelledTrip()])("adds to one that is $status, and changes nothing else", (trip) => {
    const decision = amendTrip(trip, amendment);
    const after = { ...trip, version: trip.version + 1, updatedAt: at(90) };
    expect(decision).toMatchObject({ ok: true, value: { name: "amended", comment: "arrived at 8:58" } });
    expect(decision).toHaveProperty("value.after", after);
  });

  it("demands a text that says something", () => {
    const decision = amendTrip(aCompletedTrip(), { ...amendment, amendment: "\n" });
    expect(decision).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
  });
});
