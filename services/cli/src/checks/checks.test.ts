import { describe, expect, it } from "@jest/globals";
import { type Check, runChecks } from "./checks.ts";

describe("running the checks", () => {
  const held: Check = { name: "held", run: async () => ({ ok: true, output: "" }) };
  const broken: Check = { name: "broken", run: async () => ({ ok: false, output: "line 3 is wrong" }) };
  const unable: Check = { name: "unable", run: () => Promise.reject(new Error("the tool is missing")) };

  it("reports every failure at once, in the order of the list", async () => {
    const verdicts = await runChecks("/", [broken, held, unable]);
    expect(verdicts.map(({ name, ok }) => [name, ok])).toEqual([
      ["broken", false],
      ["held", true],
      ["unable", false],
    ]);
  });

  it("says what each of them found, also when it could not look", async () => {
    const [first, second] = await runChecks("/", [broken, unable]);
    expect(first?.output).toBe("line 3 is wrong");
    expect(second?.output).toContain("the tool is missing");
  });
});
