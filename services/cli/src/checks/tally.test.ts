import { describe, expect, it } from "@jest/globals";
import { parseTally, tallyLine } from "./tally.ts";

describe("the tally of a test run", () => {
  it("counts tests", () => {
    expect(tallyLine(parseTally(results({ numPassedTests: 12, numFailedTests: 3 })))).toBe("12 passed, 3 failed");
  });

  it("counts a file that could not be loaded as one failure", () => {
    const text = results({ numPassedTests: 12, numRuntimeErrorTestSuites: 1 });
    expect(tallyLine(parseTally(text))).toBe("12 passed, 1 failed");
  });

  it("never claims success when there are no results", () => {
    expect(tallyLine(undefined)).toBe("0 passed, 1 failed");
  });
});

function results(over: object): string {
  return JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, ...over });
}
