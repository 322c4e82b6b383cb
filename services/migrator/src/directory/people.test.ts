import { describe, expect, it } from "@jest/globals";
import {
  aLegacyAgency,
  aLegacyAgencyUser,
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
  someHash,
} from "./directory.builder.ts";
import { parseOverrides } from "./overrides.ts";

const invalidDate = new Date(Number.NaN);

function overrides(users: object) {
  return parseOverrides(JSON.stringify({ users }));
}

describe("an account", () => {
  it("is what the old database had, with the password that goes on working", () => {
    const user = aLegacyUser({ email: " Ann@Example.ORG ", role: "ADMIN", createdAt: longAgo });
    const { moved } = resolved({ users: [user], facilities: [aLegacyFacility()] });
    expect(rowsOf(moved, "center.user_account")).toEqual([
      {
        agency_id: null,
        created_at: longAgo,
        email: "ann@example.org",
        hospital_id: "f1",
        id: "u1",
        imported_at: importedAt,
        is_active: true,
        must_change_password: false,
        name: "Ann",
        password_hash: someHash,
        roles: ["dispatcher", "orgAdmin"],
        tokens_valid_from: null,
        updated_at: longAgo,
        user_type: "HOSPITAL",
        version: 1,
      },
    ]);
    expect(fateOf(moved, "User", "u1")).toBe("MIGRATED");
  });

  it.each([null, "", "  "])("without a name (%j) bears that of its address", (name) => {
    const { moved } = resolved({ users: [aLegacyUser({ name, email: "Ann.Lee@example.org" })] });
    expect(rowsOf(moved, "center.user_account")[0]?.name).toBe("ann.lee");
    expect(issuesAbout(moved, "User", "u1")).toContain("R-NAME NAME_DEFAULTED");
  });

  it.each(["$2a$", "$2b$"])("keeps a hash that begins with %s", (prefix) => {
    const password = prefix + someHash.slice(4);
    const { moved } = resolved({ users: [aLegacyUser({ password })] });
    expect(rowsOf(moved, "center.user_account")[0]?.password_hash).toBe(password);
    expect(issuesAbout(moved, "User", "u1")).not.toContain("R-PASSWORD PASSWORD_UNUSABLE");
  });

  it("takes no password that is not hashed", () => {
    const { moved } = resolved({ users: [aLegacyUser({ password: "secret" })] });
    expect(rowsOf(moved, "center.user_account")[0]?.password_hash).toBe("!");
    expect(issuesAbout(moved, "User", "u1")).toContain("R-PASSWORD PASSWORD_UNUSABLE");
  });

  it("says so if its address is none", () => {
    const { moved } = resolved({ users: [aLegacyUser({ email: "Admin" })] });
    expect(rowsOf(moved, "center.user_account")[0]?.email).toBe("admin");
    expect(issuesAbout(moved, "User", "u1")).toContain("R-EMAIL EMAIL_NOT_AN_ADDRESS");
  });

  it.each([
    ["an id that nothing can name", { id: "u 1" }, "ID_NOT_USABLE"],
    ["an id that is too long", { id: "u".repeat(65) }, "ID_NOT_USABLE"],
    ["a time that never was", { createdAt: invalidDate }, "TIME_OUT_OF_RANGE"],
    ["no address", { email: "  " }, "EMAIL_BLANK"],
  ])("is not made for a row with %s, whose person is still known", (_what, over, reason) => {
    const user = aLegacyUser(over);
    const { directory, moved } = resolved({ users: [user] });
    expect(rowsOf(moved, "center.user_account")).toEqual([]);
    expect(fateOf(moved, "User", user.id)).toBe(`QUARANTINED ${reason}`);
    expect(directory.person(user.id)).toMatchObject({ userId: user.id, hasAccount: false });
  });
});

