import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyAgencyUser,
  aLegacyFacility,
  aLegacyServiceArea,
  aLegacyUser,
  aPhantom,
  fateOf,
  importedAt,
  issuesAbout,
  longAgo,
  resolved,
  rowsOf,
} from "./directory.builder.ts";

describe("an agency", () => {
  it("is moved with what is known of it", () => {
    const agency = aLegacyAgency({
      serviceArea: { counties: ["Blair"] },
      operatingHours: { start: "06:00", end: "18:00" },
      capabilities: { transportLevels: ["BLS"] },
      pricingStructure: { baseRate: 100 },
    });
    const { directory, moved } = resolved({ agencies: [agency], serviceAreas: [aLegacyServiceArea()] });
    expect(rowsOf(moved, "ems.agency")).toEqual([
      {
        ...{ address: "2 Main St", city: "Altoona", state: "PA", zip_code: "16601" },
        ...{
          id: "a1",
          name: "Blair EMS",
          contact_name: "Kim",
          phone: "814-555-0100",
          email: "office@blair-ems.example",
        },
        ...{ service_area: ["county:Blair", "North"], operating_hours: "06:00-18:00", capabilities: ["BLS"] },
        ...{ pricing_structure: { baseRate: 100 }, is_active: true, status: "ACTIVE", version: 1 },
        ...{ added_by: null, added_at: longAgo, registration_hash: null },
        ...{ created_at: longAgo, updated_at: longAgo, imported_at: importedAt },
      },
    ]);
    expect(fateOf(moved, "TransportAgency", "a1")).toBe("MIGRATED");
    expect(directory.agency("a1")).toEqual({ id: "a1", isReal: true, name: "Blair EMS", isActive: true });
    expect(rowsOf(moved, "center.database_reference")).toEqual([
      expect.objectContaining({
        ...{ entity_type: "agency", entity_id: "a1", reference_type: "directory_entry", reference_id: "a1" },
        ...{ source_database: "ems", target_database: "center" },
      }),
    ]);
  });

  it("promises no service at hours that nobody told", () => {
    expect(rowsOf(resolved({ agencies: [aLegacyAgency()] }).moved, "ems.agency")[0]?.operating_hours).toBe("UNKNOWN");
  });

  it("is reached through its first active admin if it named nobody", () => {
    const agencyUsers = [
      aLegacyAgencyUser({ id: "au1", role: "ADMIN", name: "Second", createdAt: new Date("2025-01-01T00:00:00Z") }),
      aLegacyAgencyUser({ id: "au2", role: "ADMIN", name: "First" }),
      aLegacyAgencyUser({ id: "au3", role: "ADMIN", name: "Other", agencyId: "a2" }),
    ];
    const { moved } = resolved({ agencies: [aLegacyAgency({ contactName: null })], agencyUsers });
    expect(rowsOf(moved, "ems.agency")[0]?.contact_name).toBe("First");
  });

  it("says what of it could not be read", () => {
    const { moved } = resolved({ agencies: [aLegacyAgency({ serviceArea: 7, operatingHours: [8] })] });
    expect(issuesAbout(moved, "TransportAgency", "a1")).toEqual(["R-AREA AREA_UNREADABLE", "R-HOURS HOURS_UNREADABLE"]);
  });

  it.each([
    ["ACTIVE", false, ["R-STATUS STATUS_MISMATCH"]],
    ["ACTIVE", true, []],
    ["INACTIVE", false, []],
    ["PENDING", false, []],
  ] as const)("that is %s and has isActive=%j keeps both", (status, isActive, issues) => {
    const { moved } = resolved({ agencies: [aLegacyAgency({ status, isActive })] });
    expect(rowsOf(moved, "ems.agency")[0]).toMatchObject({ status, is_active: isActive });
    expect(issuesAbout(moved, "TransportAgency", "a1")).toEqual(issues);
  });

  it("that cannot be named stays in quarantine, and its areas in the archive", () => {
    const serviceAreas = [aLegacyServiceArea({ agencyId: "a/1" })];
    const { directory, moved } = resolved({ agencies: [aLegacyAgency({ id: "a/1" })], serviceAreas });
    expect(fateOf(moved, "TransportAgency", "a/1")).toBe("QUARANTINED ID_NOT_USABLE");
    expect(fateOf(moved, "ServiceArea", "s1")).toBe("ARCHIVED AGENCY_NOT_MOVED");
    expect(directory.agency("a/1")?.isReal).toBe(false);
  });

  it("counts a time that never was as none", () => {
    const { moved } = resolved({ agencies: [aLegacyAgency({ addedAt: new Date(Number.NaN) })] });
    expect(rowsOf(moved, "ems.agency")[0]?.added_at).toEqual(longAgo);
    expect(issuesAbout(moved, "TransportAgency", "a1")).toEqual(["R-TIME TIME_OUT_OF_RANGE"]);
  });
});

