import { describe, expect, it } from "@jest/globals";
import { SharedLook } from "./shared-look.ts";

/** A look whose clock and readings a test can see. */
function aLook(load?: (keys: readonly string[]) => Promise<ReadonlyMap<string, string>>): {
  readonly look: SharedLook<string>;
  readonly loads: (readonly string[])[];
  readonly elapse: (ms: number) => void;
} {
  let nowMs = 0;
  const loads: (readonly string[])[] = [];
  const look = new SharedLook<string>({
    maxAgeMs: 1_000,
    nowMs: () => nowMs,
    load: async (keys) => {
      loads.push(keys);
      return load ? load(keys) : new Map(keys.filter((key) => key !== "none").map((key) => [key, `${key} ${nowMs}`]));
    },
  });
  return { look, loads, elapse: (ms) => void (nowMs += ms) };
}

describe("a look that many share", () => {
  it("is one for all who ask in the same moment, each for what it wants", async () => {
    const { look, loads } = aLook();
    const values = await Promise.all([look.get("a"), look.get("b"), look.get("a"), look.get("none")]);
    expect(values).toEqual(["a 0", "b 0", "a 0", undefined]);
    expect(loads).toEqual([["a", "b", "none"]]);
  });

  it("is good for its time and no longer", async () => {
    const { look, loads, elapse } = aLook();
    await look.get("a");
    elapse(999);
    expect(await look.get("a")).toBe("a 0");
    elapse(1);
    expect(await look.get("a")).toBe("a 1000");
    expect(loads).toHaveLength(2);
  });

  it("that failed is not remembered", async () => {
    let isAway = true;
    const { look } = aLook(async (keys) => {
      if (isAway) throw new Error("away");
      return new Map(keys.map((key) => [key, "there"]));
    });
    await expect(look.get("a")).rejects.toThrow("away");
    isAway = false;
    expect(await look.get("a")).toBe("there");
  });
});
