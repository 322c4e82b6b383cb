import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { SessionEndedSchema } from "#gen/medport/events/v1/session_events_pb.ts";
import { UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { betterPassword, createAccount, goodPassword } from "../users/account.builder.ts";
import { LoginGuardEntity, SessionEntity } from "./session.entity.ts";

let center: TestCenter;
let time = new Date();

beforeAll(async () => {
  center = await startTestCenter("center change password", { clock: () => time });
});
afterAll(async () => center[Symbol.asyncDispose]());

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function login(email: string, password = goodPassword, newPassword = "") {
  const answer = await center.clientWith(AuthService, {}).login({ email, password, newPassword });
  const { accessToken = "", refreshToken = "" } = answer.session ?? {};
  return {
    auth: center.clientWith(AuthService, { authorization: `Bearer ${accessToken}` }),
    refreshToken,
    user: answer.user,
  };
}

async function failuresOf(userId: string): Promise<number | undefined> {
  return (await center.database.fork().findOne(LoginGuardEntity, { userId }))?.consecutiveFailures;
}

async function updatesOf(userId: string) {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select("payload")
    .where("aggregate_id", "=", userId)
    .where("aggregate_ver", ">", "1")
    .execute();
  return rows.map(({ payload }) => fromBinary(UserUpdatedSchema, payload).user);
}

/** What was told of an account, as the text that can be read in it. */
async function payloadsOf(userId: string): Promise<string[]> {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select("payload")
    .where("aggregate_id", "=", userId)
    .execute();
  return rows.map(({ payload }) => Buffer.from(payload).toString("latin1"));
}

async function endedSessionsOf(userId: string): Promise<string[]> {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select("payload")
    .where("aggregate_type", "=", "session")
    .execute();
  const events = rows.map(({ payload }) => fromBinary(SessionEndedSchema, payload));
  return events.filter((event) => event.userId === userId).map(({ sessionId }) => sessionId);
}

describe("changing the own password", () => {
  const change = (from: Awaited<ReturnType<typeof login>>, over: object = {}) =>
    from.auth.changePassword({ currentPassword: goodPassword, newPassword: betterPassword, ...over });

  it("takes the new one from then on, and the former no more", async () => {
    const { email } = await createAccount(center.database);
    await change(await login(email));
    expect(await refusalOf(login(email))).toBe("CREDENTIALS_INVALID");
    expect(await refusalOf(login(email, betterPassword))).toBe("answered");
  });

  it("ends all other sessions, and leaves the caller's alone", async () => {
    const { id, email } = await createAccount(center.database);
    const [own, ...others] = [await login(email), await login(email), await login(email)];
    await change(own);
    expect(await refusalOf(own.auth.verifyToken({}))).toBe("answered");
    expect(await refusalOf(own.auth.refreshSession({ refreshToken: own.refreshToken }))).toBe("answered");
    for (const { auth, refreshToken } of others) {
      expect(await refusalOf(auth.verifyToken({}))).toBe("SESSION_ENDED");
      expect(await refusalOf(auth.refreshSession({ refreshToken }))).toBe("SESSION_ENDED");
    }
    const ended = await center.database.fork().find(SessionEntity, { userId: id, endReason: "PASSWORD_CHANGED" });
    expect((await endedSessionsOf(id)).toSorted()).toEqual(ended.map((session) => session.id).toSorted());
    expect(ended).toHaveLength(2);
  });

  it("tells the world of a new version, and neither password nor hash", async () => {
    const { id, email } = await createAccount(center.database);
    await change(await login(email));
    const updates = await updatesOf(id);
    expect(updates).toHaveLength(1);
    expect(updates[0]).toMatchObject({ id, etag: '"2"', mustChangePassword: false });
    expect(updates[0]?.tokensValidFromTime).toBeUndefined();
    const said = (await payloadsOf(id)).join("") + center.logged.join("");
    expect(said).toContain(email);
    expect(said).not.toContain(betterPassword);
    expect(said).not.toContain("$2b$");
  });

  it.each([
    ["the present one itself", goodPassword],
    ["one that is too short", "only 14 chars!"],
    ["one that everybody has", "correct horse battery staple"],
  ])("refuses %s as VALIDATION_FAILED, which is no failure to guess", async (_what, newPassword) => {
    const { id, email } = await createAccount(center.database);
    const session = await login(email);
    expect(await refusalOf(change(session, { newPassword }))).toBe("VALIDATION_FAILED");
    expect(await failuresOf(id)).toBe(0);
    expect(await refusalOf(login(email))).toBe("answered");
  });

  it("guards the present password as the login does, and counts on the same account", async () => {
    const { id, email } = await createAccount(center.database);
    const session = await login(email);
    await refusalOf(login(email, "a wrong guess"));
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const call = change(session, { currentPassword: "another wrong guess" });
      expect(await refusalOf(call)).toBe("CREDENTIALS_INVALID");
    }
    expect(await failuresOf(id)).toBe(5);
    expect(await refusalOf(change(session))).toBe("CREDENTIALS_INVALID");
    time = new Date(time.getTime() + 1_001);
    expect(await refusalOf(change(session))).toBe("answered");
    expect(await failuresOf(id)).toBe(0);
  });

  it("counts every one of many guesses that come at once", async () => {
    const { id, email } = await createAccount(center.database);
    const session = await login(email);
    const guesses = Array.from({ length: 40 }, (_, index) =>
      refusalOf(change(session, { currentPassword: `guess number ${index}` })),
    );
    expect(new Set(await Promise.all(guesses))).toEqual(new Set(["CREDENTIALS_INVALID", "RATE_LIMITED"]));
    expect(await failuresOf(id)).toBe(5);
  });

  it("gives the first answer again for the same request_id, and counts no failure", async () => {
    const { id, email } = await createAccount(center.database);
    const session = await login(email);
    const over = { requestId: newId() };
    await change(session, over);
    expect(await refusalOf(change(session, over))).toBe("answered");
    expect(await failuresOf(id)).toBe(0);
    expect(await updatesOf(id)).toHaveLength(1);
  });

  it("happens once when two changes come at once", async () => {
    const { id, email } = await createAccount(center.database);
    const [one, other] = [await login(email), await login(email)];
    const answers = await Promise.all([
      refusalOf(change(one)),
      refusalOf(change(other, { newPassword: "ten bronze lapwings sing" })),
    ]);
    expect(answers.filter((answer) => answer === "answered")).toHaveLength(1);
    expect(await updatesOf(id)).toHaveLength(1);
  });

  it("is nothing for whoever has not logged in", async () => {
    const call = center.clientWith(AuthService, {}).changePassword({ currentPassword: "x", newPassword: "y" });
    expect(await refusalOf(call)).toBe("TOKEN_MISSING");
  });
});

