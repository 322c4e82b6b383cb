import { describe, expect, it } from "@jest/globals";
import { compliancePercent } from "./trip-count.ts";

describe("the share of promises that were kept", () => {
  it.each([
    [{ met: 1, missed: 0 }, 100],
    [{ met: 0, missed: 3 }, 0],
    [{ met: 2, missed: 1 }, 66.7],
    [{ met: 1, missed: 2 }, 33.3],
    [{ met: 9, missed: 1 }, 90],
  ])("of %j is %d percent, whatever still runs", (counts, percent) => {
    expect(compliancePercent({ ...counts, running: 0 })).toBe(percent);
    expect(compliancePercent({ ...counts, running: 7 })).toBe(percent);
  });

  it("is 0 where none was kept or broken", () => {
    expect(compliancePercent({ met: 0, missed: 0, running: 5 })).toBe(0);
  });
});
