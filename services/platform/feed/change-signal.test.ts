import { getEventListeners } from "node:events";
import { describe, expect, it } from "@jest/globals";
import { ChangeSignal } from "./change-signal.ts";

const never = new AbortController().signal;
const long = 60_000;

describe("the signal that something has changed", () => {
  it("wakes everybody who waits, however many", async () => {
    const changed = new ChangeSignal();
    let woken = 0;
    const waiting = Array.from({ length: 250 }, async () => {
      await changed.wait(0, long, never);
      woken += 1;
    });
    changed.announce();
    await Promise.all(waiting);
    expect(woken).toBe(250);
  });

  it("does not let anybody wait for what came between the look and the wait", async () => {
    const changed = new ChangeSignal();
    const seen = changed.count;
    changed.announce();
    await changed.wait(seen, long, never);
    expect(changed.count).toBe(seen + 1);
  });

  it("ends a wait when its time is over", async () => {
    const changed = new ChangeSignal();
    await changed.wait(0, 5, never);
    expect(changed.count).toBe(0);
  });

  it("ends a wait with the reason for which it was given up, and leaves nothing behind", async () => {
    const changed = new ChangeSignal();
    const stop = new AbortController();
    const waiting = changed.wait(0, long, stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(changed.wait(0, long, stop.signal)).rejects.toThrow("enough");
    const other = new AbortController();
    await changed.wait(0, 1, other.signal);
    expect(getEventListeners(other.signal, "abort")).toEqual([]);
  });
});
