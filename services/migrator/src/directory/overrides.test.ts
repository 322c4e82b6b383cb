import { describe, expect, it } from "@jest/globals";
import { OverridesError, parseOverrides } from "./overrides.ts";

function problemsOf(file: unknown): readonly string[] {
  try {
    parseOverrides(typeof file === "string" ? file : JSON.stringify(file));
    return [];
  } catch (error) {
    if (!(error instanceof OverridesError)) throw error;
    return error.message.split("\n");
  }
}

describe("a file of overrides", () => {
  it("says whom accounts act for, and what is known of facilities", () => {
    const file = {
      users: {
        " Ann@Example.org": { type: "HOSPITAL", hospitalId: "f1" },
        "ben@example.org": { type: "EMS" },
        "kim@example.org": { type: "CENTER" },
      },
      facilities: { f2: { county: " Blair ", hospitalId: "f1" }, f3: { county: "Bedford" } },
    };
    const { users, facilities } = parseOverrides(JSON.stringify(file));
    expect([...users]).toEqual([
      ["ann@example.org", { type: "HOSPITAL", hospitalId: "f1" }],
      ["ben@example.org", { type: "EMS" }],
      ["kim@example.org", { type: "CENTER" }],
    ]);
    expect([...facilities]).toEqual([
      ["f2", { county: "Blair", hospitalId: "f1" }],
      ["f3", { county: "Bedford" }],
    ]);
  });

  it("may be empty", () => {
    expect(problemsOf({})).toEqual([]);
  });

  it("tells every problem at once, each with its place", () => {
    const problems = problemsOf({
      users: { "ann@example.org": { type: "NURSE" }, "ben@example.org": { type: "CENTER", hospitalId: "f1" } },
      facilities: { f2: { county: " ", hospitalId: "no id" }, f3: { conty: "Blair" } },
      people: {},
    });
    const places = [
      "users.ann@example.org",
      "users.ben@example.org",
      "facilities.f2.county",
      "facilities.f2.hospitalId",
    ];
    for (const place of [...places, "facilities.f3"]) expect(problems).toContainEqual(expect.stringContaining(place));
    expect(problems).toContainEqual(expect.stringContaining("people"));
  });

  it.each([
    ["an agency for a hospital's person", { users: { "a@b": { type: "HOSPITAL", agencyId: "a1" } } }],
    ["a hospital for an agency's person", { users: { "a@b": { type: "EMS", hospitalId: "f1" } } }],
    ["one address twice", { users: { "a@b": { type: "CENTER" }, "A@B ": { type: "EMS" } } }],
    ["no object", "[]"],
    ["no JSON", "{"],
  ])("is refused with %s", (_what, file) => {
    expect(problemsOf(file)).toHaveLength(1);
  });
});
