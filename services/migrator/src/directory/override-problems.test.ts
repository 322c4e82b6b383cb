import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyFacility,
  aLegacyUser,
  anInput,
  aPhantom,
  someEvidence,
  someOptions,
} from "./directory.builder.ts";
import { overrideProblems } from "./override-problems.ts";
import { parseOverrides } from "./overrides.ts";
import { resolveDirectory } from "./resolve-directory.ts";

function problemsOf(file: object): readonly string[] {
  const agencies = [aLegacyAgency(), aPhantom()];
  const input = anInput({ users: [aLegacyUser()], facilities: [aLegacyFacility()], agencies });
  const overrides = parseOverrides(JSON.stringify(file));
  const { directory } = resolveDirectory(input, someEvidence(), someOptions({ overrides }));
  return overrideProblems(overrides, input, directory);
}

describe("overrides against the old database", () => {
  it.each<[string, object]>([
    ["a hospital's person", { users: { "U1@example.org": { type: "HOSPITAL", hospitalId: "f1" } } }],
    ["an agency's person", { users: { "u1@example.org": { type: "EMS", agencyId: "a1" } } }],
    ["no organization", { users: { "u1@example.org": { type: "EMS" } } }],
    ["a facility", { facilities: { f1: { county: "Blair", hospitalId: "hosp_shared_directory" } } }],
  ])("have no problem with %s that is there", (_what, file) => {
    expect(problemsOf(file)).toEqual([]);
  });

  it.each<[string, object]>([
    ["nobody has the address ann@example.org", { users: { "ann@example.org": { type: "CENTER" } } }],
    ["hospital f9", { users: { "u1@example.org": { type: "HOSPITAL", hospitalId: "f9" } } }],
    ["agency p1", { users: { "u1@example.org": { type: "EMS", agencyId: "p1" } } }],
    ["no facility f9", { facilities: { f9: { county: "Blair" } } }],
    ["hospital f9", { facilities: { f1: { hospitalId: "f9" } } }],
  ])("tell of %s", (what, file) => {
    expect(problemsOf(file)).toEqual([expect.stringContaining(what.replace("nobody has", "nobody in table User has"))]);
  });
});
