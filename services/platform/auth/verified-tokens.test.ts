import { describe, expect, it } from "@jest/globals";
import { VerifiedTokens } from "./verified-tokens.ts";

describe("remembered tokens", () => {
  it("are forgotten when there are too many, the least recently used first", () => {
    const tokens = new VerifiedTokens(() => new Date(0), 2);
    tokens.add("a", { expiresAtMs: 1_000 });
    tokens.add("b", { expiresAtMs: 1_000 });
    tokens.find("a");
    tokens.add("c", { expiresAtMs: 1_000 });
    expect(["a", "b", "c"].filter((token) => tokens.find(token))).toEqual(["a", "c"]);
  });

  it("are forgotten at the very moment they expire", () => {
    let nowMs = 999;
    const tokens = new VerifiedTokens(() => new Date(nowMs));
    tokens.add("a", { expiresAtMs: 1_000 });
    expect(tokens.find("a")).toBeDefined();
    nowMs = 1_000;
    expect(tokens.find("a")).toBeUndefined();
  });
});
