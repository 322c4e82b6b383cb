import { describe, expect, it } from "@jest/globals";
import { findRepeated, type Preference, replacePreferences } from "./preference.ts";

function aPreference(agencyId: string, over: Partial<Preference> = {}): Preference {
  return { id: `id-${agencyId}`, hospitalId: "mercy", agencyId, isActive: true, order: 1, notes: "", ...over };
}

const wanted = (...agencyIds: readonly string[]) => agencyIds.map((agencyId) => ({ agencyId, notes: "" }));
const newId = (): string => "new";

describe("replacing a hospital's preferences", () => {
  it("puts the agencies in the order that was asked for", () => {
    const { list } = replacePreferences("mercy", [], { wanted: wanted("b", "a"), newId });
    expect(list.map(({ agencyId, order }) => [agencyId, order])).toEqual([
      ["b", 1],
      ["a", 2],
    ]);
  });

  it("keeps the id of an agency that stays or comes back", () => {
    const before = [aPreference("a", { isActive: false }), aPreference("b")];
    const { list } = replacePreferences("mercy", before, { wanted: wanted("a", "b"), newId });
    expect(list.map(({ id }) => id)).toEqual(["id-a", "id-b"]);
  });

  it("takes those off the list that are not named any more", () => {
    const { changed } = replacePreferences("mercy", [aPreference("a")], { wanted: [], newId });
    expect(changed).toEqual([aPreference("a", { isActive: false })]);
  });

  it("changes nothing about a list that is the same", () => {
    const before = [aPreference("a"), aPreference("b", { order: 2 }), aPreference("c", { isActive: false })];
    expect(replacePreferences("mercy", before, { wanted: wanted("a", "b"), newId }).changed).toEqual([]);
  });

  it("finds an agency that is named twice", () => {
    expect(findRepeated(wanted("a", "b", "a"))).toBe("a");
    expect(findRepeated(wanted("a", "b"))).toBeUndefined();
  });
});
