import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyFacility,
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
import { parseOverrides } from "./overrides.ts";

function overrides(facilities: object) {
  return { overrides: parseOverrides(JSON.stringify({ facilities })) };
}

describe("a facility", () => {
  it("is moved with what is known of it", () => {
    const place = aLegacyFacility({
      coordinates: { lat: 40.5, lng: -78.4 },
      operatingHours: { open: "24/7" },
      capabilities: "Trauma, ICU",
      phone: "814-555-0199",
    });
    const { directory, moved } = resolved({ facilities: [place] });
    expect(rowsOf(moved, "hospital.facility")).toEqual([
      {
        ...{ address: "1 Main St", city: "Altoona", state: "PA", zip_code: "16601", county: "" },
        ...{ id: "f1", name: "St. Mary", type: "HOSPITAL", hospital_id: "f1", active: true, version: 1 },
        ...{ capabilities: ["Trauma", "ICU"], operating_hours: "24/7", latitude: 40.5, longitude: -78.4 },
        ...{ phone: "814-555-0199", email: null },
        ...{ created_at: longAgo, updated_at: longAgo, imported_at: importedAt },
      },
    ]);
    expect(fateOf(moved, "Facility", "f1")).toBe("MIGRATED");
    expect(directory.facility("f1")).toEqual({
      ...{ id: "f1", hospitalId: "f1", name: "St. Mary", type: "HOSPITAL", address: "1 Main St", city: "Altoona" },
      ...{ state: "PA", zipCode: "16601", county: "", coordinates: { latitude: 40.5, longitude: -78.4 } },
    });
  });

  it("has no hours and no place if nobody told them", () => {
    const { moved } = resolved({ facilities: [aLegacyFacility()] });
    expect(rowsOf(moved, "hospital.facility")[0]).toMatchObject({
      operating_hours: null,
      latitude: null,
      longitude: null,
    });
    expect(issuesAbout(moved, "Facility", "f1")).toEqual([]);
  });

  it("says what of it could not be read", () => {
    const { moved } = resolved({ facilities: [aLegacyFacility({ coordinates: [0, 0], operatingHours: [8, 17] })] });
    expect(rowsOf(moved, "hospital.facility")[0]).toMatchObject({ operating_hours: "[8,17]", latitude: null });
    expect(issuesAbout(moved, "Facility", "f1")).toEqual(["R-COORD COORDINATES_INVALID", "R-HOURS HOURS_UNREADABLE"]);
  });

  it("that cannot be named stays in quarantine, and is no place to go to", () => {
    const { directory, moved } = resolved({ facilities: [aLegacyFacility({ id: "f.1" })] });
    expect(fateOf(moved, "Facility", "f.1")).toBe("QUARANTINED ID_NOT_USABLE");
    expect(directory.facility("f.1")).toBeUndefined();
    expect(rowsOf(moved, "hospital.facility")).toEqual([]);
  });

  it("lies in the county that an operator names", () => {
    const { directory, moved } = resolved(
      { facilities: [aLegacyFacility()] },
      {},
      overrides({ f1: { county: "Blair" } }),
    );
    expect(rowsOf(moved, "hospital.facility")[0]?.county).toBe("Blair");
    expect(directory.facility("f1")?.county).toBe("Blair");
  });
});

describe("R-FACOWNER", () => {
  const home = aLegacyFacility({ id: "n1", type: "NURSING_HOME" });
  /** u1 and u2 are of f1, u3 of f2, u4 of Center, u5 of an unknown hospital. */
  const input: Partial<DirectoryInput> = {
    facilities: [
      aLegacyFacility({ id: "f1", email: "f1@hospital.example" }),
      aLegacyFacility({ id: "f2", email: "u3@example.org" }),
      home,
    ],
    users: [
      aLegacyUser({ id: "u1", email: "f1@hospital.example" }),
      aLegacyUser({ id: "u2", role: "ADMIN" }),
      aLegacyUser({ id: "u3" }),
      aLegacyUser({ id: "u4" }),
      aLegacyUser({ id: "u5", role: "ADMIN" }),
    ],
    agencies: [aLegacyAgency({ addedBy: "u4" })],
  };
  const originsByCreator = new Map([
    ["u2", ["f1"]],
    ["u5", ["f1", "f2"]],
  ]);
  const ownerOf = (creators: readonly string[], options = {}) =>
    resolved(input, { originsByCreator, creatorsByOrigin: new Map([["n1", creators]]) }, options).directory.facility(
      "n1",
    )?.hospitalId;

  it.each<[string, readonly string[], string]>([
    ["the hospital whose person alone created its trips", ["u1"], "f1"],
    ["the hospital whose people alone created its trips", ["u1", "u2"], "f1"],
    ["nobody in particular if people of two did", ["u1", "u3"], "hosp_shared_directory"],
    ["nobody in particular if Center's people did, too", ["u1", "u4"], "hosp_shared_directory"],
    ["nobody in particular if Center's people alone did", ["u4"], "hosp_shared_directory"],
    ["nobody in particular if it is not known whose people did", ["u5", "u1"], "hosp_shared_directory"],
    ["nobody in particular if unknown people did", ["u9"], "hosp_shared_directory"],
    ["nobody in particular if nobody did", [], "hosp_shared_directory"],
  ])("gives a place to %s", (_what, creators, owner) => {
    expect(ownerOf(creators)).toBe(owner);
  });

  it("gives a hospital to itself, whoever creates its trips", () => {
    const { directory } = resolved(input, { originsByCreator, creatorsByOrigin: new Map([["f2", ["u1"]]]) });
    expect(directory.facility("f2")?.hospitalId).toBe("f2");
  });

  it("gives a registered place to itself, of whatever type it is", () => {
    const agencies = [aPhantom({ serviceArea: { type: "hospital", facilityId: "n1" } })];
    const creatorsByOrigin = new Map([["n1", ["u1"]]]);
    const { directory } = resolved({ ...input, agencies }, { originsByCreator, creatorsByOrigin });
    expect(directory.facility("n1")?.hospitalId).toBe("n1");
  });

  it("gives a place to whom an operator says, if there is such a hospital", () => {
    expect(ownerOf(["u1"], overrides({ n1: { hospitalId: "f2" } }))).toBe("f2");
    const { directory, moved } = resolved(input, {}, overrides({ f1: { hospitalId: "n1" } }));
    expect(directory.facility("f1")?.hospitalId).toBe("f1");
    expect(issuesAbout(moved, "Facility", "f1")).toEqual(["R-FACOWNER OVERRIDE_HOSPITAL_UNKNOWN"]);
  });
});