describe("a service area", () => {
  it("is part of its agency while it is active", () => {
    const serviceAreas = [aLegacyServiceArea(), aLegacyServiceArea({ id: "s2", name: "South", isActive: false })];
    const { moved } = resolved({ agencies: [aLegacyAgency()], serviceAreas });
    expect(rowsOf(moved, "ems.agency")[0]?.service_area).toEqual(["North"]);
    expect(fateOf(moved, "ServiceArea", "s1")).toBe("MERGED a1 SERVICE_AREA");
    expect(fateOf(moved, "ServiceArea", "s2")).toBe("ARCHIVED NOT_ACTIVE");
  });

  it("of a hospital in disguise stays in the archive", () => {
    const input = {
      facilities: [aLegacyFacility()],
      agencies: [aPhantom()],
      serviceAreas: [aLegacyServiceArea({ agencyId: "p1" })],
    };
    expect(fateOf(resolved(input).moved, "ServiceArea", "s1")).toBe("ARCHIVED AGENCY_NOT_MOVED");
  });
});

describe("who added an agency", () => {
  it("is one of Center's people, and puts it in the registry", () => {
    const addedAt = new Date("2025-01-01T00:00:00Z");
    const { moved } = resolved({ users: [aLegacyUser()], agencies: [aLegacyAgency({ addedBy: "u1", addedAt })] });
    expect(rowsOf(moved, "ems.agency")[0]).toMatchObject({ added_by: "u1", added_at: addedAt });
    expect(rowsOf(moved, "center.service_registry")).toEqual([
      {
        ...{ id: "a1", service_name: "Blair EMS", service_type: "EMS_AGENCY", status: "ACTIVE", version: 1 },
        ...{ added_by: "u1", added_at: addedAt, address: null, configuration: null, metadata: null },
        ...{ last_heartbeat_at: null, created_at: longAgo, updated_at: longAgo, imported_at: importedAt },
      },
    ]);
    expect(issuesAbout(moved, "TransportAgency", "a1")).toEqual([]);
  });

  it("is kept if it is somebody else, with a word about it", () => {
    const users = [aLegacyUser({ role: "TRANSPORT_AGENCY" })];
    const { moved } = resolved({ users, agencies: [aLegacyAgency({ addedBy: "u1" })] });
    expect(rowsOf(moved, "ems.agency")[0]?.added_by).toBe("u1");
    expect(issuesAbout(moved, "TransportAgency", "a1")).toEqual(["R-ORPHAN ADDED_BY_NOT_CENTER"]);
  });

  it("bears the id of the account that the person has now", () => {
    const email = "ben@blair-ems.example";
    const input = {
      users: [aLegacyUser({ email, role: "TRANSPORT_AGENCY" })],
      agencyUsers: [aLegacyAgencyUser({ email })],
      agencies: [aLegacyAgency({ addedBy: "u1" })],
    };
    expect(rowsOf(resolved(input).moved, "ems.agency")[0]?.added_by).toBe("au1");
  });

  it("is nobody if there is no such person, and the registry has no entry", () => {
    const { moved } = resolved({ agencies: [aLegacyAgency({ addedBy: "u9" })] });
    expect(rowsOf(moved, "ems.agency")[0]?.added_by).toBeNull();
    expect(rowsOf(moved, "center.service_registry")).toEqual([]);
    expect(issuesAbout(moved, "TransportAgency", "a1")).toEqual(["R-ORPHAN ADDED_BY_UNKNOWN"]);
  });
});

describe("the registry", () => {
  it("tells agencies of one name apart", () => {
    const agencies = ["agency000003", "agency000001", "agency000002"].map((id, index) =>
      aLegacyAgency({ id, addedBy: "u1", createdAt: new Date(longAgo.getTime() - index) }),
    );
    const { moved } = resolved({ users: [aLegacyUser()], agencies });
    expect(rowsOf(moved, "center.service_registry").map(({ id, service_name }) => [id, service_name])).toEqual([
      ["agency000002", "Blair EMS"],
      ["agency000001", "Blair EMS #000001"],
      ["agency000003", "Blair EMS #000003"],
    ]);
  });

  it("tells them apart even if their ids end alike", () => {
    const agencies = ["x-000001", "y-000001", "z-000001"].map((id) => aLegacyAgency({ id, addedBy: "u1" }));
    const { moved } = resolved({ users: [aLegacyUser()], agencies });
    const names = rowsOf(moved, "center.service_registry").map(({ service_name }) => service_name);
    expect(names).toEqual(["Blair EMS", "Blair EMS #000001", "Blair EMS #z-000001"]);
  });

  it("shows who is switched off as INACTIVE", () => {
    const { moved } = resolved({
      users: [aLegacyUser()],
      agencies: [aLegacyAgency({ addedBy: "u1", isActive: false })],
    });
    expect(rowsOf(moved, "center.service_registry")[0]?.status).toBe("INACTIVE");
  });
});
