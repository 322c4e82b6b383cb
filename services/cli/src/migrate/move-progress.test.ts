import { describe, expect, it } from "@jest/globals";
import { RowMeter, throttled } from "./move-progress.ts";

describe("the progress of a move", () => {
  it("tells the speed and the time that is left", () => {
    const meter = new RowMeter(0);
    expect(meter.words({ rows: 0, total: 1_000_000 }, 0)).toBe("0 of 1,000,000 rows");
    expect(meter.words({ rows: 100_000, total: 1_000_000 }, 2_000)).toBe(
      "100,000 of 1,000,000 rows, 50,000 rows/s, 18 s left",
    );
    expect(meter.words({ rows: 1_000_000, total: 1_000_000 }, 20_000)).toBe(
      "1,000,000 of 1,000,000 rows, 50,000 rows/s",
    );
  });

  it("does not count as speed what an earlier run had done", () => {
    const meter = new RowMeter(0, 500_000);
    expect(meter.words({ rows: 510_000, total: 520_000 }, 1_000)).toContain("10,000 rows/s, 1.0 s left");
  });

  it("does without a total", () => {
    expect(new RowMeter(0).words({ rows: 1_500 }, 3_000)).toBe("1,500 rows, 500 rows/s");
  });

  it("speaks only so often", () => {
    const said: string[] = [];
    let now = 0;
    const say = throttled(
      (words) => said.push(words),
      1_000,
      () => now,
    );
    for (const at of [0, 10, 999, 1_000, 1_500, 2_100]) {
      now = at;
      say(() => String(at));
    }
    expect(said).toEqual(["0", "1000", "2100"]);
  });
});
