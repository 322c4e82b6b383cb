import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { SessionEndedSchema } from "#gen/medport/events/v1/session_events_pb.ts";
import { UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { Role } from "#gen/medport/policy/v1/principal_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { LoginGuardEntity } from "../auth/session.entity.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { insertHospital } from "../hospitals/hospital.store.ts";
import { type HospitalId, registerHospital } from "../hospitals/hospital.ts";
import { betterPassword, createAccount, goodPassword } from "./account.builder.ts";
import type { Membership, User, UserId } from "./user.ts";

let center: TestCenter;
let membership: Membership;
/** Of a hospital of its own for each test. */
let admin: User;
let dispatcher: User;

beforeAll(async () => {
  center = await startTestCenter("center user changes");
});
beforeEach(async () => {
  membership = await aMembership();
  admin = await person({ roles: ["orgAdmin"] });
  dispatcher = await person({ roles: ["dispatcher"] });
});
afterAll(async () => center[Symbol.asyncDispose]());

async function aMembership(): Promise<Membership> {
  const profile = { name: "Test Hospital", address: "1 Main St", city: "Altoona", state: "PA", zipCode: "16601" };
  const hospital = registerHospital(newId() as HospitalId, profile, new Date());
  await center.database.transaction((tx) => insertHospital(tx, hospital));
  return { userType: "HOSPITAL", organizationId: hospital.id };
}

function person(over: Partial<Omit<User, "membership">> & { readonly membership?: Membership } = {}): Promise<User> {
  return createAccount(center.database, { membership, ...over });
}

/** The service in a person's name, with a token that no login has made. */
function as({ id, membership: of, roles }: User) {
  return of.userType === "CENTER"
    ? center.client(UserService, aCenterUser({ userId: id, roles }))
    : center.client(UserService, aUser({ userId: id, ...of, roles }));
}
const asCenter = () => center.client(UserService);

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function login(email: string, password = goodPassword) {
  const { session } = await center.clientWith(AuthService, {}).login({ email, password });
  const authorization = `Bearer ${session?.accessToken}`;
  return {
    auth: center.clientWith(AuthService, { authorization }),
    users: center.clientWith(UserService, { authorization }),
    refreshToken: session?.refreshToken ?? "",
  };
}

async function eventsAbout(id: string) {
  return platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select(["subject", "payload", "aggregate_ver"])
    .where("aggregate_id", "=", id)
    .orderBy("aggregate_ver")
    .execute();
}

/** The versions of an account that the world was told of, with the last event's account. */
async function told(id: string) {
  const events = await eventsAbout(id);
  const last = events.at(-1);
  return {
    versions: events.map(({ aggregate_ver: version }) => Number(version)),
    last: fromBinary(UserUpdatedSchema, last?.payload ?? new Uint8Array()).user,
  };
}

/** How many of a person's sessions the world knows to have ended. */
async function endedSessionsOf(userId: string): Promise<number> {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select("payload")
    .where("aggregate_type", "=", "session")
    .execute();
  return rows.filter(({ payload }) => fromBinary(SessionEndedSchema, payload).userId === userId).length;
}

/** Every change of an account, as somebody wants it. */
const changes = {
  updateUser: (by: User, userId: string) =>
    as(by).updateUser({ userId, details: { name: "New Name" }, updateMask: { paths: ["name"] } }),
  disableUser: (by: User, userId: string) => as(by).disableUser({ userId }),
  enableUser: (by: User, userId: string) => as(by).enableUser({ userId }),
  resetPassword: (by: User, userId: string) => as(by).resetPassword({ userId, temporaryPassword: betterPassword }),
  unlockUser: (by: User, userId: string) => as(by).unlockUser({ userId }),
} as const;

describe.each(Object.entries(changes))("%s", (_name, change) => {
  it("is open to an admin of the organization and to Center's", async () => {
    expect((await change(admin, dispatcher.id)).user?.id).toBe(dispatcher.id);
    const overseer = await createAccount(center.database);
    expect((await change(overseer, dispatcher.id)).user?.id).toBe(dispatcher.id);
  });

  it("is refused to everybody else of the organization", async () => {
    expect(await refusalOf(change(dispatcher, admin.id))).toBe("METHOD_NOT_ALLOWED");
  });

  it("cannot tell another organization's person, or one of Center's, from nobody", async () => {
    const stranger = await person({ membership: await aMembership() });
    const overseer = await createAccount(center.database);
    const before = await told(stranger.id);
    const errors = await Promise.all(
      [stranger.id, overseer.id, "nobody"].map((id) =>
        change(admin, id).then(
          () => "answered",
          (error: unknown) => [reasonOf(error), String(error).replace(id, "x")].join(": "),
        ),
      ),
    );
    expect(errors[0]).toContain("RESOURCE_NOT_FOUND");
    expect(new Set(errors).size).toBe(1);
    expect(await told(stranger.id)).toEqual(before);
  });

  it("leaves an audit entry that names the account", async () => {
    await change(admin, dispatcher.id);
    const entries = await platformTables(center.database.fork())
      .selectFrom("audit_entry")
      .select(["decision", "entities"])
      .where("user_id", "=", admin.id)
      .execute();
    const named = entries.flatMap(({ entities }) => entities.map(({ type, id }) => `${type} ${id}`));
    expect(named).toContain(`user ${dispatcher.id}`);
    expect(entries.map(({ decision }) => decision)).toEqual(["ALLOWED"]);
  });
});

describe("changing an account's details", () => {
  const update = (by: User, details: { name?: string; roles?: Role[]; email?: string }, over: object = {}) =>
    as(by).updateUser({ userId: dispatcher.id, details, updateMask: { paths: Object.keys(details) }, ...over });

  it("changes what the mask names, and tells the world once", async () => {
    const details = { name: " New Name ", roles: [Role.VIEWER] };
    const { user } = await as(admin).updateUser({ userId: dispatcher.id, details, updateMask: { paths: ["name"] } });
    expect(user).toMatchObject({ name: "New Name", roles: [Role.DISPATCHER], active: true });
    expect(user?.tokensValidFromTime).toBeUndefined();
    expect(await told(dispatcher.id)).toEqual({ versions: [1, 2], last: user });
    expect((await as(admin).getUser({ userId: dispatcher.id })).user).toEqual(user);
  });

  it("tells nothing if nothing changes", async () => {
    const { user } = await update(admin, { name: dispatcher.name, roles: [Role.DISPATCHER] });
    expect(user?.etag).toBe('"1"');
    expect((await told(dispatcher.id)).versions).toEqual([1]);
  });

  it("gives new roles at once: a token with the former ones must be renewed, and the session goes on", async () => {
    const session = await login(dispatcher.email);
    const { user } = await update(admin, { roles: [Role.VIEWER, Role.ORG_ADMIN] });
    expect(timestampDate(user?.tokensValidFromTime ?? never()).getTime()).toBeGreaterThan(Date.now() - 10_000);
    expect(await refusalOf(session.users.listUsers({}))).toBe("TOKEN_EXPIRED");
    const renewed = await session.auth.refreshSession({ refreshToken: session.refreshToken });
    const authorization = `Bearer ${renewed.session?.accessToken}`;
    const { users } = await center.clientWith(UserService, { authorization }).listUsers({});
    expect(users.map(({ id }) => id)).toContain(dispatcher.id);
    expect(await endedSessionsOf(dispatcher.id)).toBe(0);
  });

  it("ends tokens again when roles change twice in one second", async () => {
    const session = await login(dispatcher.email);
    await update(admin, { roles: [Role.ORG_ADMIN] });
    const renewed = await session.auth.refreshSession({ refreshToken: session.refreshToken });
    const asAdmin = center.clientWith(UserService, { authorization: `Bearer ${renewed.session?.accessToken}` });
    expect(await refusalOf(asAdmin.listUsers({}))).toBe("answered");
    await update(admin, { roles: [Role.VIEWER] });
    expect(await refusalOf(asAdmin.listUsers({}))).toBe("TOKEN_EXPIRED");
  });

  it("refuses an admin the own roles, Center's too, and leaves the own name free", async () => {
    const overseer = await createAccount(center.database, { roles: ["orgAdmin"] });
    for (const self of [admin, overseer]) {
      const details = { name: "New Name", roles: [Role.ORG_ADMIN, Role.DISPATCHER] };
      const own = (paths: string[]) => as(self).updateUser({ userId: self.id, details, updateMask: { paths } });
      expect(await refusalOf(own(["roles"]))).toBe("ACTION_NOT_ALLOWED");
      expect((await own(["name"])).user?.name).toBe("New Name");
    }
  });

  it("keeps an organization's last admin one, against Center too", async () => {
    const demote = () =>
      asCenter().updateUser({
        userId: admin.id,
        details: { roles: [Role.VIEWER] },
        updateMask: { paths: ["roles"] },
      });
    expect(await refusalOf(demote())).toBe("LAST_ADMIN");
    await person({ roles: ["orgAdmin"] });
    expect((await demote()).user?.roles).toEqual([Role.VIEWER]);
  });

  it("does not count an admin who cannot log in, nor one of another organization", async () => {
    const shut = await person({ roles: ["orgAdmin"] });
    await asCenter().disableUser({ userId: shut.id });
    await person({ roles: ["orgAdmin"], membership: await aMembership() });
    expect(await refusalOf(asCenter().disableUser({ userId: admin.id }))).toBe("LAST_ADMIN");
  });

  it.each([
    ["a blank name", { name: " " }],
    ["no roles", { roles: [] }],
    ["a mask that names nothing", {}],
    ["a field that there is not", { email: "new@altoona.example" }],
    ["an unknown role", { roles: [99 as Role] }],
  ])("refuses %s as VALIDATION_FAILED", async (_what, details) => {
    expect(await refusalOf(update(admin, details))).toBe("VALIDATION_FAILED");
  });

  it("refuses an etag that is not the last one, and takes the last", async () => {
    await update(admin, { name: "Second" });
    expect(await refusalOf(update(admin, { name: "Third" }, { etag: '"1"' }))).toBe("ETAG_MISMATCH");
    expect((await update(admin, { name: "Third" }, { etag: '"2"' })).user?.etag).toBe('"3"');
  });

  it("gives the first answer again for the same request_id", async () => {
    const over = { requestId: newId() };
    const first = await update(admin, { name: "Second" }, over);
    expect(await update(admin, { name: "Second" }, over)).toEqual(first);
    expect((await told(dispatcher.id)).versions).toEqual([1, 2]);
  });
});

describe("shutting an account", () => {
  it("ends its sessions at once, and the password is not taken any more", async () => {
    const sessions = [await login(dispatcher.email), await login(dispatcher.email)];
    const { user } = await as(admin).disableUser({ userId: dispatcher.id });
    expect(user?.active).toBe(false);
    for (const { auth, users, refreshToken } of sessions) {
      expect(await refusalOf(users.getUser({ userId: dispatcher.id }))).toBe("SESSION_ENDED");
      expect(await refusalOf(auth.refreshSession({ refreshToken }))).toBe("SESSION_ENDED");
    }
    expect(await refusalOf(login(dispatcher.email))).toBe("CREDENTIALS_INVALID");
  });

  it("tells the world of the account, and of each session, once", async () => {
    await login(dispatcher.email);
    await login(dispatcher.email);
    const { user } = await as(admin).disableUser({ userId: dispatcher.id });
    await as(admin).disableUser({ userId: dispatcher.id });
    expect(await told(dispatcher.id)).toEqual({ versions: [1, 2], last: user });
    expect(user?.tokensValidFromTime).toBeDefined();
    expect(await endedSessionsOf(dispatcher.id)).toBe(2);
  });

  it("is refused for the own account", async () => {
    await person({ roles: ["orgAdmin"] });
    expect(await refusalOf(as(admin).disableUser({ userId: admin.id }))).toBe("ACTION_NOT_ALLOWED");
  });

  it("is refused for an organization's last admin", async () => {
    expect(await refusalOf(asCenter().disableUser({ userId: admin.id }))).toBe("LAST_ADMIN");
  });

  it("leaves one of two admins who shut each other out at once", async () => {
    for (let round = 0; round < 10; round += 1) {
      membership = await aMembership();
      const [one, other] = [await person({ roles: ["orgAdmin"] }), await person({ roles: ["orgAdmin"] })];
      const answers = await Promise.all([
        refusalOf(as(one).disableUser({ userId: other.id })),
        refusalOf(as(other).disableUser({ userId: one.id })),
      ]);
      // The slower one may find the own account shut already, on the way in or when it is its turn.
      const refused = answers.filter((answer) => answer !== "answered");
      expect(refused).toHaveLength(1);
      expect(["LAST_ADMIN", "SESSION_ENDED"]).toContain(refused[0]);
    }
  });

  it("leaves one of two admins whom Center shuts out and demotes at once", async () => {
    for (let round = 0; round < 10; round += 1) {
      membership = await aMembership();
      const [one, other] = [await person({ roles: ["orgAdmin"] }), await person({ roles: ["orgAdmin"] })];
      const details = { roles: [Role.VIEWER] };
      const answers = await Promise.all([
        refusalOf(asCenter().disableUser({ userId: other.id })),
        refusalOf(asCenter().updateUser({ userId: one.id, details, updateMask: { paths: ["roles"] } })),
      ]);
      expect(answers.toSorted()).toEqual(["LAST_ADMIN", "answered"]);
    }
  });

  it("leaves no session behind that begins at the same moment", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id, email } = await person();
      const logins = Promise.allSettled([login(email), login(email)]);
      await as(admin).disableUser({ userId: id });
      for (const end of await logins) {
        if (end.status === "rejected") expect(reasonOf(end.reason)).toBe("CREDENTIALS_INVALID");
        else expect(await refusalOf(end.value.users.getUser({ userId: id }))).toBe("SESSION_ENDED");
      }
    }
  });
});

