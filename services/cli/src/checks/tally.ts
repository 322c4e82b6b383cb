import { z } from "zod";

/** How many tests passed and failed. A file that could not even be loaded counts as one that failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const jestResults = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

/**
 * Reads the tally from Jest's JSON results.
 * @throws Error if they are not that.
 */
export function parseTally(text: string): Tally {
  const results = jestResults.parse(JSON.parse(text));
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  };
}

/** The tally as programs read it. Without one, Jest itself has failed. */
export function tallyLine({ passed, failed }: Tally = { passed: 0, failed: 1 }): string {
  return `${passed} passed, ${failed} failed`;
}