describe("logging in with a temporary password", () => {
  const temporary = () => createAccount(center.database, { mustChangePassword: true });

  it("is refused until a new one is brought as well", async () => {
    const { id, email } = await temporary();
    expect(await refusalOf(login(email))).toBe("PASSWORD_CHANGE_REQUIRED");
    expect(await center.database.fork().count(SessionEntity, { userId: id })).toBe(0);
    expect(await failuresOf(id)).toBe(0);
  });

  it("does not tell who lacks the temporary password that there is one", async () => {
    const { email } = await temporary();
    expect(await refusalOf(login(email, "a wrong guess", betterPassword))).toBe("CREDENTIALS_INVALID");
  });

  it("opens a session and sets the new password, in one", async () => {
    const { id, email } = await temporary();
    const { auth, user } = await login(email, goodPassword, betterPassword);
    expect(user).toMatchObject({ id, mustChangePassword: false, etag: '"2"' });
    expect(await refusalOf(auth.verifyToken({}))).toBe("answered");
    expect(await updatesOf(id)).toEqual([user]);
    expect(await refusalOf(login(email))).toBe("CREDENTIALS_INVALID");
    expect(await refusalOf(login(email, betterPassword))).toBe("answered");
  });

  it.each([
    ["the temporary one itself", goodPassword],
    ["one that is too short", "only 14 chars!"],
  ])("refuses %s as VALIDATION_FAILED and leaves everything as it was", async (_what, newPassword) => {
    const { id, email } = await temporary();
    expect(await refusalOf(login(email, goodPassword, newPassword))).toBe("VALIDATION_FAILED");
    expect(await failuresOf(id)).toBe(0);
    expect(await refusalOf(login(email))).toBe("PASSWORD_CHANGE_REQUIRED");
  });

  it("takes one of two new ones that come at once", async () => {
    const { id, email } = await temporary();
    const answers = await Promise.all([
      refusalOf(login(email, goodPassword, betterPassword)),
      refusalOf(login(email, goodPassword, "ten bronze lapwings sing")),
    ]);
    expect(answers.filter((answer) => answer === "answered")).toHaveLength(1);
    expect(await updatesOf(id)).toHaveLength(1);
  });

  it("refuses a new password that nobody has asked for", async () => {
    const { email } = await createAccount(center.database);
    expect(await refusalOf(login(email, goodPassword, betterPassword))).toBe("VALIDATION_FAILED");
    expect(await refusalOf(login(email))).toBe("answered");
  });

  it("leaves an audit entry of the refusal that names the account", async () => {
    const { id, email } = await temporary();
    await refusalOf(login(email));
    const entries = await platformTables(center.database.fork())
      .selectFrom("audit_entry")
      .select(["decision", "reason", "entities"])
      .where("reason", "=", "PASSWORD_CHANGE_REQUIRED")
      .execute();
    const own = entries.filter(({ entities }) => entities.some((entity) => entity.id === id));
    expect(own.map(({ decision }) => decision)).toEqual(["REFUSED"]);
  });
});
