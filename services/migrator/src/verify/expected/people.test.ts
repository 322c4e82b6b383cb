import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { OldRow } from "../old-rows.builder.ts";
import { createExpectingDatabase, type ExpectingDatabase, type Old } from "./expecting-database.builder.ts";

let database: ExpectingDatabase;
const expectations: ExpectingDatabase["expect"] = (...asked) => database.expect(...asked);

beforeAll(async () => {
  database = await createExpectingDatabase();
});
afterAll(async () => database[Symbol.asyncDispose]());

const user = (over: OldRow): OldRow => ({ id: "who", email: "who@x.example", ...over });

describe("whom a user becomes (R-ROLE, R-HOSPUSER, R-AGENCYUSER)", () => {
  const cases: readonly (readonly [string, Old, OldRow])[] = [
    [
      "a role of agencies",
      { User: [user({ role: "TRANSPORT_AGENCY" })] },
      { user_type: "EMS", agency_id: null, roles: "{dispatcher}" },
    ],
    [
      "the address of a hospital",
      {
        User: [user({ email: "DESK@h.example " })],
        Facility: [{ id: "h", type: "HOSPITAL", email: "desk@H.example" }],
      },
      { user_type: "HOSPITAL", hospital_id: "h" },
    ],
    [
      "a hospital registered ten seconds later",
      {
        User: [user({ createdAt: "2025-05-05T00:00:00" })],
        Facility: [{ id: "h", type: "HOSPITAL", createdAt: "2025-05-05T00:00:10" }],
      },
      { user_type: "HOSPITAL", hospital_id: "h" },
    ],
    [
      "a hospital registered too late",
      {
        User: [user({ createdAt: "2025-05-05T00:00:00" })],
        Facility: [{ id: "h", type: "HOSPITAL", createdAt: "2025-05-05T00:00:10.001" }],
      },
      { user_type: "CENTER", hospital_id: null },
    ],
    [
      "preferences",
      { User: [user({})], HospitalAgencyPreference: [{ id: "p", hospitalId: "who", agencyId: "swift" }] },
      { user_type: "HOSPITAL", hospital_id: null },
    ],
    [
      "an agency that he added",
      { User: [user({})], TransportAgency: [{ id: "new", addedBy: "who" }] },
      { user_type: "CENTER" },
    ],
    [
      "preferences and an agency",
      {
        User: [user({})],
        HospitalAgencyPreference: [{ id: "p", hospitalId: "who", agencyId: "swift" }],
        TransportAgency: [{ id: "new", addedBy: "who" }],
      },
      { user_type: "CENTER" },
    ],
    [
      "an administrator's trips from one hospital",
      { User: [user({ role: "ADMIN" })], TransportRequest: [{ id: "t", createdById: "who" }] },
      { user_type: "HOSPITAL", hospital_id: "mercy", roles: "{dispatcher,orgAdmin}" },
    ],
    [
      "an administrator's trips from two places",
      {
        User: [user({ role: "ADMIN" })],
        TransportRequest: [
          { id: "t", createdById: "who" },
          { id: "u", createdById: "who", originFacilityId: "home" },
        ],
      },
      { user_type: "HOSPITAL", hospital_id: null },
    ],
    [
      "a coordinator's trips",
      { User: [user({})], TransportRequest: [{ id: "t", createdById: "who" }] },
      { user_type: "CENTER" },
    ],
    [
      "nothing known",
      { User: [user({ role: "BILLING_STAFF", name: " " })] },
      { user_type: "CENTER", roles: "{billing}", name: "who" },
    ],
    [
      "the address of an agency",
      { User: [user({ role: "TRANSPORT_AGENCY" })], TransportAgency: [{ id: "new", email: "Who@x.example" }] },
      { agency_id: "new" },
    ],
    [
      "the domain of an agency",
      { User: [user({ role: "TRANSPORT_AGENCY" })], TransportAgency: [{ id: "new", email: "office@x.example" }] },
      { agency_id: "new" },
    ],
    [
      "the domain of two",
      {
        User: [user({ role: "TRANSPORT_AGENCY" })],
        TransportAgency: [
          { id: "new", email: "a@x.example" },
          { id: "old", email: "b@x.example" },
        ],
      },
      { agency_id: null },
    ],
    [
      "a public domain",
      {
        User: [user({ role: "TRANSPORT_AGENCY", email: "a@gmail.com" })],
        TransportAgency: [{ id: "new", email: "b@gmail.com" }],
      },
      { agency_id: null },
    ],
    ["a hash of no known kind", { User: [user({ password: "secret" })] }, { password_hash: "!" }],
    ["a hash of bcrypt", { User: [user({ password: "$2b$12$xyz" })] }, { password_hash: "$2b$12$xyz" }],
  ];
  it.each(cases)("by %s", async (_what, more, expected) => {
    const found = await expectations(more, ["center.user_account"]);
    expect(found["center.user_account"]?.["who"]).toMatchObject(expected);
  });

  it("by the guide's table, and switched off if nothing is known and that is wanted", async () => {
    const more = { User: [user({ role: "ADMIN" })], TransportRequest: [{ id: "t", createdById: "who" }] };
    const guided = await expectations(more, ["center.user_account"], { rolePolicy: "guide", strict: true });
    expect(guided["center.user_account"]?.["who"]).toMatchObject({ user_type: "CENTER", is_active: "true" });
    const strict = await expectations({ User: [user({})] }, ["center.user_account"], { strict: true });
    expect(strict["center.user_account"]?.["who"]).toMatchObject({ user_type: "CENTER", is_active: "false" });
  });

  it("by what an operator knows better", async () => {
    const users = new Map([["who@x.example", { type: "HOSPITAL", hospitalId: "mercy" }]]);
    const facilities = new Map([["home", { county: "Blair", hospitalId: "mercy" }]]);
    const found = await expectations(
      { User: [user({ role: "TRANSPORT_AGENCY" })] },
      ["center.user_account", "hospital.facility"],
      {
        overrides: { users, facilities },
      },
    );
    expect(found["center.user_account"]?.["who"]).toMatchObject({ user_type: "HOSPITAL", hospital_id: "mercy" });
    expect(found["hospital.facility"]?.["home"]).toMatchObject({ county: "Blair", hospital_id: "mercy" });
  });

  it("merges a user into the agency's person of the address, and keeps one of several spellings (R-EMAIL)", async () => {
    const found = await expectations(
      {
        User: [
          user({ id: "both", email: " CREW@swift.example", role: "TRANSPORT_AGENCY" }),
          user({ id: "newer", email: "Twin@x.example", updatedAt: "2025-07-01T00:00:00" }),
          user({ id: "older", email: "twin@x.example" }),
        ],
        AgencyUser: [{ id: "rival", agencyId: "calm", email: "ANN@mercy.example" }],
        TransportRequest: [{ id: "t", createdById: "both" }],
      },
      [
        "center.user_account",
        "hospital.migration.ledger",
        "center.migration.ledger",
        "hospital.trip",
        "center.database_reference",
      ],
    );
    expect(Object.keys(found["center.user_account"] ?? {}).toSorted()).toEqual(["ann", "crew", "newer"]);
    expect(found["center.migration.ledger"]).toMatchObject({
      "User both": { fate: "MERGED", into_id: "crew" },
      "User older": { fate: "QUARANTINED", quarantine: "EMAIL_TAKEN" },
      "AgencyUser rival": { fate: "QUARANTINED", quarantine: "EMAIL_OF_USER" },
    });
    expect(found["hospital.trip"]?.["t"]?.["created_by_user_id"]).toBe("crew");
    expect(found["center.database_reference"]?.["user crew former_user"]?.["reference_id"]).toBe("both");
  });
});

