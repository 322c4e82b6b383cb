import { describe, expect, it } from "@jest/globals";
import { decideMembership, normalEmail } from "./user.ts";

const center = { userType: "CENTER" } as const;
const hospitalAdmin = { userType: "HOSPITAL", organizationId: "hospital-1" } as const;

describe("deciding for whom a new account acts", () => {
  it("lets Center create accounts of any organization", () => {
    expect(decideMembership(center, { userType: "EMS", organizationId: "agency-1" })).toEqual({
      ok: true,
      membership: { userType: "EMS", organizationId: "agency-1" },
    });
  });

  it("lets Center create accounts of its own, without an organization", () => {
    expect(decideMembership(center, { userType: "CENTER", organizationId: "" })).toEqual({
      ok: true,
      membership: { userType: "CENTER" },
    });
  });

  it.each([
    { userType: "CENTER", organizationId: "hospital-1" },
    { userType: "HOSPITAL", organizationId: "" },
    { userType: "EMS", organizationId: "" },
  ] as const)("refuses %j from Center", (wanted) => {
    expect(decideMembership(center, wanted)).toMatchObject({ ok: false, reason: "VALIDATION_FAILED" });
  });

  it.each(["", "hospital-1"])(
    "gives an organization's admin the own organization when %j is named",
    (organizationId) => {
      expect(decideMembership(hospitalAdmin, { userType: "HOSPITAL", organizationId })).toEqual({
        ok: true,
        membership: { userType: "HOSPITAL", organizationId: "hospital-1" },
      });
    },
  );

  it.each([
    { userType: "HOSPITAL", organizationId: "hospital-2" },
    { userType: "EMS", organizationId: "hospital-1" },
    { userType: "EMS", organizationId: "" },
    { userType: "CENTER", organizationId: "" },
  ] as const)("refuses an organization's admin %j, whether it exists or not", (wanted) => {
    expect(decideMembership(hospitalAdmin, wanted)).toMatchObject({ ok: false, reason: "ACTION_NOT_ALLOWED" });
  });
});

describe("an e-mail address", () => {
  it("is told apart without spaces around it and without case", () => {
    expect(normalEmail("  Ann.Lee@Example.ORG ")).toBe("ann.lee@example.org");
  });
});
