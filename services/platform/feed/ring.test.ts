import { describe, expect, it } from "@jest/globals";
import { beginning, type Change } from "./change.ts";
import { Ring } from "./ring.ts";

const change = (seq: number): Change<string> => ({
  seq: BigInt(seq),
  mark: `m${seq}`,
  name: "updated",
  after: `item-${seq}`,
});
const numbers = (ring: Ring<string>, seq: number, limit = 100): readonly number[] =>
  ring.after(BigInt(seq), limit).map((found) => Number(found.seq));

describe("the ring of the newest changes", () => {
  const ring = new Ring(change(10), [12, 13, 17].map(change), 100);

  it("tells what comes after a place, whether or not a row has that number", () => {
    expect(numbers(ring, 10)).toEqual([12, 13, 17]);
    expect(numbers(ring, 12)).toEqual([13, 17]);
    expect(numbers(ring, 14)).toEqual([17]);
    expect(numbers(ring, 17)).toEqual([]);
    expect(numbers(ring, 10, 2)).toEqual([12, 13]);
  });

  it("knows how far back it reaches, and where it ends", () => {
    expect([ring.reaches(9n), ring.reaches(10n), ring.reaches(30n)]).toEqual([false, true, true]);
    expect(ring.end).toEqual(change(17));
    expect(new Ring(beginning, [], 3).end).toEqual(beginning);
  });

  it("knows its places by number and mark", () => {
    expect([10, 12, 17].map((seq) => ring.has(change(seq)))).toEqual([true, true, true]);
    expect(ring.has(change(14))).toBe(false);
    expect(ring.has({ seq: 12n, mark: "another" })).toBe(false);
    expect(new Ring(beginning, [change(1)], 3).has(beginning)).toBe(true);
  });

  it("lets the oldest go when it is full, and then reaches less far", () => {
    const small = new Ring<string>(beginning, [], 4);
    for (let seq = 1; seq <= 20; seq++) small.add([change(seq)]);
    expect(small.reaches(0n)).toBe(false);
    expect(small.reaches(16n)).toBe(true);
    expect(numbers(small, 16)).toEqual([17, 18, 19, 20]);
    expect(small.has(change(20))).toBe(true);
  });
});
