import { describe, expect, it } from "@jest/globals";
import { lossesBetween } from "./reconcile.ts";
import type { StreamState } from "./stream.ts";

const known = { epoch: "then", lastSequence: 10 };

function aStream(over: Partial<StreamState> = {}): StreamState {
  return { epoch: "then", firstSequence: 1, lastSequence: 10, missing: [], isFull: false, ...over };
}

function kindsOf(live: StreamState): readonly string[] {
  return lossesBetween(known, live).map(({ kind }) => kind);
}

describe("comparing the outbox with the stream", () => {
  it("finds nothing lost in the stream it left", () => {
    expect(kindsOf(aStream())).toEqual(["none"]);
  });

  it("takes everything for lost in another stream, and in one it never knew", () => {
    expect(kindsOf(aStream({ epoch: "now" }))).toEqual(["all of other epochs"]);
    expect(lossesBetween(undefined, aStream())).toEqual([{ kind: "all of other epochs" }]);
  });

  it("finds a lost tail", () => {
    expect(lossesBetween(known, aStream({ lastSequence: 7 }))).toContainEqual({ kind: "after", sequence: 7 });
  });

  it("finds holes", () => {
    expect(lossesBetween(known, aStream({ missing: [4, 5] }))).toContainEqual({ kind: "sequences", sequences: [4, 5] });
  });

  it("finds a lost head, unless the stream is full and has let it go", () => {
    expect(kindsOf(aStream({ firstSequence: 3 }))).toContain("before");
    expect(kindsOf(aStream({ firstSequence: 3, isFull: true }))).not.toContain("before");
  });
});
