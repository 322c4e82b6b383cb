import { describe, expect, it } from "@jest/globals";
import { aBid } from "./bid.builder.ts";
import {
  amendedBid,
  amountFromText,
  bidBecoming,
  type BidStatus,
  bidStatuses,
  isOpen,
  isOutdated,
  mayBecome,
  hasSoundTimes,
  declinedBid,
} from "./bid.ts";

const now = new Date("2026-01-01T08:00:00Z");

describe("a bid", () => {
  const allowed: readonly (readonly [from: BidStatus, to: BidStatus])[] = [
    ["PENDING", "ACCEPTED"],
    ["PENDING", "REJECTED"],
    ["PENDING", "EXPIRED"],
    ["PENDING", "WITHDRAWN"],
    ["ACCEPTED", "WITHDRAWN"],
    ["ACCEPTED", "EXPIRED"],
  ];
  const pairs = bidStatuses.flatMap((from) => bidStatuses.map((to) => [from, to] as const));

  it.each(pairs)("that is %s may become %s, or not", (from, to) => {
    const may = allowed.some((edge) => edge[0] === from && edge[1] === to);
    expect(mayBecome(from, to)).toBe(may);
    const change = () => bidBecoming(aBid({ status: from }), to, { now });
    if (may) expect(change()).toMatchObject({ status: to, version: 2, updatedAt: now });
    else expect(change).toThrow(`a bid that is ${from} cannot become ${to}`);
  });

  it("can be changed while it is open and nobody is accepting it", () => {
    expect(isOpen(aBid(), false)).toMatchObject({ ok: true });
    expect(isOpen(aBid(), true)).toMatchObject({ ok: false, reason: "BID_HELD" });
    expect(isOpen(aBid({ status: "ACCEPTED" }), false)).toMatchObject({ ok: false, reason: "BID_NOT_PENDING" });
  });

  it("changes by what is named alone, and is then meant for the trip as it is", () => {
    const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 9, minute));
    const offered = aBid({ amount: "300.00", unitId: "unit-1", estimatedArrival: at(10), notes: "two medics" });
    const { amount: _, ...rest } = offered;
    expect(amendedBid(offered, { amount: undefined, estimatedArrival: at(20) }, { now, materialVersion: 3 })).toEqual({
      ...rest,
      ...{ estimatedArrival: at(20), seenMaterialVersion: 3, version: 2, updatedAt: now },
    });
    const confirmed = amendedBid(offered, {}, { now, materialVersion: 3, overrideReason: "by phone" });
    expect(confirmed).toEqual({
      ...offered,
      ...{ overrideReason: "by phone", seenMaterialVersion: 3, version: 2, updatedAt: now },
    });
  });

  it("is outdated while it is open and its trip has changed since", () => {
    expect(isOutdated(aBid({ seenMaterialVersion: 1 }), 2)).toBe(true);
    expect(isOutdated(aBid({ seenMaterialVersion: 2 }), 2)).toBe(false);
    expect(isOutdated(aBid({ seenMaterialVersion: 1, status: "REJECTED" }), 2)).toBe(false);
  });

  it("has times that lie ahead, the pickup not before the arrival", () => {
    const [early, late] = [new Date(now.getTime() + 1), new Date(now.getTime() + 2)];
    const isSound = (offer: object): boolean => hasSoundTimes(offer, now).ok;
    expect(isSound({ estimatedArrival: early, estimatedPickup: late })).toBe(true);
    expect(isSound({ estimatedArrival: early, estimatedPickup: early })).toBe(true);
    expect(isSound({ estimatedArrival: late, estimatedPickup: early })).toBe(false);
    expect(isSound({ estimatedArrival: now })).toBe(false);
    expect(isSound({ estimatedPickup: now })).toBe(false);
  });

  it("that declines is over from the start", () => {
    const { id, tripId, agencyId, seenMaterialVersion, submittedBy } = aBid();
    const facts = { id, tripId, agencyId, seenMaterialVersion, submittedBy };
    expect(declinedBid(facts, "no crew", now)).toMatchObject({
      ...{ status: "WITHDRAWN", endReason: "DECLINED", notes: "no crew", version: 1 },
    });
  });

  it.each([
    ["412.5", "412.50"],
    ["0", "0.00"],
    ["007", "7.00"],
    ["0.07", "0.07"],
    ["99999999.99", "99999999.99"],
    ["", undefined],
  ])("keeps the amount %p as %p", (text, amount) => {
    expect(amountFromText(text)).toBe(amount);
  });
});
