import { describe, expect, it } from "@jest/globals";
import { countAttempt, type LoginGuard, maxConsecutiveFailures, openGuard, pauseAfter } from "./login-guard.ts";

const now = new Date("2026-03-01T12:00:00Z");

describe("the guard of an account", () => {
  it("costs nothing for a few mistakes", () => {
    expect([1, 2, 3, 4].map(pauseAfter)).toEqual([0, 0, 0, 0]);
  });

  it("doubles the pause from a second to a quarter of an hour", () => {
    expect([5, 6, 7, 14, 15, 50, 99].map(pauseAfter)).toEqual([
      1_000, 2_000, 4_000, 512_000, 900_000, 900_000, 900_000,
    ]);
  });

  it("looks at no password while the account rests", () => {
    const resting = { consecutiveFailures: 5, lockedUntil: new Date(now.getTime() + 1) };
    expect(countAttempt(resting, now)).toBeUndefined();
    expect(countAttempt(resting, new Date(now.getTime() + 1))).toMatchObject({ consecutiveFailures: 6 });
  });

  it("never looks at more than a hundred wrong passwords in a row, however long one waits", () => {
    let guard: LoginGuard = openGuard;
    let [time, looked] = [now, 0];
    for (let attempt = 0; attempt < 10_000; attempt += 1) {
      const counted = countAttempt(guard, time);
      if (counted) [guard, looked] = [counted, looked + 1];
      time = new Date(time.getTime() + 3_600_000);
    }
    expect(looked).toBe(maxConsecutiveFailures);
  });
});
