import { describe, expect, it } from "@jest/globals";
import { type BoardTrip, type BoardTripView, boardTripView, fateOnBoard, isOnBoard } from "./board-trip.ts";

const answers = { bidIds: new Map<string, string>(), declined: new Set<string>() };
const trip = (over: Partial<BoardTrip> = {}): BoardTrip => ({
  id: "trip-1",
  version: 1,
  isOpen: true,
  county: "blair",
  level: "ALS",
  priority: "HIGH",
  ...over,
});
const view = (over: Partial<Omit<BoardTripView, "key">> = {}): BoardTripView =>
  boardTripView({
    scope: { counties: ["blair"], levels: ["BLS", "ALS"] },
    levels: [],
    priorities: [],
    answers,
    ...over,
  });

describe("an agency's board", () => {
  it.each<[string, Partial<BoardTrip>, boolean]>([
    ["has what is open in its counties and within its units' reach", {}, true],
    ["has nothing that is closed", { isOpen: false }, false],
    ["has nothing of other counties", { county: "elk" }, false],
    ["has nothing that its units cannot serve", { level: "CCT" }, false],
  ])("%s", (_title, over, expected) => {
    expect(isOnBoard(trip(over), view())).toBe(expected);
  });

  it("has only what was asked for", () => {
    expect(isOnBoard(trip(), view({ levels: ["BLS"] }))).toBe(false);
    expect(isOnBoard(trip(), view({ levels: ["BLS", "ALS"], priorities: ["HIGH", "LOW"] }))).toBe(true);
    expect(isOnBoard(trip(), view({ priorities: ["URGENT"] }))).toBe(false);
  });

  it("that is Center's has everything that is open", () => {
    expect(isOnBoard(trip({ county: "elk", level: "CCT" }), view({ scope: undefined }))).toBe(true);
    expect(isOnBoard(trip({ isOpen: false }), view({ scope: undefined }))).toBe(false);
  });

  it("is another one when something else is open to it, in whatever order it is named", () => {
    const key = (counties: readonly string[], levels: readonly ("BLS" | "ALS")[]): string =>
      view({ scope: { counties, levels } }).key;
    expect(key(["blair", "elk"], ["BLS", "ALS"])).toBe(key(["elk", "blair"], ["ALS", "BLS"]));
    const keys = [key(["blair"], ["BLS"]), key(["blair"], []), key([], []), view({ scope: undefined }).key];
    expect(new Set(keys).size).toBe(4);
  });
});

describe("what becomes of a trip on an agency's board", () => {
  it.each<[string, BoardTrip | undefined, BoardTrip, string]>([
    ["a new trip", undefined, trip(), "ON_BOARD"],
    ["a change of it", trip(), trip({ priority: "LOW" }), "ON_BOARD"],
    ["its end", trip(), trip({ isOpen: false }), "OFF_BOARD"],
    ["its move to another county", trip(), trip({ county: "elk" }), "OFF_BOARD"],
    ["its raise above what the units serve", trip(), trip({ level: "CCT" }), "OFF_BOARD"],
    ["the end of a trip elsewhere", trip({ county: "elk" }), trip({ county: "elk", isOpen: false }), "UNSEEN"],
    ["a trip that waits again", trip({ isOpen: false }), trip(), "ON_BOARD"],
  ])("%s", (_what, before, after, fate) => {
    expect(fateOnBoard({ ...(before && { before }), after }, view())).toBe(fate);
  });
});
