import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyAgencyUser,
  aLegacyUser,
  fateOf,
  longAgo,
  resolved,
  rowsOf,
  someHash,
} from "./directory.builder.ts";

describe("R-EMAIL", () => {
  const email = "ben@blair-ems.example";
  const later = new Date("2025-06-01T00:00:00Z");
  const agencies = [aLegacyAgency()];

  it("makes one account of an agency's person in both tables: that of the agency", () => {
    const other = someHash.replaceAll("a", "b");
    const input = {
      agencies,
      users: [aLegacyUser({ email: "BEN@blair-ems.example", role: "TRANSPORT_AGENCY", updatedAt: later })],
      agencyUsers: [aLegacyAgencyUser({ email, password: other })],
    };
    const { directory, moved } = resolved(input);
    expect(rowsOf(moved, "center.user_account")).toEqual([
      expect.objectContaining({ id: "au1", email, password_hash: other, agency_id: "a1" }),
    ]);
    expect(fateOf(moved, "User", "u1")).toBe("MERGED au1 SAME_EMAIL");
    expect(fateOf(moved, "AgencyUser", "au1")).toBe("MIGRATED");
    expect(directory.person("u1")).toMatchObject({ userId: "au1", agencyId: "a1", hasAccount: true });
    expect(rowsOf(moved, "center.database_reference")).toContainEqual(
      expect.objectContaining({
        entity_type: "user",
        entity_id: "au1",
        reference_type: "former_user",
        reference_id: "u1",
      }),
    );
  });

  it("keeps everybody else's account, and not the agency's", () => {
    const input = { agencies, users: [aLegacyUser({ email })], agencyUsers: [aLegacyAgencyUser({ email })] };
    const { directory, moved } = resolved(input);
    expect(rowsOf(moved, "center.user_account").map(({ id }) => id)).toEqual(["u1"]);
    expect(fateOf(moved, "AgencyUser", "au1")).toBe("QUARANTINED EMAIL_OF_USER");
    expect(directory.agencyUser("au1")).toMatchObject({ userId: "au1", agencyId: "a1", hasAccount: false });
  });

  it("of users who differ by case keeps the one that changed last", () => {
    const users = [
      aLegacyUser({ id: "u1", email: "Ann@example.org" }),
      aLegacyUser({ id: "u2", email: "ann@example.org", updatedAt: later }),
      aLegacyUser({ id: "u3", email: "ANN@example.org" }),
    ];
    const { directory, moved } = resolved({ users });
    expect(rowsOf(moved, "center.user_account").map(({ id }) => id)).toEqual(["u2"]);
    expect(["u1", "u2", "u3"].map((id) => fateOf(moved, "User", id))).toEqual([
      "QUARANTINED EMAIL_TAKEN",
      "MIGRATED",
      "QUARANTINED EMAIL_TAKEN",
    ]);
    expect(directory.person("u1")).toMatchObject({ userId: "u1", hasAccount: false });
  });

  it("keeps the one of the smallest id if both changed at the same time, in whatever order they come", () => {
    const users = [
      aLegacyUser({ id: "u2", email: "Ann@example.org" }),
      aLegacyUser({ id: "u1", email: "ann@example.org" }),
    ];
    for (const order of [users, users.toReversed()]) {
      expect(rowsOf(resolved({ users: order }).moved, "center.user_account").map(({ id }) => id)).toEqual(["u1"]);
    }
  });

  it("does not give an address to a row that cannot be moved", () => {
    const users = [
      aLegacyUser({ id: "u 1", email: "Ann@example.org", updatedAt: later }),
      aLegacyUser({ id: "u2", email: "ann@example.org" }),
    ];
    expect(rowsOf(resolved({ users }).moved, "center.user_account").map(({ id }) => id)).toEqual(["u2"]);
  });

  it("of agencies' people who differ by case keeps the one that logged in last", () => {
    const agencyUsers = [
      aLegacyAgencyUser({ id: "au1", email: "Ben@blair-ems.example", updatedAt: later }),
      aLegacyAgencyUser({ id: "au2", email, lastLogin: longAgo }),
    ];
    const { moved } = resolved({ agencies, agencyUsers });
    expect(rowsOf(moved, "center.user_account").map(({ id }) => id)).toEqual(["au2"]);
    expect(fateOf(moved, "AgencyUser", "au1")).toBe("QUARANTINED EMAIL_TAKEN");
  });

  it("makes no two accounts of one id", () => {
    const { moved } = resolved({
      agencies,
      users: [aLegacyUser({ id: "x1" })],
      agencyUsers: [aLegacyAgencyUser({ id: "x1" })],
    });
    expect(rowsOf(moved, "center.user_account").map(({ user_type }) => user_type)).toEqual(["CENTER"]);
    expect(fateOf(moved, "AgencyUser", "x1")).toBe("QUARANTINED ID_TAKEN");
  });
});
