import { describe, expect, it } from "@jest/globals";
import { aBid } from "./bid.builder.ts";
import { amountFromText, bidBecoming, type BidStatus, bidStatuses, isOpen, mayBecome } from "./bid.ts";

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
