import { describe, expect, it } from "@jest/globals";
import { decideRole, decideRoleByGuide, type RoleEvidence, rolesFrom } from "./roles.ts";

const nothing: RoleEvidence = {
  override: undefined,
  hasPreferences: false,
  isRegistrant: false,
  hasAddedAgencies: false,
  hasCreatedTrips: false,
};

describe("R-ROLE", () => {
  it.each<[string, string, Partial<RoleEvidence>, string, string]>([
    ["an operator's word", "TRANSPORT_AGENCY", { override: { type: "CENTER" } }, "CENTER", ""],
    ["an operator's word against evidence", "ADMIN", { override: { type: "EMS" }, hasPreferences: true }, "EMS", ""],
    ["the role TRANSPORT_AGENCY", "TRANSPORT_AGENCY", {}, "EMS", ""],
    ["the role TRANSPORT_AGENCY against evidence", "TRANSPORT_AGENCY", { hasPreferences: true }, "EMS", ""],
    ["preferences", "COORDINATOR", { hasPreferences: true }, "HOSPITAL", ""],
    ["a registered hospital", "BILLING_STAFF", { isRegistrant: true }, "HOSPITAL", ""],
    ["added agencies", "COORDINATOR", { hasAddedAgencies: true }, "CENTER", ""],
    ["added agencies against trips", "ADMIN", { hasAddedAgencies: true, hasCreatedTrips: true }, "CENTER", ""],
    ["trips of an admin", "ADMIN", { hasCreatedTrips: true }, "HOSPITAL", ""],
    [
      "added agencies against preferences",
      "ADMIN",
      { hasAddedAgencies: true, hasPreferences: true },
      "CENTER",
      "ROLE_CONFLICT",
    ],
    [
      "added agencies against a hospital",
      "ADMIN",
      { hasAddedAgencies: true, isRegistrant: true },
      "CENTER",
      "ROLE_CONFLICT",
    ],
    ["nothing but trips of a coordinator", "COORDINATOR", { hasCreatedTrips: true }, "CENTER", "ROLE_AMBIGUOUS"],
    ["nothing of an admin", "ADMIN", {}, "CENTER", "ROLE_AMBIGUOUS"],
    ["nothing of a coordinator", "COORDINATOR", {}, "CENTER", "ROLE_AMBIGUOUS"],
    ["nothing of billing staff", "BILLING_STAFF", {}, "CENTER", "ROLE_AMBIGUOUS"],
  ])("goes by %s", (_what, role, evidence, type, issue) => {
    expect(decideRole(role, { ...nothing, ...evidence })).toEqual({ type, ...(issue !== "" && { issue }) });
  });

  it.each([
    ["ADMIN", "CENTER"],
    ["COORDINATOR", "CENTER"],
    ["BILLING_STAFF", "CENTER"],
    ["HOSPITAL_COORDINATOR", "HOSPITAL"],
    ["TRANSPORT_AGENCY", "EMS"],
  ])("by the guide makes %s %s, without doubt", (role, type) => {
    expect(decideRoleByGuide(role, undefined)).toEqual({ type });
  });

  it("lets an operator overrule the guide", () => {
    expect(decideRoleByGuide("ADMIN", { type: "HOSPITAL" })).toEqual({ type: "HOSPITAL" });
  });
});

describe("what a person may do", () => {
  it.each([
    ["ADMIN", ["dispatcher", "orgAdmin"]],
    ["COORDINATOR", ["dispatcher"]],
    ["STAFF", ["dispatcher"]],
    ["TRANSPORT_AGENCY", ["dispatcher"]],
    ["BILLING_STAFF", ["billing"]],
  ])("as %s is %j", (role, roles) => {
    expect(rolesFrom(role)).toEqual(roles);
  });
});
