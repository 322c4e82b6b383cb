import { describe, expect, it } from "@jest/globals";
import { anAssignment } from "./assignment.builder.ts";
import {
  answerOf,
  confirmed,
  firstCheck,
  mayBeginAnew,
  mayTakeUnit,
  nextCheck,
  released,
  releaseReasons,
} from "./assignment.ts";

const now = new Date("2026-01-01T08:00:00Z");
const unit = { id: "unit-1", type: "ALS" } as const;

describe("an assignment", () => {
  it("is in doubt until its outcome is known, and is asked for five seconds later", () => {
    expect(firstCheck(now)).toEqual({ at: new Date(now.getTime() + 5_000), count: 0 });
    expect(confirmed(anAssignment(), { tripVersion: 2, bidId: "bid-1", now }).check).toBeUndefined();
    expect(released(anAssignment(), "CANCELLED", now).check).toBeUndefined();
  });

  it("is asked for less and less often, but at least every minute", () => {
    const pauses = [0, 1, 5, 6, 50].map(
      (count) => nextCheck({ at: now, count }, now, 0.999).at.getTime() - now.getTime(),
    );
    expect(pauses.map((ms) => Math.round(ms / 1_000))).toEqual([1, 2, 32, 60, 60]);
  });

  it("answers that it is confirmed, or not known, or why it was lost", () => {
    expect(answerOf(anAssignment())).toEqual({ ok: true, value: "CONFIRMING" });
    expect(answerOf(anAssignment({ state: "CONFIRMED" }))).toEqual({ ok: true, value: "CONFIRMED" });
    expect(answerOf(anAssignment({ state: "COMPLETED" }))).toEqual({ ok: true, value: "CONFIRMED" });
    const reasons = releaseReasons.map((reason) => {
      const answer = answerOf(released(anAssignment(), reason, now));
      return [reason, answer.ok ? "" : answer.reason];
    });
    expect(Object.fromEntries(reasons)).toEqual({
      ALREADY_ASSIGNED: "TRIP_ALREADY_ASSIGNED",
      CANCELLED: "TRIP_CANCELLED",
      CHANGED: "TRIP_CHANGED",
      ABANDONED: "CONCURRENT_CHANGE",
      SUPERSEDED: "TRIP_ALREADY_ASSIGNED",
      GIVEN_BACK: "TRIP_CHANGED",
      CONSENT_LAPSED: "TRIP_CHANGED",
    });
  });

  it("lets its request begin anew only if it has changed nothing anywhere", () => {
    const may = releaseReasons.filter((reason) => mayBeginAnew(released(anAssignment(), reason, now)));
    expect(may).toEqual(["ABANDONED"]);
    expect(mayBeginAnew(anAssignment())).toBe(false);
  });

  it("takes one unit, once it is won", () => {
    const won = anAssignment({ state: "CONFIRMED" });
    expect(mayTakeUnit(won, "unit-1")).toEqual({ ok: true, value: "new" });
    expect(mayTakeUnit({ ...won, unit: { ...unit, state: "HELD" } }, "unit-1")).toEqual({ ok: true, value: "again" });
    expect(mayTakeUnit({ ...won, unit: { ...unit, state: "CONFIRMED" } }, "unit-1")).toEqual({
      ok: true,
      value: "done",
    });
    const reasonFor = (assignment: typeof won): string => {
      const answer = mayTakeUnit(assignment, "unit-2");
      return answer.ok ? answer.value : answer.reason;
    };
    expect(reasonFor({ ...won, unit: { ...unit, state: "HELD" } })).toBe("CONCURRENT_CHANGE");
    expect(reasonFor({ ...won, unit: { ...unit, state: "CONFIRMED" } })).toBe("INVALID_STATE_TRANSITION");
    expect(reasonFor(anAssignment())).toBe("INVALID_STATE_TRANSITION");
    expect(reasonFor(released(won, "CANCELLED", now))).toBe("TRIP_CANCELLED");
    expect(reasonFor(anAssignment({ state: "COMPLETED" }))).toBe("INVALID_STATE_TRANSITION");
  });
});