describe("hospitals in disguise (R-PHANTOM, R-HOSP, R-FACOWNER)", () => {
  const phantom = { id: "ph", name: "Grace", phone: "77", serviceArea: { type: "hospital", facilityId: "home" } };
  it("lend their names and are no agencies", async () => {
    const found = await expectations({ TransportAgency: [phantom] }, [
      "center.hospital",
      "ems.agency",
      "ems.migration.ledger",
      "hospital.facility",
    ]);
    expect(found["center.hospital"]?.["home"]).toMatchObject({ name: "Grace", phone: "77" });
    expect(Object.keys(found["center.hospital"] ?? {}).toSorted()).toEqual(["home", "hosp_shared_directory", "mercy"]);
    expect(Object.keys(found["ems.agency"] ?? {}).toSorted()).toEqual(["calm", "swift"]);
    expect(found["ems.migration.ledger"]?.["TransportAgency ph"]?.["fate"]).toBe("ARCHIVED");
    expect(found["hospital.facility"]?.["home"]?.["hospital_id"]).toBe("home");
  });

  it("stay agencies if anybody uses them", async () => {
    const found = await expectations({ TransportAgency: [phantom], Unit: [{ id: "ph-1", agencyId: "ph" }] }, [
      "center.hospital",
      "ems.agency",
    ]);
    expect(found["ems.agency"]?.["ph"]).toMatchObject({
      name: "Grace",
      service_area: "{}",
      operating_hours: "UNKNOWN",
    });
    expect(found["center.hospital"]?.["home"]?.["name"]).toBe("Mercy");
  });

  it("own no facility that is not theirs: it is the hospital's whose people alone ask for trips from there", async () => {
    const one = await expectations(
      { TransportRequest: [{ id: "t", originFacilityId: "home", destinationFacilityId: "mercy" }] },
      ["hospital.facility"],
    );
    expect(one["hospital.facility"]?.["home"]?.["hospital_id"]).toBe("mercy");
    const none = await expectations({}, ["hospital.facility"]);
    expect(none["hospital.facility"]?.["home"]?.["hospital_id"]).toBe("hosp_shared_directory");
  });
});