describe("opening an account", () => {
  it("lets its owner log in, and no former session go on", async () => {
    const { users, auth, refreshToken } = await login(dispatcher.email);
    await as(admin).disableUser({ userId: dispatcher.id });
    const { user } = await as(admin).enableUser({ userId: dispatcher.id });
    expect(await told(dispatcher.id)).toEqual({ versions: [1, 2, 3], last: user });
    expect(await refusalOf(users.getUser({ userId: dispatcher.id }))).toBe("SESSION_ENDED");
    expect(await refusalOf(auth.refreshSession({ refreshToken }))).toBe("SESSION_ENDED");
    const renewed = await login(dispatcher.email);
    expect(await refusalOf(renewed.users.getUser({ userId: dispatcher.id }))).toBe("answered");
  });

  it("tells nothing if it is open", async () => {
    expect((await as(admin).enableUser({ userId: dispatcher.id })).user?.etag).toBe('"1"');
    expect((await told(dispatcher.id)).versions).toEqual([1]);
  });

  it("refuses an etag that is not the last one", async () => {
    await as(admin).disableUser({ userId: dispatcher.id });
    const call = as(admin).enableUser({ userId: dispatcher.id, etag: '"1"' });
    expect(await refusalOf(call)).toBe("ETAG_MISMATCH");
  });
});

