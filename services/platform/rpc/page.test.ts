import { describe, expect, it } from "@jest/globals";
import { momentFromKey, placeFromKey, readKey } from "./page.ts";
import type { KeysetValue } from "./page-token.ts";
import { reasonOf } from "./refusal.ts";

function reasonFor(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

describe("the key in a page token", () => {
  it("names no place on the first page", () => {
    expect([placeFromKey(undefined), momentFromKey(undefined), readKey(undefined, ["whole"])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("names a place, a moment, or whatever a list is sorted by", () => {
    expect(placeFromKey(["Mercy", "f-1"])).toEqual({ text: "Mercy", id: "f-1" });
    expect(momentFromKey([1_000, "t-1"])).toEqual({ at: new Date(1_000), id: "t-1" });
    expect(readKey([2, 1_000, "t-1"], ["whole", "time", "text"])).toEqual([2, new Date(1_000), "t-1"]);
  });

  it.each<readonly KeysetValue[]>([
    [],
    ["Mercy"],
    ["Mercy", "f-1", "more"],
    ["Mercy", 1],
    [null, "f-1"],
    [true, "f-1"],
  ])("is no place if its caller forged it: %j, %j, %j", (...key) => {
    expect(reasonFor(() => placeFromKey(key))).toBe("PAGE_TOKEN_MISMATCH");
  });

  it.each<readonly KeysetValue[]>([
    [],
    [1_000],
    ["1000", "t-1"],
    [0.5, "t-1"],
    [8.64e15, "t-1"],
    [-8.64e15, "t-1"],
    [Number.MAX_SAFE_INTEGER, "t-1"],
    [1_000, 1],
    [null, "t-1"],
    [1_000, "t-1", 0],
  ])("is no moment if its caller forged it: %j, %j, %j", (...key) => {
    expect(reasonFor(() => momentFromKey(key))).toBe("PAGE_TOKEN_MISMATCH");
  });
});
