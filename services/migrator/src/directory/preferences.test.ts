import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyFacility,
  aLegacyPreference,
  aLegacyUser,
  aPhantom,
  fateOf,
  importedAt,
  issuesAbout,
  longAgo,
  resolved,
  rowsOf,
} from "./directory.builder.ts";
import type { DirectoryInput } from "./directory.ts";

/** u1 and u2 are of f1, u3 of f2. */
const base: Partial<DirectoryInput> = {
  facilities: [
    aLegacyFacility({ id: "f1", email: "u1@example.org" }),
    aLegacyFacility({ id: "f2", email: "u3@example.org" }),
  ],
  users: [aLegacyUser({ id: "u1" }), aLegacyUser({ id: "u2" }), aLegacyUser({ id: "u3" })],
  agencies: [aLegacyAgency(), aLegacyAgency({ id: "a2" }), aLegacyAgency({ id: "a3" })],
};
const evidence = { originsByCreator: new Map([["u2", ["f1"]]]) };
const moveAll = (preferences: DirectoryInput["preferences"], over: Partial<DirectoryInput> = {}) =>
  resolved({ ...base, preferences, ...over }, evidence);

describe("a preference", () => {
  it("becomes that of its user's hospital", () => {
    const { moved } = moveAll([aLegacyPreference({ notes: "fast", preferenceOrder: 2 })]);
    expect(rowsOf(moved, "hospital.agency_preference")).toEqual([
      {
        ...{ id: "pr1", hospital_id: "f1", agency_id: "a1", active: true, preference_order: 2, notes: "fast" },
        ...{ created_at: longAgo, updated_at: longAgo, imported_at: importedAt },
      },
    ]);
    expect(rowsOf(moved, "hospital.preference_list")).toEqual([{ hospital_id: "f1", version: 1 }]);
    expect(fateOf(moved, "HospitalAgencyPreference", "pr1")).toBe("MIGRATED");
  });

  it("of two people of one hospital is one: the most preferred, with the notes of both", () => {
    const preferences = [
      aLegacyPreference({ id: "pr1", preferenceOrder: 3, notes: "fast" }),
      aLegacyPreference({ id: "pr2", hospitalId: "u2", preferenceOrder: 1, notes: " kind " }),
      aLegacyPreference({ id: "pr3", hospitalId: "u3" }),
    ];
    for (const order of [preferences, preferences.toReversed()]) {
      const { moved } = moveAll(order);
      const rows = rowsOf(moved, "hospital.agency_preference").map(({ id, notes }) => [id, notes]);
      expect(new Map(rows.map(([id = "", notes]) => [id, notes]))).toEqual(
        new Map([
          ["pr2", "kind\nfast"],
          ["pr3", ""],
        ]),
      );
      expect(fateOf(moved, "HospitalAgencyPreference", "pr1")).toBe("MERGED pr2 SAME_HOSPITAL");
      expect(issuesAbout(moved, "HospitalAgencyPreference", "pr1")).toEqual(["R-PREFERENCE MERGED"]);
      expect(issuesAbout(moved, "HospitalAgencyPreference", "pr2")).toEqual([]);
    }
  });

  it("that is switched off does not switch off that of a colleague", () => {
    const { moved } = moveAll([
      aLegacyPreference({ id: "pr1", preferenceOrder: 0, isActive: false, notes: "same" }),
      aLegacyPreference({ id: "pr2", hospitalId: "u2", preferenceOrder: 5, notes: "same" }),
    ]);
    expect(rowsOf(moved, "hospital.agency_preference")).toEqual([
      expect.objectContaining({ id: "pr2", active: true, preference_order: 5, notes: "same" }),
    ]);
  });

  it.each<[string, Parameters<typeof aLegacyPreference>[0], Partial<DirectoryInput>, string]>([
    ["nobody known", { hospitalId: "u9" }, {}, "PREFERENCE_NO_HOSPITAL"],
    ["who has no hospital", { hospitalId: "u4" }, { users: [aLegacyUser({ id: "u4" })] }, "PREFERENCE_NO_HOSPITAL"],
    ["an agency that there is not", { agencyId: "a9" }, {}, "AGENCY_NOT_MOVED"],
    ["a hospital in disguise", { agencyId: "p1" }, { agencies: [aPhantom()] }, "AGENCY_NOT_MOVED"],
    ["an id that nothing can name", { id: "pr 1" }, {}, "ID_NOT_USABLE"],
  ])("of %s stays in quarantine", (_what, over, input, reason) => {
    const preference = aLegacyPreference(over);
    const { moved } = moveAll([preference], input);
    expect(rowsOf(moved, "hospital.agency_preference")).toEqual([]);
    expect(rowsOf(moved, "hospital.preference_list")).toEqual([]);
    expect(fateOf(moved, "HospitalAgencyPreference", preference.id)).toBe(`QUARANTINED ${reason}`);
  });
});

describe("a hospital's list", () => {
  it("has the agencies that are switched on, most preferred first", () => {
    const { directory } = moveAll([
      aLegacyPreference({ id: "pr1", agencyId: "a1", preferenceOrder: 2 }),
      aLegacyPreference({ id: "pr3", agencyId: "a2", preferenceOrder: 1 }),
      aLegacyPreference({ id: "pr2", agencyId: "a3", preferenceOrder: 1 }),
      aLegacyPreference({ id: "pr4", hospitalId: "u3", agencyId: "a1", isActive: false }),
    ]);
    expect(directory.preferredAgencies("f1")).toEqual(["a3", "a2", "a1"]);
    expect(directory.preferredAgencies("f2")).toEqual([]);
    expect(directory.preferredAgencies("f9")).toEqual([]);
  });
});
