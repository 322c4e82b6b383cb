import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgencyUser,
  aLegacyFacility,
  aLegacyPreference,
  aLegacyUnit,
  aPhantom,
  fateOf,
  importedAt,
  issuesAbout,
  longAgo,
  resolved,
  rowsOf,
} from "./directory.builder.ts";
import type { DirectoryEvidence, DirectoryInput } from "./directory.ts";

describe("R-HOSP", () => {
  it("makes a hospital of every facility of type HOSPITAL, under its id, and one for what is shared", () => {
    const place = aLegacyFacility({ phone: "814-555-0199", email: "info@hospital.example", isActive: false });
    const { directory, moved } = resolved({ facilities: [place, aLegacyFacility({ id: "f2", type: "URGENT_CARE" })] });
    expect([...directory.hospitalIds]).toEqual(["hosp_shared_directory", "f1"]);
    expect(rowsOf(moved, "center.hospital")).toEqual([
      expect.objectContaining({ id: "hosp_shared_directory", name: "Shared facility directory", is_active: true }),
      {
        ...{ address: "1 Main St", city: "Altoona", state: "PA", zip_code: "16601" },
        ...{ id: "f1", name: "St. Mary", phone: "814-555-0199", email: "info@hospital.example", is_active: false },
        ...{ created_at: longAgo, updated_at: longAgo, imported_at: importedAt, version: 1 },
      },
    ]);
  });

  it("makes none of a facility that cannot be moved", () => {
    const { directory } = resolved({ facilities: [aLegacyFacility({ id: "f 1" })] });
    expect([...directory.hospitalIds]).toEqual(["hosp_shared_directory"]);
  });
});

describe("R-PHANTOM", () => {
  const place = aLegacyFacility({ type: "NURSING_HOME", phone: "1", email: "a@b" });

  it("makes a hospital of the facility that it names, with its name and contact, and no agency", () => {
    const { directory, moved } = resolved({ facilities: [place], agencies: [aPhantom({ name: "Mary's" })] });
    expect(rowsOf(moved, "center.hospital")[1]).toMatchObject({
      ...{ id: "f1", name: "Mary's", phone: "814-555-0100", email: "office@blair-ems.example", address: "1 Main St" },
    });
    expect(rowsOf(moved, "hospital.facility")[0]).toMatchObject({ name: "St. Mary", phone: "1", hospital_id: "f1" });
    expect(rowsOf(moved, "ems.agency")).toEqual([]);
    expect(fateOf(moved, "TransportAgency", "p1")).toBe("ARCHIVED HOSPITAL_IN_DISGUISE");
    expect(directory.agency("p1")?.isReal).toBe(false);
    expect(issuesAbout(moved, "TransportAgency", "p1")).toEqual([]);
  });

  it("keeps the facility's own where the registration was silent", () => {
    const { moved } = resolved({ facilities: [place], agencies: [aPhantom({ name: " ", phone: "", email: "" })] });
    expect(rowsOf(moved, "center.hospital")[1]).toMatchObject({ name: "St. Mary", phone: "1", email: "a@b" });
  });

  it("takes the first of two registrations", () => {
    const agencies = [
      aPhantom({ id: "p1", name: "Later", createdAt: new Date("2025-01-01T00:00:00Z") }),
      aPhantom({ id: "p2", name: "First" }),
    ];
    for (const order of [agencies, agencies.toReversed()]) {
      expect(rowsOf(resolved({ facilities: [place], agencies: order }).moved, "center.hospital")[1]?.name).toBe(
        "First",
      );
    }
  });

  it.each([
    ["no facility of this name", { type: "hospital", facilityId: "f9" }],
    ["no name at all", { type: "hospital" }],
    ["a name that is none", { type: "hospital", facilityId: 7 }],
  ])("makes no hospital of %s, and says so", (_what, serviceArea) => {
    const { directory, moved } = resolved({ agencies: [aPhantom({ serviceArea })] });
    expect(directory.hospitalIds.size).toBe(1);
    expect(issuesAbout(moved, "TransportAgency", "p1")).toEqual(["R-PHANTOM PHANTOM_FACILITY_MISSING"]);
    expect(fateOf(moved, "TransportAgency", "p1")).toBe("ARCHIVED HOSPITAL_IN_DISGUISE");
  });

  it.each<[string, Partial<DirectoryInput>, Partial<DirectoryEvidence>]>([
    ["a unit", { units: [aLegacyUnit({ agencyId: "p1" })] }, {}],
    ["people", { agencyUsers: [aLegacyAgencyUser({ agencyId: "p1" })] }, {}],
    ["trips or bids", {}, { busyAgencies: new Set(["p1"]) }],
  ])("is an agency, too, with %s", (_what, input, evidence) => {
    const all = { facilities: [place], agencies: [aPhantom({ name: "Mary's" })], ...input };
    const { directory, moved } = resolved(all, evidence);
    expect(rowsOf(moved, "ems.agency")).toEqual([expect.objectContaining({ id: "p1", service_area: [] })]);
    expect(fateOf(moved, "TransportAgency", "p1")).toBe("MIGRATED");
    expect(issuesAbout(moved, "TransportAgency", "p1")).toContain("R-PHANTOM PHANTOM_IN_USE");
    expect(directory.agency("p1")?.isReal).toBe(true);
    expect(rowsOf(moved, "center.hospital")[1]).toMatchObject({ id: "f1", name: "St. Mary" });
  });

  it("is no agency because a hospital prefers it", () => {
    const input = { facilities: [place], agencies: [aPhantom()], preferences: [aLegacyPreference({ agencyId: "p1" })] };
    expect(rowsOf(resolved(input).moved, "ems.agency")).toEqual([]);
  });
});
