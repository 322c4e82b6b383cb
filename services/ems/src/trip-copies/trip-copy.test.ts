import { describe, expect, it } from "@jest/globals";
import { isBiddingEnded, isBiddingOver, isWaiting } from "./trip-copy.ts";
import type { TransportStatus } from "./transport.ts";

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 8, minute));

describe("bidding on a trip", () => {
  const waiting = { id: "trip-1" as never, status: "PENDING" as TransportStatus, biddingClosesAt: at(10) };

  it.each([
    [at(9), true],
    [at(10), false],
    [at(11), false],
  ])("is open until it closes, and not at that moment any more (%p)", (now, isOpen) => {
    expect(isBiddingOver(waiting, now)).toBe(!isOpen);
    expect(isWaiting(waiting, now)).toMatchObject(isOpen ? { ok: true } : { ok: false, reason: "BIDDING_CLOSED" });
  });

  it("never closes on a trip without a close time", () => {
    expect(isBiddingOver({}, at(0))).toBe(false);
    expect(isBiddingEnded({})).toBe(false);
  });

  it("is over once it was ended, whatever the time, and open again with another close time", () => {
    const ended = { ...waiting, biddingEndedFor: at(10) };
    expect(isBiddingEnded(ended)).toBe(true);
    expect(isWaiting(ended, at(0))).toMatchObject({ reason: "BIDDING_CLOSED" });
    const reopened = { ...ended, biddingClosesAt: at(30) };
    expect(isBiddingEnded(reopened)).toBe(false);
    expect(isWaiting(reopened, at(20))).toMatchObject({ ok: true });
  });

  it.each([
    ["ASSIGNED", "TRIP_NOT_PENDING"],
    ["IN_PROGRESS", "TRIP_NOT_PENDING"],
    ["COMPLETED", "TRIP_NOT_PENDING"],
    ["CANCELLED", "TRIP_CANCELLED"],
  ] as const)("is none on a trip that is %s", (status, reason) => {
    expect(isWaiting({ ...waiting, status }, at(0))).toMatchObject({ ok: false, reason });
    expect(isWaiting({ ...waiting, status }, at(20))).toMatchObject({ ok: false, reason });
  });
});
