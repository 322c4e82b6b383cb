import type { JsonObject } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { hash } from "bcrypt";
import { Client } from "pg";
import { firstAdminEmail, sampleHospitalName } from "../../services/cli/src/sample/accounts.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { arrangeForeignRecords } from "./foreign-records.builder.ts";
import { type ForeignRecords, type StrangersCall, strangersCalls } from "./foreign-records.table.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";
import { type Door, everyDoor, type Learned, type RawCalls, rawCalls } from "./raw-calls.builder.ts";

const password = "seven violet otters";
const people = {
  hospital: { id: "lost-nurse", email: "nurse@lost.example", type: "HOSPITAL" },
  other: { id: "other-nurse", email: "other@lost.example", type: "HOSPITAL" },
  ems: { id: "lost-medic", email: "medic@lost.example", type: "EMS" },
} as const;

let test: TestMesh;
let raw: RawCalls;
let all: readonly Door[];
let overseer: MeshOfUser;
let records: ForeignRecords;
const tokens = new Map<string, string>();
const mesh = new Map<string, MeshOfUser>();

beforeAll(async () => {
  test = await startTestMesh();
  raw = rawCalls(test.addresses);
  all = await everyDoor();
  const account = (wanted: string) =>
    test.accounts.find(({ email, organization }) => [email, organization].includes(wanted));
  const logInTo = (wanted: string): Promise<MeshOfUser> => {
    const { email = "", password: secret = "" } = account(wanted) ?? {};
    return test.mesh.login(email, secret);
  };
  overseer = await logInTo(firstAdminEmail);
  records = await arrangeForeignRecords({ overseer, logInTo });
  await addPeople(await hash(password, 4));
  for (const [name, { email }] of Object.entries(people)) {
    const { session } = await test.mesh.center.auth.login({ email, password });
    tokens.set(name, session?.accessToken ?? "");
    mesh.set(name, await test.mesh.login(email, password));
  }
}, 60_000);
afterAll(async () => {
  raw[Symbol.dispose]();
  await test[Symbol.asyncDispose]();
});

async function addPeople(passwordHash: string): Promise<void> {
  const center = new Client({ connectionString: test.databases.center.ownerUrl });
  await center.connect();
  for (const { id, email, type } of Object.values(people)) {
    await center.query(
      `insert into user_account (id, email, password_hash, name, user_type, roles, is_active, must_change_password, version,
         created_at, updated_at, imported_at)
       values ($1, $2, $3, 'Pat Person', $4, '{dispatcher,orgAdmin}', true, false, 1, now(), now(), now())`,
      [id, email, passwordHash, type],
    );
  }
  await center.end();
}

function as(name: keyof typeof people): MeshOfUser {
  const found = mesh.get(name);
  if (!found) throw new Error(`${name} has not logged in`);
  return found;
}

async function ask(door: string, json: JsonObject, by: keyof typeof people): Promise<Learned> {
  const found = all.find(({ name }) => name === door);
  const [silo] = found?.silos ?? [];
  if (!found || !silo) throw new Error(`there is no ${door}`);
  return raw.call(silo, found.method, json, tokens.get(by));
}

