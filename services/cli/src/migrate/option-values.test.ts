import { describe, expect, it } from "@jest/globals";
import { shareFrom, wholeNumberFrom } from "./option-values.ts";

describe("an option's value", () => {
  it.each([
    ["0.1%", 0.001],
    ["0%", 0],
    ["100%", 1],
  ])("%s is a share", (text, share) => {
    expect(shareFrom(text)).toBeCloseTo(share, 10);
  });

  it.each(["0.1", "-1%", "101%", "many", "", "%"])("%j is no share", (text) => {
    expect(() => shareFrom(text)).toThrow("such as 0.1%");
  });

  it("is a whole number", () => {
    expect(wholeNumberFrom(1)("20")).toBe(20);
    for (const text of ["0", "-1", "1.5", "1e3", ""]) expect(() => wholeNumberFrom(1)(text)).toThrow("whole number");
  });
});
