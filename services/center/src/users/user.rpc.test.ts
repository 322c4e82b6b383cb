import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { UserCreatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { anAgency } from "../agencies/agency.builder.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { saveAgency } from "../agencies/agency.store.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { insertHospital } from "../hospitals/hospital.store.ts";
import { type HospitalId, registerHospital as makeHospital } from "../hospitals/hospital.ts";
import { goodPassword } from "./account.builder.ts";

let center: TestCenter;
let hospitalId: string;
let agencyId: string;
const users = (user = undefined as Parameters<TestCenter["client"]>[1]) => center.client(UserService, user);

beforeAll(async () => {
  center = await startTestCenter("center users");
  hospitalId = await registerHospital();
  const agency = anAgency();
  agencyId = agency.id;
  await center.database.transaction((tx) => saveAgency(tx, agency, new Date()));
});
afterAll(async () => center[Symbol.asyncDispose]());

async function registerHospital(): Promise<string> {
  const profile = { name: "Test Hospital", address: "1 Main St", city: "Altoona", state: "PA", zipCode: "16601" };
  const hospital = makeHospital(newId() as HospitalId, profile, new Date());
  await center.database.transaction((tx) => insertHospital(tx, hospital));
  return hospital.id;
}

interface AccountRequest {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly userType: UserType;
  readonly organizationId: string;
  readonly roles: Role[];
  readonly mustChangePassword: boolean;
}

/** A request that would be granted to Center; name only what the test is about. */
function aRequest(over: Partial<AccountRequest> = {}): AccountRequest {
  return {
    email: `${newId()}@altoona.example`,
    password: goodPassword,
    name: "Harper Hill",
    userType: UserType.HOSPITAL,
    organizationId: hospitalId,
    roles: [Role.DISPATCHER],
    mustChangePassword: false,
    ...over,
  };
}

const hospitalAdmin = (over = {}) => aUser({ organizationId: hospitalId, roles: ["orgAdmin"], ...over });

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function eventsAbout(userId: string) {
  return platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select(["subject", "payload", "aggregate_ver"])
    .where("aggregate_id", "=", userId)
    .execute();
}

describe("creating an account", () => {
  it("gives one that can log in", async () => {
    const request = aRequest();
    const { user } = await users().createUser(request);
    expect(user).toMatchObject({
      email: request.email,
      userType: UserType.HOSPITAL,
      organizationId: hospitalId,
      active: true,
    });
    const login = await center.clientWith(AuthService, {}).login({ email: request.email, password: goodPassword });
    expect(login.user?.id).toBe(user?.id);
  });

  it("gives one whose password must be changed first, if asked to", async () => {
    const request = aRequest({ mustChangePassword: true });
    const { user } = await users().createUser(request);
    expect(user?.mustChangePassword).toBe(true);
    const login = center.clientWith(AuthService, {}).login({ email: request.email, password: goodPassword });
    expect(await refusalOf(login)).toBe("PASSWORD_CHANGE_REQUIRED");
  });

  it("tells the world once, without the password and its hash", async () => {
    const { user } = await users().createUser(aRequest());
    const [event, ...more] = await eventsAbout(user?.id ?? "");
    expect(more).toEqual([]);
    expect(event).toMatchObject({ subject: `evt.center.user.${user?.id}.created`, aggregate_ver: "1" });
    expect(fromBinary(UserCreatedSchema, event?.payload ?? new Uint8Array()).user).toEqual(user);
    expect(Buffer.from(event?.payload ?? []).toString("latin1")).not.toMatch(/otters|\$2b\$/);
  });

  it("keeps the e-mail address trimmed and in lower case", async () => {
    const email = `Ann.${newId()}@Altoona.Example`;
    const { user } = await users().createUser(aRequest({ email }));
    expect(user?.email).toBe(email.toLowerCase());
  });

  it("refuses an address that is taken, in whatever case", async () => {
    const request = aRequest();
    await users().createUser(request);
    expect(await refusalOf(users().createUser(aRequest({ email: request.email.toUpperCase() })))).toBe(
      "RESOURCE_EXISTS",
    );
  });

  it("gives an address to one of two who ask for it at once", async () => {
    const email = aRequest().email;
    const answers = await Promise.all(
      [1, 2, 3].map(async () => `${await refusalOf(users().createUser(aRequest({ email })))}`),
    );
    expect(answers.toSorted()).toEqual(["RESOURCE_EXISTS", "RESOURCE_EXISTS", "answered"]);
  });

  it("gives the first answer again for the same request_id, and creates nothing twice", async () => {
    const request = { ...aRequest(), requestId: newId() };
    const [first, second] = [await users().createUser(request), await users().createUser(request)];
    expect(second).toEqual(first);
    expect(await eventsAbout(first.user?.id ?? "")).toHaveLength(1);
  });

  it("refuses a request_id that was used for another account", async () => {
    const request = { ...aRequest(), requestId: newId() };
    await users().createUser(request);
    expect(await refusalOf(users().createUser({ ...request, name: "Somebody Else" }))).toBe("REQUEST_ID_REUSED");
  });

  it.each([
    ["a short password", { password: "only 14 chars!" }],
    [
      "a password of 73 bytes",
      { password: "Seven violet otters drummed on the harbour wall until the tide came in.!!" },
    ],
    ["a common password", { password: "correct horse battery staple" }],
    ["a blank name", { name: "   " }],
    ["no roles", { roles: [] }],
    ["no e-mail address", { email: "nobody" }],
    ["no organization", { organizationId: "" }],
    ["an organization for Center's people", { userType: UserType.CENTER }],
    ["an unknown user type", { userType: 99 as UserType }],
  ])("refuses %s as VALIDATION_FAILED", async (_what, over) => {
    expect(await refusalOf(users().createUser(aRequest(over)))).toBe("VALIDATION_FAILED");
  });

  it.each([
    ["hospital", UserType.HOSPITAL],
    ["agency", UserType.EMS],
  ])("refuses an unknown %s as RESOURCE_NOT_FOUND", async (_what, userType) => {
    expect(await refusalOf(users().createUser(aRequest({ userType, organizationId: "unknown" })))).toBe(
      "RESOURCE_NOT_FOUND",
    );
  });

  it("creates an agency's account once the directory has the agency", async () => {
    const { user } = await users().createUser(aRequest({ userType: UserType.EMS, organizationId: agencyId }));
    expect(user?.organizationId).toBe(agencyId);
  });
});

describe("creating an account as an organization's admin", () => {
  it("gives one of the own organization, which need not be named", async () => {
    const { user } = await users(hospitalAdmin()).createUser(aRequest({ organizationId: "" }));
    expect(user?.organizationId).toBe(hospitalId);
  });

  it.each([
    ["another hospital's", () => ({ organizationId: "hospital-2" })],
    ["an unknown hospital's", () => ({ organizationId: "unknown" })],
    ["an agency's", () => ({ userType: UserType.EMS, organizationId: agencyId })],
    ["Center's", () => ({ userType: UserType.CENTER, organizationId: "" })],
  ])("is refused for %s account as ACTION_NOT_ALLOWED", async (_whose, over) => {
    expect(await refusalOf(users(hospitalAdmin()).createUser(aRequest(over())))).toBe("ACTION_NOT_ALLOWED");
  });

  it.each(["viewer", "billing", "dispatcher"] as const)("is refused to a %s", async (role) => {
    const call = users(hospitalAdmin({ roles: [role] })).createUser(aRequest());
    expect(await refusalOf(call)).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("reading an account", () => {
  it("shows Center everybody", async () => {
    const { user } = await users().createUser(aRequest());
    expect((await users().getUser({ userId: user?.id ?? "" })).user).toEqual(user);
  });

  it("shows people of an organization each other", async () => {
    const { user } = await users().createUser(aRequest());
    const colleague = aUser({ organizationId: hospitalId, roles: ["viewer"] });
    expect((await users(colleague).getUser({ userId: user?.id ?? "" })).user).toEqual(user);
  });

  it("shows people themselves, whatever their token says of their organization", async () => {
    const { user } = await users().createUser(aRequest());
    const moved = aUser({ userId: user?.id ?? "", organizationId: "hospital-2", roles: ["viewer"] });
    expect((await users(moved).getUser({ userId: user?.id ?? "" })).user).toEqual(user);
  });

  it("cannot tell another organization's person from nobody", async () => {
    const { user } = await users().createUser(aRequest());
    const stranger = aUser({ userType: "EMS", organizationId: agencyId });
    const [other, nobody] = await Promise.all(
      [user?.id ?? "", "nobody"].map((userId) =>
        users(stranger)
          .getUser({ userId })
          .catch((error: unknown) => error),
      ),
    );
    expect([reasonOf(other), reasonOf(nobody)]).toEqual(["RESOURCE_NOT_FOUND", "RESOURCE_NOT_FOUND"]);
    expect(String(other).replace(user?.id ?? "", "x")).toBe(String(nobody).replace("nobody", "x"));
  });
});

describe("listing accounts", () => {
  it("gives each once, by e-mail address, over all pages", async () => {
    const own = await registerHospital();
    const emails = ["c", "a", "e", "b", "d"].map((letter) => `${letter}-${newId()}@pages.example`);
    for (const email of emails) await users().createUser(aRequest({ email, organizationId: own }));
    const listed: string[] = [];
    let pageToken = "";
    do {
      const page = await users().listUsers({ organizationId: own, pageSize: 2, pageToken });
      listed.push(...page.users.map((user) => user.email));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(emails.toSorted());
  });

  it("shows an organization's admin the own people alone", async () => {
    await users().createUser(aRequest({ userType: UserType.EMS, organizationId: agencyId }));
    const { users: listed } = await users(hospitalAdmin()).listUsers({ pageSize: 500 });
    expect(listed.length).toBeGreaterThan(0);
    expect(new Set(listed.map((user) => user.organizationId))).toEqual(new Set([hospitalId]));
  });

  it("shows an organization's admin nobody of an agency that has the same id", async () => {
    const agency = anAgency({ id: hospitalId as AgencyId });
    await center.database.transaction((tx) => saveAgency(tx, agency, new Date()));
    await users().createUser(aRequest({ userType: UserType.EMS, organizationId: agency.id }));
    for (const userTypes of [[], [UserType.EMS]]) {
      const { users: listed } = await users(hospitalAdmin()).listUsers({ pageSize: 500, userTypes });
      expect(listed.filter(({ userType }) => userType !== UserType.HOSPITAL)).toEqual([]);
    }
  });

  it("refuses an organization's admin the people of another", async () => {
    const call = users(hospitalAdmin()).listUsers({ organizationId: agencyId });
    expect(await refusalOf(call)).toBe("ACTION_NOT_ALLOWED");
  });

  it("gives only those of the kinds that were asked for", async () => {
    await users().createUser(aRequest());
    await users().createUser(aRequest({ userType: UserType.EMS, organizationId: agencyId }));
    await users().createUser(aRequest({ userType: UserType.CENTER, organizationId: "" }));
    const wanted = [UserType.EMS, UserType.CENTER];
    const { users: listed } = await users().listUsers({ userTypes: wanted, pageSize: 500 });
    expect(new Set(listed.map(({ userType }) => userType))).toEqual(new Set(wanted));
  });

  it("leaves out those who cannot log in, if asked to", async () => {
    const own = await registerHospital();
    const create = async () => (await users().createUser(aRequest({ organizationId: own }))).user?.id ?? "";
    const [open, shut] = [await create(), await create()];
    await users().disableUser({ userId: shut });
    const idsOf = async (activeOnly: boolean) =>
      (await users().listUsers({ organizationId: own, activeOnly })).users.map(({ id }) => id);
    expect(await idsOf(true)).toEqual([open]);
    expect((await idsOf(false)).toSorted()).toEqual([open, shut].toSorted());
  });

  it.each([
    ["part of the name, in any case", "pEr HiL"],
    ["part of the e-mail address", "unusual-"],
    ["a percent sign, which stands for itself", "100%"],
    ["an underscore, which stands for itself", "a_b"],
    ["a backslash", "c\\d"],
    ["a quotation mark", "d'e"],
  ])("finds people by %s", async (_what, contains) => {
    const own = await registerHospital();
    const wanted = aRequest({
      organizationId: own,
      name: "Harper Hill 100% a_b c\\d d'e",
      email: `unusual-${newId()}@x.example`,
    });
    await users().createUser(wanted);
    await users().createUser(aRequest({ organizationId: own, name: "Somebody 1000 aXb c/d de" }));
    const { users: listed } = await users().listUsers({ organizationId: own, contains });
    expect(listed.map(({ email }) => email)).toEqual([wanted.email]);
  });

  it("refuses a page token that was made for another list", async () => {
    const { nextPageToken } = await users().listUsers({ pageSize: 1 });
    const call = users().listUsers({ organizationId: hospitalId, pageSize: 1, pageToken: nextPageToken });
    expect(await refusalOf(call)).toBe("PAGE_TOKEN_MISMATCH");
  });
});