describe("giving a temporary password", () => {
  it("ends the sessions and the former password, and demands a new one", async () => {
    const { users } = await login(dispatcher.email);
    const { user } = await as(admin).resetPassword({ userId: dispatcher.id, temporaryPassword: betterPassword });
    expect(user?.mustChangePassword).toBe(true);
    expect(await told(dispatcher.id)).toEqual({ versions: [1, 2], last: user });
    expect(await endedSessionsOf(dispatcher.id)).toBe(1);
    expect(await refusalOf(users.getUser({ userId: dispatcher.id }))).toBe("SESSION_ENDED");
    expect(await refusalOf(login(dispatcher.email))).toBe("CREDENTIALS_INVALID");
    expect(await refusalOf(login(dispatcher.email, betterPassword))).toBe("PASSWORD_CHANGE_REQUIRED");
  });

  it("lets its owner try, however many failures there were before", async () => {
    await login(dispatcher.email);
    await lock(dispatcher.id);
    await as(admin).resetPassword({ userId: dispatcher.id, temporaryPassword: betterPassword });
    expect(await refusalOf(login(dispatcher.email, betterPassword))).toBe("PASSWORD_CHANGE_REQUIRED");
  });

  it("is refused for the own account", async () => {
    const call = as(admin).resetPassword({ userId: admin.id, temporaryPassword: betterPassword });
    expect(await refusalOf(call)).toBe("ACTION_NOT_ALLOWED");
  });

  it.each(["only 14 chars!", "correct horse battery staple"])("refuses %j as VALIDATION_FAILED", async (password) => {
    const call = as(admin).resetPassword({ userId: dispatcher.id, temporaryPassword: password });
    expect(await refusalOf(call)).toBe("VALIDATION_FAILED");
  });

  it("gives the first answer again for the same request_id, and leaves the password nowhere", async () => {
    const request = { requestId: newId(), userId: dispatcher.id, temporaryPassword: betterPassword };
    const first = await as(admin).resetPassword(request);
    expect(await as(admin).resetPassword(request)).toEqual(first);
    expect((await told(dispatcher.id)).versions).toEqual([1, 2]);
    expect(center.logged.join("")).not.toContain(betterPassword);
  });
});

describe("unlocking an account", () => {
  it("lets its owner log in after a hundred failures", async () => {
    await login(dispatcher.email);
    await lock(dispatcher.id);
    expect(await refusalOf(login(dispatcher.email))).toBe("CREDENTIALS_INVALID");
    const { user } = await as(admin).unlockUser({ userId: dispatcher.id });
    expect(user?.etag).toBe('"1"');
    expect(await refusalOf(login(dispatcher.email))).toBe("answered");
  });

  it("does nothing about an account that nobody ever logged in to", async () => {
    expect((await as(admin).unlockUser({ userId: dispatcher.id })).user?.id).toBe(dispatcher.id);
  });
});

function lock(userId: UserId): Promise<number> {
  const shut = { consecutiveFailures: 100, lockedUntil: null };
  return center.database.fork().nativeUpdate(LoginGuardEntity, { userId }, shut);
}

function never(): never {
  throw new Error("a time is missing in the answer");
}
