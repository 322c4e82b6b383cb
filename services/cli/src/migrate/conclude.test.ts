import { describe, expect, it } from "@jest/globals";
import { aReport } from "../../../migrator/src/report/report.builder.ts";
import { verdictOn } from "./conclude.ts";

describe("the exit code of a move", () => {
  const strict = { allowQuarantine: false };

  it("is 0 when all is well", () => {
    expect(verdictOn(aReport({ quarantinedOpenTrips: 0 }), strict)).toEqual({ code: 0, words: "" });
    expect(verdictOn(aReport({ quarantinedOpenTrips: 0, verification: null }), strict).code).toBe(0);
  });

  it("is 2 when open trips wait in quarantine, unless somebody allowed it", () => {
    const { code, words } = verdictOn(aReport({ quarantinedOpenTrips: 3 }), strict);
    expect(code).toBe(2);
    expect(words).toMatch(/^3 open trips .* "npx medport migrate retry", or say --allow-quarantine/);
    expect(verdictOn(aReport({ quarantinedOpenTrips: 3 }), { allowQuarantine: true }).code).toBe(0);
  });

  it("is 1 when rows are not accounted for, whatever was allowed", () => {
    expect(verdictOn(aReport({ balanced: false }), { allowQuarantine: true }).code).toBe(1);
  });

  it("is 1 when the silos differ, whatever was allowed", () => {
    const verification = { verified: false, at: null, differences: 1, tables: [], checks: [], found: [] };
    const { code, words } = verdictOn(aReport({ verification }), { allowQuarantine: true });
    expect(code).toBe(1);
    expect(words).toContain("verify again");
  });
});