describe("R-ROLE in the directory", () => {
  const at = (seconds: number) => new Date(longAgo.getTime() + seconds * 1000);
  const typeOf = (moved: ReturnType<typeof resolved>["moved"]) => rowsOf(moved, "center.user_account")[0]?.user_type;

  it.each([
    ["ten seconds after the hospital", 10, "HOSPITAL"],
    ["ten seconds before the hospital", -10, "HOSPITAL"],
    ["later than that", 10.001, "CENTER"],
    ["earlier than that", -10.001, "CENTER"],
  ])("takes who came %s for what it is", (_what, seconds, type) => {
    const { moved } = resolved({ users: [aLegacyUser({ createdAt: at(seconds) })], facilities: [aLegacyFacility()] });
    expect(typeOf(moved)).toBe(type);
  });

  it("knows a registrant by the time of the agency that was left behind", () => {
    const place = aLegacyFacility({ type: "NURSING_HOME", createdAt: at(-3600) });
    const { moved } = resolved({
      users: [aLegacyUser({ createdAt: at(5) })],
      facilities: [place],
      agencies: [aPhantom()],
    });
    expect(rowsOf(moved, "center.user_account")[0]).toMatchObject({ user_type: "HOSPITAL", hospital_id: "f1" });
  });

  it("knows a registrant by the address of the agency that was left behind", () => {
    const users = [aLegacyUser({ email: "Office@blair-ems.example" })];
    const { moved } = resolved({ users, facilities: [aLegacyFacility()], agencies: [aPhantom()] });
    expect(rowsOf(moved, "center.user_account")[0]).toMatchObject({ user_type: "HOSPITAL", hospital_id: "f1" });
  });

  it("takes nobody for a hospital's who came with a nursing home", () => {
    const users = [aLegacyUser({ createdAt: longAgo })];
    expect(typeOf(resolved({ users, facilities: [aLegacyFacility({ type: "NURSING_HOME" })] }).moved)).toBe("CENTER");
  });

  it("goes by preferences, added agencies and trips", () => {
    const agency = aLegacyAgency({ addedBy: "u2" });
    const input = {
      users: ["u1", "u2", "u3"].map((id) => aLegacyUser({ id, role: "ADMIN" })),
      agencies: [agency],
      preferences: [aLegacyPreference()],
    };
    const { directory, moved } = resolved(input, { originsByCreator: new Map([["u3", ["f9"]]]) });
    expect(["u1", "u2", "u3"].map((id) => directory.person(id)?.type)).toEqual(["HOSPITAL", "CENTER", "HOSPITAL"]);
    expect(issuesAbout(moved, "User", "u1")).toEqual(["R-HOSPUSER USER_NO_HOSPITAL"]);
    expect(issuesAbout(moved, "User", "u2")).toEqual([]);
  });

  it("says so where evidence contradicts itself", () => {
    const input = {
      users: [aLegacyUser()],
      agencies: [aLegacyAgency({ addedBy: "u1" })],
      preferences: [aLegacyPreference()],
    };
    const { directory, moved } = resolved(input);
    expect(directory.person("u1")).toMatchObject({ type: "CENTER", hospitalId: null });
    expect(issuesAbout(moved, "User", "u1")).toEqual(["R-ROLE ROLE_CONFLICT"]);
  });

  it.each([
    [false, true],
    [true, false],
  ])("with strict=%j leaves who sees everything by default switched on: %j", (strict, isActive) => {
    const { moved } = resolved({ users: [aLegacyUser()] }, {}, { strict });
    expect(rowsOf(moved, "center.user_account")[0]).toMatchObject({ user_type: "CENTER", is_active: isActive });
    expect(issuesAbout(moved, "User", "u1")).toEqual(["R-ROLE ROLE_AMBIGUOUS"]);
  });

  it("switches off nobody of whom it is known", () => {
    const input = { users: [aLegacyUser()], agencies: [aLegacyAgency({ addedBy: "u1" })] };
    expect(rowsOf(resolved(input, {}, { strict: true }).moved, "center.user_account")[0]?.is_active).toBe(true);
  });

  it("switches on nobody", () => {
    const { moved } = resolved({ users: [aLegacyUser({ isActive: false })], facilities: [aLegacyFacility()] });
    expect(rowsOf(moved, "center.user_account")[0]?.is_active).toBe(false);
  });

  it("by the guide looks at roles alone, and doubts nothing", () => {
    const input = { users: [aLegacyUser()], agencies: [aLegacyAgency()], preferences: [aLegacyPreference()] };
    const { directory, moved } = resolved(input, {}, { rolePolicy: "guide", strict: true });
    expect(directory.person("u1")?.type).toBe("CENTER");
    expect(issuesAbout(moved, "User", "u1")).toEqual([]);
    expect(rowsOf(moved, "center.user_account")[0]?.is_active).toBe(true);
  });
});

