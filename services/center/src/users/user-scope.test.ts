import { describe, expect, it } from "@jest/globals";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { anAccount } from "./account.builder.ts";
import type { Membership, UserId } from "./user.ts";
import { maySee } from "./user-scope.ts";

const person = (membership: Membership) => anAccount({ id: "person" as UserId, membership });
const ofHospital = person({ userType: "HOSPITAL", organizationId: "hospital-1" });
const ofCenter = person({ userType: "CENTER" });

describe("an account is seen", () => {
  it("by everybody of Center, whosever it is", () => {
    expect([ofHospital, ofCenter].map((user) => maySee(aCenterUser(), user))).toEqual([true, true]);
  });

  it("by the people of its organization", () => {
    expect(maySee(aUser({ userId: "colleague", organizationId: "hospital-1" }), ofHospital)).toBe(true);
  });

  it("by its owner", () => {
    expect(maySee(aUser({ userId: "person", organizationId: "hospital-2" }), ofHospital)).toBe(true);
  });

  it("by nobody of another organization, though it has the same id in another silo", () => {
    expect(maySee(aUser({ organizationId: "hospital-2" }), ofHospital)).toBe(false);
    expect(maySee(aUser({ userType: "EMS", organizationId: "hospital-1" }), ofHospital)).toBe(false);
  });

  it("by nobody outside of Center, if it is Center's", () => {
    expect(maySee(aUser(), ofCenter)).toBe(false);
  });
});
