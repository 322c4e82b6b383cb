import { describe, expect, it } from "@jest/globals";
import { aRefreshToken, aSession } from "./session.builder.ts";
import { decideRefresh, isSessionRunning, refreshExpireTime } from "./session.ts";

const now = new Date("2026-03-01T12:00:00Z");
const before = new Date(now.getTime() - 1);
const after = new Date(now.getTime() + 1);
const active = { userActive: true, now };

describe("a refresh token", () => {
  it("is exchanged once", () => {
    expect(decideRefresh(aRefreshToken(), aSession(), active)).toEqual({ outcome: "ROTATE" });
  });

  it("ends its session when it comes a second time, for one of the two who hold it is not its owner", () => {
    const used = aRefreshToken({ useTime: before });
    expect(decideRefresh(used, aSession(), active)).toEqual({ outcome: "END", because: "REFRESH_TOKEN_REUSED" });
  });

  it("ends its session even when it comes again after it has run out", () => {
    const used = aRefreshToken({ useTime: before, expireTime: before });
    expect(decideRefresh(used, aSession(), active)).toEqual({ outcome: "END", because: "REFRESH_TOKEN_REUSED" });
  });

  it("ends its session when the account was disabled", () => {
    const decision = decideRefresh(aRefreshToken(), aSession(), { userActive: false, now });
    expect(decision).toEqual({ outcome: "END", because: "USER_DISABLED" });
  });

  it("is worth nothing once its session was ended", () => {
    expect(decideRefresh(aRefreshToken(), aSession({ endTime: before }), active)).toEqual({ outcome: "ENDED" });
  });

  it("is worth nothing from the moment on in which it, or its session, runs out", () => {
    expect(decideRefresh(aRefreshToken({ expireTime: now }), aSession(), active)).toEqual({ outcome: "EXPIRED" });
    expect(decideRefresh(aRefreshToken(), aSession({ expireTime: now }), active)).toEqual({ outcome: "EXPIRED" });
    expect(decideRefresh(aRefreshToken({ expireTime: after }), aSession(), active)).toEqual({ outcome: "ROTATE" });
  });

  it("lasts half an hour, and never longer than its session", () => {
    const inHours = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);
    expect(refreshExpireTime({ expireTime: inHours(12) }, now)).toEqual(inHours(0.5));
    expect(refreshExpireTime({ expireTime: inHours(0.25) }, now)).toEqual(inHours(0.25));
  });
});

describe("a session", () => {
  it("runs until it ends or runs out", () => {
    expect(isSessionRunning(aSession(), now)).toBe(true);
    expect(isSessionRunning(aSession({ endTime: before }), now)).toBe(false);
    expect(isSessionRunning(aSession({ expireTime: now }), now)).toBe(false);
  });
});