describe("R-HOSPUSER", () => {
  const hospitals = ["f1", "f2"].map((id) => aLegacyFacility({ id, email: `${id}@hospital.example` }));
  const creator = (origins: readonly string[]) => ({ originsByCreator: new Map([["u1", origins]]) });
  const admin = aLegacyUser({ role: "ADMIN" });

  it("is what an operator said, before everything else", () => {
    const users = [aLegacyUser({ email: "f1@hospital.example" })];
    const said = overrides({ "F1@hospital.example": { type: "HOSPITAL", hospitalId: "f2" } });
    expect(resolved({ users, facilities: hospitals }, {}, { overrides: said }).directory.person("u1")?.hospitalId).toBe(
      "f2",
    );
  });

  it("goes on without an operator's word for a hospital that there is not, and says so", () => {
    const users = [aLegacyUser({ email: "f1@hospital.example" })];
    const said = overrides({ "f1@hospital.example": { type: "HOSPITAL", hospitalId: "f9" } });
    const { directory, moved } = resolved({ users, facilities: hospitals }, {}, { overrides: said });
    expect(directory.person("u1")?.hospitalId).toBe("f1");
    expect(issuesAbout(moved, "User", "u1")).toEqual(["R-HOSPUSER OVERRIDE_HOSPITAL_UNKNOWN"]);
  });

  it("is the hospital of the same address, before that of the same time", () => {
    const [first, second] = hospitals;
    const later = { createdAt: new Date("2025-01-01T00:00:00Z") };
    const facilities = [
      { ...aLegacyFacility(), ...first },
      { ...aLegacyFacility(), ...second, ...later },
    ];
    const users = [aLegacyUser({ ...later, email: "F1@hospital.example" })];
    expect(resolved({ users, facilities }).directory.person("u1")?.hospitalId).toBe("f1");
  });

  it("is the hospital of the same time, before that of the trips", () => {
    const facilities = [aLegacyFacility(), aLegacyFacility({ id: "f2", createdAt: admin.createdAt })];
    expect(resolved({ users: [admin], facilities }, creator(["f1"])).directory.person("u1")?.hospitalId).toBe("f2");
  });

  it("is the hospital at which all trips begin", () => {
    const { directory } = resolved({ users: [admin], facilities: hospitals }, creator(["f2"]));
    expect(directory.person("u1")?.hospitalId).toBe("f2");
  });

  it.each([
    ["two hospitals", ["f1", "f2"]],
    ["a place that is no hospital", ["f3"]],
  ])("is nobody's for trips from %s, and says so", (_what, origins) => {
    const facilities = [...hospitals, aLegacyFacility({ id: "f3", type: "REHAB_FACILITY" })];
    const { directory, moved } = resolved({ users: [admin], facilities }, creator(origins));
    expect(directory.person("u1")).toMatchObject({ type: "HOSPITAL", hospitalId: null });
    expect(rowsOf(moved, "center.user_account")[0]?.hospital_id).toBeNull();
    expect(issuesAbout(moved, "User", "u1")).toEqual(["R-HOSPUSER USER_NO_HOSPITAL"]);
  });

  it("does not guess between two hospitals of one moment", () => {
    const users = [aLegacyUser({ createdAt: longAgo })];
    const { directory } = resolved({ users, facilities: hospitals });
    expect(directory.person("u1")).toMatchObject({ type: "HOSPITAL", hospitalId: null });
  });
});

describe("R-AGENCYUSER", () => {
  const agencies = [
    aLegacyAgency(),
    aLegacyAgency({ id: "a2", email: "kim@gmail.com" }),
    aLegacyAgency({ id: "a3", email: "one@shared.example" }),
    aLegacyAgency({ id: "a4", email: "two@shared.example" }),
  ];
  const found = (email: string, said = {}) => {
    const { directory, moved } = resolved(
      { users: [aLegacyUser({ email, role: "TRANSPORT_AGENCY" })], agencies },
      {},
      { overrides: overrides(said) },
    );
    return [directory.person("u1")?.agencyId, ...issuesAbout(moved, "User", "u1")];
  };

  it.each([
    ["of the same address", "Two@Shared.example", "a4"],
    ["of the same domain", "driver@BLAIR-EMS.example", "a1"],
    ["of the same public address", "kim@gmail.com", "a2"],
  ])("is the agency %s", (_what, email, agencyId) => {
    expect(found(email)).toEqual([agencyId]);
  });

  it.each([
    ["two share the domain", "driver@shared.example"],
    ["the domain is everybody's", "ann@gmail.com"],
    ["none has the domain", "ann@elsewhere.example"],
    ["there is no domain", "ann"],
  ])("is none if %s, and says so", (_what, email) => {
    expect(found(email)).toEqual(expect.arrayContaining([null, "R-AGENCYUSER USER_NO_AGENCY"]));
  });

  it("is what an operator said, if there is such an agency", () => {
    const email = "office@blair-ems.example";
    expect(found(email, { [email]: { type: "EMS", agencyId: "a3" } })).toEqual(["a3"]);
    expect(found(email, { [email]: { type: "EMS", agencyId: "a9" } })).toEqual([
      "a1",
      "R-AGENCYUSER OVERRIDE_AGENCY_UNKNOWN",
    ]);
  });

  it("is never a hospital in disguise", () => {
    const users = [aLegacyUser({ email: "office@blair-ems.example", role: "TRANSPORT_AGENCY" })];
    const { directory } = resolved({ users, agencies: [aPhantom()] });
    expect(directory.person("u1")?.agencyId).toBeNull();
  });

  it("is named by rows of table AgencyUser", () => {
    const { directory, moved } = resolved({ agencyUsers: [aLegacyAgencyUser({ role: "BILLING_STAFF" })], agencies });
    expect(directory.agencyUser("au1")).toMatchObject({ userId: "au1", hasAccount: true, type: "EMS", agencyId: "a1" });
    expect(rowsOf(moved, "center.user_account")[0]).toMatchObject({
      user_type: "EMS",
      agency_id: "a1",
      roles: ["billing"],
    });
    expect(fateOf(moved, "AgencyUser", "au1")).toBe("MIGRATED");
  });

  it("is none for who works for what could not be moved", () => {
    const input = { agencyUsers: [aLegacyAgencyUser({ agencyId: "a 1" })], agencies: [aLegacyAgency({ id: "a 1" })] };
    const { moved } = resolved(input);
    expect(rowsOf(moved, "center.user_account")[0]).toMatchObject({ user_type: "EMS", agency_id: null });
    expect(issuesAbout(moved, "AgencyUser", "au1")).toEqual(["R-AGENCYUSER USER_NO_AGENCY"]);
  });
});
