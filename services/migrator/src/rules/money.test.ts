import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { moneyFrom } from "./money.ts";

describe("R-MONEY", () => {
  it.each<[number, string]>([
    [0, "0.00"],
    [-0, "0.00"],
    [5, "5.00"],
    [0.1, "0.10"],
    [0.1 + 0.2, "0.30"],
    [125.5, "125.50"],
    [19.99, "19.99"],
    [1.005, "1.00"],
    [1.015, "1.02"],
    [1.025, "1.02"],
    [1.035, "1.04"],
    [2.675, "2.68"],
    [2.665, "2.66"],
    [2.6651, "2.67"],
    [0.004999, "0.00"],
    [0.005, "0.00"],
    [0.015, "0.02"],
    [1e-7, "0.00"],
    [1.5e-7, "0.00"],
    [5e-324, "0.00"],
    [99.995, "100.00"],
    [99_999_999.99, "99999999.99"],
    [99_999_999.984, "99999999.98"],
  ])("writes %d as %s", (amount, expected) => {
    expect(moneyFrom(amount)).toEqual({ value: expected });
  });

  it("has nothing to say of nothing", () => {
    expect(moneyFrom(null)).toEqual({ value: null });
  });

  it.each<[number, string]>([
    [-0.01, "AMOUNT_NEGATIVE"],
    [-1e-9, "AMOUNT_NEGATIVE"],
    [100_000_000, "AMOUNT_TOO_LARGE"],
    [99_999_999.995, "AMOUNT_TOO_LARGE"],
    [1e21, "AMOUNT_TOO_LARGE"],
    [Number.MAX_VALUE, "AMOUNT_TOO_LARGE"],
    [Number.NaN, "AMOUNT_NOT_A_NUMBER"],
    [Number.POSITIVE_INFINITY, "AMOUNT_NOT_A_NUMBER"],
    [Number.NEGATIVE_INFINITY, "AMOUNT_NOT_A_NUMBER"],
  ])("drops %d: %s", (amount, issue) => {
    expect(moneyFrom(amount)).toEqual({ value: null, issue });
  });

  it("never moves what has two places", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999_999_999 }), (hundredths) => {
        const text = `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
        return moneyFrom(Number(text)).value === text;
      }),
    );
  });

  it("never moves an amount by more than half a hundredth", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 99_999_999, noNaN: true }), (amount) => {
        return Math.abs(Number(moneyFrom(amount).value) - amount) <= 0.005 + 1e-7;
      }),
    );
  });
});
