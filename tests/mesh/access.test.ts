import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { User } from "#gen/medport/center/v1/user_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { firstAdminEmail, sampleAgencyNames } from "../../services/cli/src/sample/accounts.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

const password = "seven violet otters";

let test: TestMesh;
let overseer: MeshOfUser;
/** Two agencies by id, and somebody of each who manages its people. */
let agencies: readonly [string, string];
let admins: readonly [MeshOfUser, MeshOfUser];

beforeAll(async () => {
  test = await startTestMesh();
  overseer = await logIn(firstAdminEmail);
  const [first, second] = await Promise.all(sampleAgencyNames.map(agencyIdOf));
  agencies = [first ?? "", second ?? ""];
  admins = [await admin(agencies[0]), await admin(agencies[1])];
}, 60_000);
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

/** Logs a person of the sample region in. */
function logIn(email: string): Promise<MeshOfUser> {
  const account = test.accounts.find((candidate) => candidate.email === email);
  if (!account) throw new Error(`the sample region has no ${email}`);
  return test.mesh.login(account.email, account.password);
}

async function agencyIdOf(name: string): Promise<string> {
  const account = test.accounts.find(({ organization }) => organization === name);
  return (await logIn(account?.email ?? "")).user.organizationId;
}

async function person(organizationId: string, roles: readonly Role[] = [Role.DISPATCHER]): Promise<User> {
  const { user } = await overseer.center.users.createUser({
    email: `${newId()}@agency.example`,
    password,
    name: "Alex Agency",
    userType: UserType.EMS,
    organizationId,
    roles: [...roles],
  });
  if (!user) throw new Error("Center created nobody");
  return user;
}

async function admin(organizationId: string): Promise<MeshOfUser> {
  const { email } = await person(organizationId, [Role.ORG_ADMIN]);
  return test.mesh.login(email, password);
}

/** A session as a client has it that renews nothing by itself. */
interface BareSession {
  readonly accessToken: string;
  readonly refreshToken: string;
}

async function bareLogin(email: string): Promise<BareSession> {
  const { session } = await test.mesh.center.auth.login({ email, password });
  return { accessToken: session?.accessToken ?? "", refreshToken: session?.refreshToken ?? "" };
}

async function outcomeOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

/** What each silo says to an access token, of an agency's person. */
async function outcomesOf({ accessToken }: BareSession) {
  const options = { headers: { authorization: `Bearer ${accessToken}` } };
  const { hospital, ems, center } = test.mesh;
  const [atHospital, atEms, atCenter] = await Promise.all([
    outcomeOf(hospital.facilities.listFacilities({}, options)),
    outcomeOf(ems.units.listUnits({}, options)),
    outcomeOf(center.auth.verifyToken({}, options)),
  ]);
  return { hospital: atHospital, ems: atEms, center: atCenter };
}

function everywhere(outcome: string) {
  return { hospital: outcome, ems: outcome, center: outcome };
}

/** The promise is a minute; what happens in fact takes a few seconds. */
function eventuallyEverywhere(session: BareSession, outcome: string): Promise<void> {
  return eventually(async () => expect(await outcomesOf(session)).toEqual(everywhere(outcome)), {
    withinMs: 20_000,
    everyMs: 100,
  });
}

describe("access that ends", () => {
  it("ends in all silos when an account is shut, and comes back with a new login after it is opened again", async () => {
    const { id: userId, email } = await person(agencies[0]);
    const session = await bareLogin(email);
    expect(await outcomesOf(session)).toEqual(everywhere("answered"));
    await admins[0].center.users.disableUser({ userId });
    expect((await outcomesOf(session)).center).toBe("SESSION_ENDED");
    await eventuallyEverywhere(session, "SESSION_ENDED");
    expect(await outcomeOf(bareLogin(email))).toBe("CREDENTIALS_INVALID");

    await admins[0].center.users.enableUser({ userId });
    expect(await outcomesOf(await bareLogin(email))).toEqual(everywhere("answered"));
    expect(await outcomesOf(session)).toEqual(everywhere("SESSION_ENDED"));
    expect(await outcomeOf(test.mesh.center.auth.refreshSession(session))).toBe("SESSION_ENDED");
  });

  it("ends in all silos with a logout, for that session alone", async () => {
    const { email } = await person(agencies[0]);
    const [session, other] = [await bareLogin(email), await bareLogin(email)];
    expect(await outcomesOf(session)).toEqual(everywhere("answered"));
    const headers = { authorization: `Bearer ${session.accessToken}` };
    await test.mesh.center.auth.logout({}, { headers });
    await eventuallyEverywhere(session, "SESSION_ENDED");
    expect(await outcomesOf(other)).toEqual(everywhere("answered"));
  });

  it("ends in all silos when a refresh token comes twice", async () => {
    const { email } = await person(agencies[0]);
    const session = await bareLogin(email);
    await test.mesh.center.auth.refreshSession(session);
    expect(await outcomeOf(test.mesh.center.auth.refreshSession(session))).toBe("SESSION_ENDED");
    await eventuallyEverywhere(session, "SESSION_ENDED");
  });

  it("ends in all silos with a temporary password, in whose place a new one must be put first", async () => {
    const { id: userId, email } = await person(agencies[0]);
    const session = await bareLogin(email);
    const temporaryPassword = "nine amber herons wade";
    await admins[0].center.users.resetPassword({ userId, temporaryPassword });
    await eventuallyEverywhere(session, "SESSION_ENDED");
    const { auth } = test.mesh.center;
    const withTemporary = { email, password: temporaryPassword };
    expect(await outcomeOf(auth.login(withTemporary))).toBe("PASSWORD_CHANGE_REQUIRED");
    expect(await outcomeOf(auth.login({ ...withTemporary, newPassword: password }))).toBe("answered");
    expect(await outcomesOf(await bareLogin(email))).toEqual(everywhere("answered"));
  });

  it("has still ended after a silo was started anew", async () => {
    const { id: userId, email } = await person(agencies[0]);
    const session = await bareLogin(email);
    await admins[0].center.users.disableUser({ userId });
    await eventuallyEverywhere(session, "SESSION_ENDED");
    for (const service of serviceNames) {
      await test.stop(service);
      await test.start(service);
    }
    expect(await outcomesOf(session)).toEqual(everywhere("SESSION_ENDED"));
  });
});

