import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyAgencyUser,
  aLegacyFacility,
  aLegacyPreference,
  aLegacyUser,
  resolved,
  rowsOf,
} from "./directory.builder.ts";
import { parseOverrides } from "./overrides.ts";

describe("R-HU", () => {
  const facilities = [aLegacyFacility()];
  const copies = (moved: ReturnType<typeof resolved>["moved"]) =>
    rowsOf(moved, "hospital.hospital_user").map(({ id, hospital_id, active }) => ({ id, hospital_id, active }));

  it("leaves the copies of hospitals' people to their accounts", () => {
    const users = [aLegacyUser({ role: "ADMIN" })];
    const { moved } = resolved({ users, facilities }, { originsByCreator: new Map([["u1", ["f1"]]]) });
    expect(copies(moved)).toEqual([]);
    expect(rowsOf(moved, "center.database_reference")).toContainEqual(
      expect.objectContaining({ entity_id: "u1", reference_type: "hospital_user", target_database: "hospital" }),
    );
  });

  it("makes a copy of everybody else who created trips", () => {
    const input = { users: [aLegacyUser(), aLegacyUser({ id: "u2" })], agencies: [aLegacyAgency({ addedBy: "u1" })] };
    const { moved } = resolved({ ...input, facilities }, { originsByCreator: new Map([["u1", ["f1"]]]) });
    expect(copies(moved)).toEqual([{ id: "u1", hospital_id: "hosp_shared_directory", active: true }]);
  });

  it("makes a copy of who has preferences, and of who has no hospital", () => {
    const users = [aLegacyUser(), aLegacyUser({ id: "u2", role: "ADMIN" })];
    const input = { users, agencies: [aLegacyAgency({ addedBy: "u1" })], preferences: [aLegacyPreference()] };
    const { moved } = resolved(
      input,
      {},
      { overrides: parseOverrides(JSON.stringify({ users: { "u2@example.org": { type: "HOSPITAL" } } })) },
    );
    expect(copies(moved).map(({ id }) => id)).toEqual(["u1", "u2"]);
  });

  it("makes a copy, switched off, of a creator whose row waits in quarantine", () => {
    const users = [
      aLegacyUser({ email: "Ann@example.org", role: "ADMIN" }),
      aLegacyUser({ id: "u2", email: "ann@example.org", updatedAt: new Date("2025-01-01T00:00:00Z") }),
    ];
    const { moved } = resolved({ users, facilities }, { originsByCreator: new Map([["u1", ["f1"]]]) });
    expect(copies(moved)).toEqual([{ id: "u1", hospital_id: "f1", active: false }]);
  });

  it("makes none of a row that no silo could read", () => {
    const users = [aLegacyUser({ id: "not usable" }), aLegacyUser({ id: "u2", createdAt: new Date(Number.NaN) })];
    const origins = new Map(users.map(({ id }) => [id, ["f1"]]));
    expect(copies(resolved({ users, facilities }, { originsByCreator: origins }).moved)).toEqual([]);
  });

  it("makes it of the account of both tables, once", () => {
    const email = "ben@blair-ems.example";
    const input = {
      users: [aLegacyUser({ email, role: "TRANSPORT_AGENCY" })],
      agencyUsers: [aLegacyAgencyUser({ email })],
      agencies: [aLegacyAgency()],
    };
    const { moved } = resolved(input, { originsByCreator: new Map([["u1", ["f1"]]]) });
    expect(rowsOf(moved, "hospital.hospital_user")).toEqual([
      expect.objectContaining({ id: "au1", email, name: "Ben", active: true }),
    ]);
  });
});
