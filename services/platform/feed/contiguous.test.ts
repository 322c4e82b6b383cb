import { describe, expect, it } from "@jest/globals";
import { contiguous } from "./contiguous.ts";

const numbers = (last: number, seqs: readonly number[], decidedBelow = 0): readonly number[] =>
  contiguous(
    BigInt(last),
    seqs.map((seq) => ({ seq: BigInt(seq) })),
    BigInt(decidedBelow),
  ).map(({ seq }) => Number(seq));

describe("the rows of a log that can be told", () => {
  it.each<[string, number, number[], number, number[]]>([
    ["are all that follow one another", 3, [4, 5, 6], 0, [4, 5, 6]],
    ["are none if there are none", 3, [], 9, []],
    ["end before a hole", 3, [4, 6, 7], 0, [4]],
    ["are none if the hole comes first", 3, [5], 0, []],
    ["go on behind a hole that is one for ever", 3, [4, 6, 7], 6, [4, 6, 7]],
    ["end before the next hole, of which nothing is known yet", 3, [5, 8], 5, [5]],
    ["go on behind several holes that are decided together", 0, [2, 5, 9], 9, [2, 5, 9]],
  ])("%s", (_title, last, seqs, decidedBelow, told) => {
    expect(numbers(last, seqs, decidedBelow)).toEqual(told);
  });
});