describe("new roles", () => {
  /** Who may not gets METHOD_NOT_ALLOWED; who may is told that the request says nothing. */
  const tryToWork = (mesh: MeshOfUser) => outcomeOf(mesh.ems.units.createUnit({}));

  const setRoles = (userId: string, roles: readonly Role[]) =>
    admins[0].center.users.updateUser({ userId, details: { roles: [...roles] }, updateMask: { paths: ["roles"] } });

  it("hold in another silo without a new login, those that were taken as well as those that were given", async () => {
    const { id, email } = await person(agencies[0], [Role.VIEWER]);
    const mesh = await test.mesh.login(email, password);
    expect(await tryToWork(mesh)).toBe("METHOD_NOT_ALLOWED");
    for (const [roles, outcome] of [
      [[Role.DISPATCHER], "VALIDATION_FAILED"],
      [[Role.VIEWER], "METHOD_NOT_ALLOWED"],
    ] as const) {
      await setRoles(id, roles);
      await eventually(async () => expect(await tryToWork(mesh)).toBe(outcome), { withinMs: 20_000, everyMs: 100 });
    }
  });

  it("make tokens with the former ones worthless in all silos", async () => {
    const { id, email } = await person(agencies[0]);
    const session = await bareLogin(email);
    await setRoles(id, [Role.VIEWER]);
    await eventuallyEverywhere(session, "TOKEN_EXPIRED");
    const renewed = await test.mesh.center.auth.refreshSession(session);
    const { accessToken = "", refreshToken = "" } = renewed.session ?? {};
    expect(await outcomesOf({ accessToken, refreshToken })).toEqual(everywhere("answered"));
  });
});

describe("an organization's admin", () => {
  it("neither sees nor touches another organization's people, whether they are there or not", async () => {
    const stranger = await person(agencies[1]);
    const { users } = admins[0].center;
    for (const userId of [stranger.id, overseer.user.id, "nobody"]) {
      const details = { name: "Somebody Else", roles: [Role.ORG_ADMIN] };
      const updateMask = { paths: ["name", "roles"] };
      const outcomes = await Promise.all(
        [
          users.getUser({ userId }),
          users.updateUser({ userId, details, updateMask }),
          users.disableUser({ userId }),
          users.enableUser({ userId }),
          users.resetPassword({ userId, temporaryPassword: "nine amber herons wade" }),
          users.unlockUser({ userId }),
        ].map(outcomeOf),
      );
      expect(new Set(outcomes)).toEqual(new Set(["RESOURCE_NOT_FOUND"]));
    }
    const { users: seen } = await users.listUsers({ pageSize: 500 });
    expect(new Set(seen.map(({ organizationId }) => organizationId))).toEqual(new Set([agencies[0]]));
    expect((await overseer.center.users.getUser({ userId: stranger.id })).user).toEqual(stranger);
  });

  it("makes nobody who acts for Center, or for another organization", async () => {
    const wanted = { password, name: "Eve Else", roles: [Role.ORG_ADMIN] };
    for (const [userType, organizationId] of [
      [UserType.CENTER, ""],
      [UserType.EMS, agencies[1]],
      [UserType.HOSPITAL, agencies[0]],
    ] as const) {
      const email = `${newId()}@agency.example`;
      const call = admins[0].center.users.createUser({ ...wanted, email, userType, organizationId });
      expect(await outcomeOf(call)).toBe("ACTION_NOT_ALLOWED");
    }
  });

  it("cannot give anybody a kind or an organization by a change of details", async () => {
    const { id: userId } = await person(agencies[0]);
    for (const path of ["user_type", "organization_id", "email"]) {
      const call = admins[0].center.users.updateUser({ userId, details: {}, updateMask: { paths: [path] } });
      expect(await outcomeOf(call)).toBe("VALIDATION_FAILED");
    }
  });
});
