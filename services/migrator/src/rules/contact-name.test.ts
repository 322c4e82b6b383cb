import { describe, expect, it } from "@jest/globals";
import { type AgencyContact, contactNameFrom } from "./contact-name.ts";

const admin: AgencyContact = { name: "Ann", role: "ADMIN", isActive: true };

describe("R-CONTACT", () => {
  it.each<[string, string | null, readonly AgencyContact[], string]>([
    ["whom the agency named", "Kim", [admin], "Kim"],
    ["its first active admin", null, [admin, { ...admin, name: "Ben" }], "Ann"],
    ["its first active admin if a blank was named", "  ", [admin], "Ann"],
    [
      "no admin who left",
      null,
      [
        { ...admin, isActive: false },
        { ...admin, name: "Ben" },
      ],
      "Ben",
    ],
    [
      "nobody but an admin",
      null,
      [
        { ...admin, role: "STAFF" },
        { ...admin, name: "Ben" },
      ],
      "Ben",
    ],
    ["no admin without a name", null, [{ ...admin, name: " " }], "Blair EMS"],
    ["the agency if there is nobody", null, [], "Blair EMS"],
  ])("is %s", (_what, named, people, expected) => {
    expect(contactNameFrom(named, people, "Blair EMS")).toBe(expected);
  });
});