describe("people of whom nobody knows for whom they act", () => {
  it("can log in, and read their own account", async () => {
    const { user } = as("hospital");
    expect([user.id, user.organizationId]).toEqual(["lost-nurse", ""]);
    expect((await as("ems").center.users.getUser({ userId: "lost-medic" })).user?.organizationId).toBe("");
  });

  it("see no trips, bids, units, routes or people", async () => {
    const nurse = as("hospital");
    const medic = as("ems");
    const lists = [
      ["trips", (await nurse.hospital.trips.listTrips({})).trips],
      ["an agency's trips", (await medic.hospital.trips.listTrips({})).trips],
      ["bids", (await nurse.ems.bids.listBids({})).bids],
      ["own bids", (await medic.ems.bids.listBids({})).bids],
      ["available trips", (await medic.ems.bids.listAvailableTrips({})).trips],
      ["assigned trips", (await medic.ems.dispatch.listAssignedTrips({})).trips],
      ["assignments", (await medic.ems.dispatch.listAssignments({})).assignments],
      ["units", (await medic.ems.units.listUnits({})).units],
      ["routes", (await medic.ems.routes.listRoutes({})).routes],
      ["agencies", (await medic.ems.agencies.listAgencies({})).agencies],
      ["preferences", (await nurse.hospital.preferences.listPreferences({})).preferences],
      ["a hospital's people", (await nurse.center.users.listUsers({})).users],
      ["an agency's people", (await medic.center.users.listUsers({})).users],
    ] as const;
    expect(lists.map(([name, found]) => [name, found.length])).toEqual(lists.map(([name]) => [name, 0]));
  });

  it("do not see each other, and Center sees them all", async () => {
    const outcome = await ask("center.v1.UserService/GetUser", { userId: "other-nurse" }, "hospital");
    expect(outcome.reason).toBe("RESOURCE_NOT_FOUND");
    const { users } = await overseer.center.users.listUsers({ contains: "lost.example" });
    expect(users.map(({ id }) => id).toSorted()).toEqual(["lost-medic", "lost-nurse", "other-nurse"]);
  });

  it("learn no more of others' records than any stranger", async () => {
    const outcomes: (readonly [string, string])[] = [];
    for (const call of strangersCalls(records)) {
      const { reason } = await ask(call.door, call.request(call.foreign), call.by);
      if (!allowedAnswers(call).includes(reason)) outcomes.push([`${call.door} ${call.field} by ${call.by}`, reason]);
    }
    expect(outcomes).toEqual([]);
  }, 60_000);

  it("can add nothing for anybody", async () => {
    const { trips, facilities } = await wishes();
    const refused: readonly (readonly [by: keyof typeof people, door: string, json: JsonObject])[] = [
      ["hospital", "hospital.v1.TripService/CreateTrip", trips],
      ["hospital", "hospital.v1.FacilityService/CreateFacility", facilities],
      ["hospital", "hospital.v1.PreferenceService/SetPreferences", { agencies: [{ agencyId: records.agency }] }],
      ["hospital", "center.v1.UserService/CreateUser", aPerson("USER_TYPE_HOSPITAL")],
      ["hospital", "center.v1.AnalyticsService/CountTrips", {}],
      ["hospital", "center.v1.AuditService/ListAuditEntries", {}],
      ["ems", "center.v1.UserService/CreateUser", aPerson("USER_TYPE_EMS")],
      ["ems", "center.v1.AnalyticsService/CountTrips", {}],
    ];
    for (const [by, door, json] of refused) {
      expect([door, (await ask(door, json, by)).reason]).toEqual([door, "ACTION_NOT_ALLOWED"]);
    }
    const unit = { unitNumber: "X-1", type: "UNIT_TYPE_ALS" };
    const route = { name: "Round", type: "ROUTE_TYPE_STANDARD", waypoints: [{ latitude: 1 }, { latitude: 2 }] };
    expect((await ask("ems.v1.UnitService/CreateUnit", unit, "ems")).reason).toBe("RESOURCE_NOT_FOUND");
    expect((await ask("ems.v1.RouteService/CreateRoute", route, "ems")).reason).toBe("RESOURCE_NOT_FOUND");
  });

  it("see empty boards", async () => {
    for (const [door, by] of [
      ["hospital.v1.TripService/WatchTrips", "hospital"],
      ["hospital.v1.TripService/WatchTrips", "ems"],
      ["ems.v1.BidService/WatchAvailableTrips", "ems"],
    ] as const) {
      expect([door, (await ask(door, {}, by)).reason]).toEqual([door, "ANSWERED"]);
    }
  });

  it("can be shut out by Center, though nobody else administers what they do", async () => {
    const { user } = await overseer.center.users.disableUser({ userId: "other-nurse" });
    expect(user?.active).toBe(false);
  });

  it("break nothing", () => {
    const errors = test.logged.filter((line) => line.includes('"level":"error"') || line.includes('"level":50'));
    expect(errors).toEqual([]);
  });
});

/** What a stranger is answered, or that the account may not act at all. */
function allowedAnswers({ answer }: StrangersCall): readonly string[] {
  return [answer ?? "RESOURCE_NOT_FOUND", "ACTION_NOT_ALLOWED"];
}

function aPerson(userType: string): JsonObject {
  return { email: "new@lost.example", password, name: "New Person", userType, roles: ["ROLE_VIEWER"] };
}

async function wishes(): Promise<{ readonly trips: JsonObject; readonly facilities: JsonObject }> {
  const { facilities } = await overseer.hospital.facilities.listFacilities({ pageSize: 2 });
  const [origin, destination] = facilities;
  return {
    trips: {
      originFacilityId: origin?.id ?? "",
      destinationFacilityId: destination?.id ?? "",
      transportLevel: "TRANSPORT_LEVEL_BLS",
      priority: "PRIORITY_LOW",
    },
    facilities: {
      name: sampleHospitalName,
      type: "HOSPITAL",
      address: "1 Main Street",
      city: "Altoona",
      state: "PA",
      zipCode: "16601",
      county: "Blair",
    },
  };
}
