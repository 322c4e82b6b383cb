import { describe, expect, it } from "@jest/globals";
import { newSampleAccounts, sharedDirectoryName, withMissingAccounts } from "./accounts.ts";
import { readSampleRegion } from "./region.ts";

describe("the sample region's people", () => {
  it("are one for Center, one for each hospital, and one for each agency", async () => {
    const { facilities, agencies } = await readSampleRegion();
    const hospitals = facilities.filter(({ type }) => type === "HOSPITAL").map(({ name }) => name);
    const expected = ["Center", ...hospitals, sharedDirectoryName, ...agencies.map(({ name }) => name)];
    const accounts = newSampleAccounts();
    expect(accounts.map(({ organization }) => organization).toSorted()).toEqual(expected.toSorted());
    expect(new Set(accounts.map(({ email }) => email)).size).toBe(accounts.length);
    expect(new Set(accounts.map(({ password }) => password)).size).toBe(accounts.length);
  });

  it("keep the passwords that they have when others join them", () => {
    const known = newSampleAccounts().slice(0, 3);
    const all = withMissingAccounts(known);
    expect(all.slice(0, 3)).toEqual(known);
    expect(all).toHaveLength(newSampleAccounts().length);
  });
});
