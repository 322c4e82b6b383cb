import { describe, expect, it } from "@jest/globals";
import { aUser } from "#platform/auth/auth.builder.ts";
import type { PageScope } from "#platform/rpc/page-token.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { Cursors } from "./cursor.ts";

const scope: PageScope = {
  method: "x.v1.S/Watch",
  filter: { hospitalId: "h1" },
  caller: { user: { ...aUser(), token: "t" } },
};
const place = { seq: 12_345_678_901n, mark: "a-b_c" };

function readBy(over: Partial<PageScope>, cursor: string): unknown {
  try {
    return new Cursors({ ...scope, ...over }).read(cursor, "view");
  } catch (error) {
    return reasonOf(error);
  }
}

describe("a cursor", () => {
  const cursor = new Cursors(scope).spell(place, "view");

  it("brings back the place, on another day and in another process", () => {
    expect(readBy({}, cursor)).toEqual({ place, isSameView: true });
  });

  it("says whether the caller may still see the same", () => {
    expect(new Cursors(scope).read(cursor, "another view")).toEqual({ place, isSameView: false });
  });

  it("is another one for each place and view, and as short as a request allows", () => {
    const cursors = new Cursors(scope);
    const all = [
      cursors.spell(place, "view"),
      cursors.spell({ ...place, seq: 1n }, "view"),
      cursors.spell({ ...place, mark: "d" }, "view"),
      cursors.spell(place, "another"),
    ];
    expect(new Set(all).size).toBe(4);
    expect(Math.max(...all.map(({ length }) => length))).toBeLessThan(200);
  });

  it.each<[string, Partial<PageScope>]>([
    ["another method", { method: "x.v1.S/WatchOthers" }],
    ["another filter", { filter: { hospitalId: "h2" } }],
    ["another person", { caller: { user: { ...aUser({ userId: "user-2" }), token: "t" } } }],
    [
      "the same person in another organization",
      { caller: { user: { ...aUser({ organizationId: "h2" }), token: "t" } } },
    ],
    ["the same person through a service", { caller: { ...scope.caller, service: "center" } }],
  ])("is refused to %s", (_who, over) => {
    expect(readBy(over, cursor)).toBe("PAGE_TOKEN_MISMATCH");
  });

  it.each(["x", "....", "a.b.1.c", cursor.slice(1), cursor.replace("12345678901", "9".repeat(30)), "%%%"])(
    "that was made up is refused: %s",
    (madeUp) => {
      expect(readBy({}, madeUp)).toBe("PAGE_TOKEN_MISMATCH");
    },
  );
});
