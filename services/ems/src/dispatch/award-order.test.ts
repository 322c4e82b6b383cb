import { describe, expect, it } from "@jest/globals";
import { type Bid, type BidId, submittedBid } from "../bids/bid.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { inAwardOrder } from "./award-order.ts";

const noon = new Date("2026-01-01T12:00:00Z");
const after = (minutes: number): Date => new Date(noon.getTime() + minutes * 60_000);

function aBid(id: string, over: Partial<Bid> = {}): Bid {
  const facts = { tripId: "trip-1", seenMaterialVersion: 1, submittedBy: "user-1" };
  const bid = submittedBid({ ...facts, id: id as BidId, agencyId: `agency-${id}` as AgencyId }, { notes: "" }, noon);
  return { ...bid, ...over };
}

const order = (
  bids: readonly Bid[],
  awardPolicy: Parameters<typeof inAwardOrder>[1]["awardPolicy"],
  preferred: readonly string[] = [],
) => inAwardOrder(bids, { awardPolicy, materialVersion: 1, preferred }).map(({ id }) => id);

describe("the order in which bids are awarded", () => {
  it.each(["MANUAL", "FIRST_ACCEPT"] as const)("is nobody's under %s: a person awards", (policy) => {
    expect(order([aBid("a")], policy)).toEqual([]);
  });

  it("is by the pickup, then the arrival, and without either last", () => {
    const bids = [
      aBid("none"),
      aBid("late", { estimatedPickup: after(60) }),
      aBid("early, arrives late", { estimatedPickup: after(30), estimatedArrival: after(29) }),
      aBid("early, arrives early", { estimatedPickup: after(30), estimatedArrival: after(10) }),
      aBid("arrival only", { estimatedArrival: after(1) }),
    ];
    const expected = ["early, arrives early", "early, arrives late", "late", "arrival only", "none"];
    expect(order(bids, "BEST_ETA")).toEqual(expected);
    expect(order(bids.toReversed(), "BEST_ETA")).toEqual(expected);
  });

  it("is by the amount as a number, not as text", () => {
    const bids = [aBid("none"), aBid("dear", { amount: "1000.00" }), aBid("cheap", { amount: "250.00" })];
    expect(order(bids, "LOWEST_COST")).toEqual(["cheap", "dear", "none"]);
  });

  it("is by the hospital's preference, then by the pickup", () => {
    const bids = [
      aBid("unknown", { estimatedPickup: after(1) }),
      aBid("second", { estimatedPickup: after(2) }),
      aBid("first", { estimatedPickup: after(90) }),
      aBid("unknown, later", { estimatedPickup: after(50) }),
    ];
    const preferred = ["agency-first", "agency-second"];
    expect(order(bids, "PREFERENCE_THEN_ETA", preferred)).toEqual(["first", "second", "unknown", "unknown, later"]);
  });

  it("prefers the earlier of equals, and then the smaller id", () => {
    const bids = [aBid("b"), aBid("a"), aBid("c", { submittedAt: after(-1) })];
    expect(order(bids, "LOWEST_COST")).toEqual(["c", "a", "b"]);
  });

  it("passes over bids that are no longer open, or meant for the trip as it was", () => {
    const bids = [aBid("over", { status: "WITHDRAWN" }), aBid("old", { seenMaterialVersion: 0 }), aBid("good")];
    expect(order(bids, "BEST_ETA")).toEqual(["good"]);
  });
});
