import { describe, expect, it } from "@jest/globals";
import { anAssignedTrip, aPendingTrip, at, overseer, owner, receiver, terms } from "./trip.builder.ts";
import { reopenBidding } from "./trip-bidding.ts";

describe("reopening the bidding on a trip", () => {
  it("gives agencies the whole time again, by the priority that the trip has now", () => {
    const trip = aPendingTrip({ priority: "URGENT", biddingClosesAt: at(10) });
    expect(reopenBidding(trip, { actor: owner, terms, now: at(30) })).toMatchObject({
      ok: true,
      value: { name: "bidding_reopened", after: { status: "PENDING", version: 2, biddingClosesAt: at(35) } },
    });
  });

  it("is refused once an agency has the trip", () => {
    const decision = reopenBidding(anAssignedTrip(), { actor: overseer, terms, now: at(30) });
    expect(decision).toMatchObject({ refusal: { reason: "INVALID_STATE_TRANSITION" } });
  });

  it("is not for the hospital that the patient is brought to", () => {
    const decision = reopenBidding(aPendingTrip(), { actor: receiver, terms, now: at(30) });
    expect(decision).toMatchObject({ refusal: { reason: "ACTION_NOT_ALLOWED" } });
  });
});
