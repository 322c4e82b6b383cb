import { describe, expect, it } from "@jest/globals";
import { WakeUp } from "./wake-up.ts";

async function millisecondsOf(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

describe("a wake-up", () => {
  it("ends the sleep", async () => {
    const wakeUp = new WakeUp();
    setTimeout(() => wakeUp.wake(), 5);
    expect(await millisecondsOf(() => wakeUp.sleep(10_000))).toBeLessThan(5_000);
  });

  it("that came too early ends the next sleep, and only that", async () => {
    const wakeUp = new WakeUp();
    wakeUp.wake();
    expect(await millisecondsOf(() => wakeUp.sleep(10_000))).toBeLessThan(5_000);
    expect(await millisecondsOf(() => wakeUp.sleep(30))).toBeGreaterThan(25);
  });
});
