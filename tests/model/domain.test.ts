import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { days } from "./commands.ts";
import { playDay, type Tally } from "./play-day.ts";
import { Stage } from "./stage.ts";

// As many as keep the suite short; MODEL_DAYS and MODEL_SEED play more of them, and others.
const numRuns = Number(process.env["MODEL_DAYS"] ?? 5);
const seed = Number(process.env["MODEL_SEED"] ?? 20_261_123);
const length = Number(process.env["MODEL_LENGTH"] ?? 70);

describe("the mesh", () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  }, 120_000);
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
  });

  it(
    "obeys the domain, whatever everybody does in whatever order",
    async () => {
      const tally: Tally = new Map();
      const property = fc.asyncProperty(days(length), (commands) => playDay(stage, commands, tally));
      const clear = fc.afterEach(() => stage.clear());
      const endOnFailure = process.env["MODEL_SHRINK"] === undefined;
      await fc.assert(property, { numRuns, seed, endOnFailure, plugins: [clear] });
      // What never succeeded has not been tested, whatever else was.
      const carriedOut = [...tally.values()].filter((count) => count.carriedOut > 0);
      expect(carriedOut.length).toBeGreaterThan(tally.size / 2);
    },
    numRuns * 300_000,
  );
});
