import { describe, expect, it } from "@jest/globals";
import { claimTrip } from "./claim.ts";
import {
  aMilestone,
  anAssignedTrip,
  aPause,
  aPendingTrip,
  at,
  aTripInProgress,
  blair,
  overseer,
  rival,
  terms,
} from "./trip.builder.ts";
import { recordMilestone } from "./trip-progress.ts";
import { consentToTrip, releaseLapsed, releaseTrip } from "./trip-release.ts";

const release = { actor: blair, reason: "unit broke down", terms, now: at(20) };

describe("releasing a trip", () => {
  it("lets it wait again, with nothing left of the award, and agencies bid anew", () => {
    const decision = releaseTrip(anAssignedTrip({ consentDueAt: at(30) }), release);
    expect(decision).toMatchObject({
      ok: true,
      value: {
        name: "released",
        comment: "unit broke down",
        before: { award: { agencyId: "blair" } },
        after: { status: "PENDING", releaseReason: "TURNED_BACK", version: 3, biddingClosesAt: at(30) },
      },
    });
    expect(decision).not.toHaveProperty("value.after.award");
    expect(decision).not.toHaveProperty("value.after.consentDueAt");
  });

  it("keeps the steps reported, the clocks and what agencies know", () => {
    const milestones = [aMilestone()];
    const slaPauses = [aPause()];
    const trip = anAssignedTrip({ milestones, slaPauses, materialVersion: 3 });
    expect(releaseTrip(trip, release)).toMatchObject({
      value: { after: { milestones, slaPauses, materialVersion: 3, slaTerms: trip.slaTerms } },
    });
  });

  it("says that Center took it", () => {
    const decision = releaseTrip(anAssignedTrip(), { ...release, actor: overseer });
    expect(decision).toMatchObject({ value: { after: { releaseReason: "TAKEN_BY_CENTER" } } });
  });

  it("demands a reason that says something", () => {
    const decision = releaseTrip(anAssignedTrip(), { ...release, reason: " " });
    expect(decision).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
  });

  it("is too late once the patient is on board", () => {
    const decision = releaseTrip(aTripInProgress(), release);
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("is followed by an award that is no earlier, and a sequence of steps anew, even of the same unit", () => {
    const released = releaseTrip(anAssignedTrip({ milestones: [aMilestone()] }), release);
    if (!released.ok) throw new Error("not released");
    const unit = { id: "unit-7", type: "ALS" } as const;
    const claim = { attemptId: "attempt-2", agencyId: "blair", unit, seenMaterialVersion: 1, now: at(19) };
    const again = claimTrip(released.value.after, { ...claim, actor: blair });
    if (again.outcome !== "WON") throw new Error("not won");
    const { after } = again.change;
    expect(after).toMatchObject({ award: { acceptedAt: at(20) }, turn: 2 });
    expect(after).not.toHaveProperty("releaseReason");
    const step = recordMilestone(after, { actor: blair, type: "EN_ROUTE", now: at(25) });
    expect(step).toMatchObject({ ok: true, value: { milestone: { turn: 2, isLateEntry: false } } });
    const early = recordMilestone(after, { actor: blair, type: "EN_ROUTE", occurredAt: at(15), now: at(25) });
    expect(early).toMatchObject({ refusal: { reason: "TIME_OUT_OF_ORDER" } });
  });
});

describe("a trip whose agency does not consent", () => {
  const lapsing = anAssignedTrip({ consentDueAt: at(20) });

  it("is released by the clock when the time is over, in nobody's name", () => {
    expect(releaseLapsed(lapsing, { terms, now: at(21) })).toMatchObject({
      name: "released",
      userId: "",
      after: { status: "PENDING", releaseReason: "CONSENT_LAPSED", biddingClosesAt: at(31) },
    });
  });

  it.each([
    { why: "to the very end of the time", trip: lapsing, now: at(20) },
    { why: "with nothing to consent to", trip: anAssignedTrip(), now: at(21) },
    { why: "on the road", trip: aTripInProgress(), now: at(21) },
    { why: "that waits", trip: aPendingTrip(), now: at(21) },
  ])("keeps one $why", ({ trip, now }) => {
    expect(releaseLapsed(trip, { terms, now })).toBeUndefined();
  });
});

describe("consenting to a trip", () => {
  const trip = anAssignedTrip({ consentDueAt: at(20) });

  it("keeps it, in a version of its own", () => {
    const decision = consentToTrip(trip, { actor: blair, now: at(20) });
    expect(decision).toMatchObject({
      ok: true,
      value: { name: "consented", userId: "user-2", after: { status: "ASSIGNED", version: 3, materialVersion: 1 } },
    });
    expect(decision).not.toHaveProperty("value.after.consentDueAt");
  });

  it("is too late when the time is over, whether or not the trip has been released yet", () => {
    const decision = consentToTrip(trip, { actor: blair, now: at(21) });
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("is refused where nothing changed", () => {
    const decision = consentToTrip(anAssignedTrip(), { actor: blair, now: at(20) });
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("is the agency's, or Center's with a reason", () => {
    const now = at(15);
    expect(consentToTrip(trip, { actor: rival, now })).toMatchObject({ refusal: { reason: "ACTION_NOT_ALLOWED" } });
    expect(consentToTrip(trip, { actor: overseer, now })).toMatchObject({ refusal: { reason: "VALIDATION_FAILED" } });
    const overridden = consentToTrip(trip, { actor: overseer, overrideReason: "told by radio", now });
    expect(overridden).toMatchObject({ value: { comment: "told by radio" } });
  });
});
