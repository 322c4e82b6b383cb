import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { fromBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AuthService, type LoginResponse } from "#gen/medport/center/v1/auth_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { SessionEndedSchema } from "#gen/medport/events/v1/session_events_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { createPasswordHasher } from "../passwords/password.hasher.ts";
import { createAccount, goodPassword } from "../users/account.builder.ts";
import { UserEntity } from "../users/user.entity.ts";
import { LoginGuardEntity, RefreshTokenEntity } from "./session.entity.ts";

let center: TestCenter;
let time = new Date();
const anybody = () => center.clientWith(AuthService, {});
const bearer = (token: string) => center.clientWith(AuthService, { authorization: `Bearer ${token}` });

beforeAll(async () => {
  center = await startTestCenter("center auth", { clock: () => time });
});
afterAll(async () => center[Symbol.asyncDispose]());

function login(email: string, password = goodPassword): Promise<LoginResponse> {
  return anybody().login({ email, password });
}

async function loggedIn(): Promise<{ email: string; accessToken: string; refreshToken: string }> {
  const { email } = await createAccount(center.database);
  const { session } = await login(email);
  return { email, accessToken: session?.accessToken ?? "", refreshToken: session?.refreshToken ?? "" };
}

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function refresh(refreshToken: string): Promise<string> {
  const { session } = await anybody().refreshSession({ refreshToken });
  return session?.refreshToken ?? "";
}

async function failuresOf(userId: string): Promise<number | undefined> {
  const guard = await center.database.fork().findOne(LoginGuardEntity, { userId });
  return guard?.consecutiveFailures;
}

/** What the world was told of a token's session. */
async function endsTold(accessToken: string) {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select(["subject", "payload", "aggregate_ver"])
    .where("aggregate_type", "=", "session")
    .where("aggregate_id", "=", String(decodeJwt(accessToken)["sid"]))
    .execute();
  return rows.map(({ subject, payload, aggregate_ver: version }) => {
    const { sessionId, userId, tokensExpireTime } = fromBinary(SessionEndedSchema, payload);
    return {
      subject,
      sessionId,
      userId,
      version: Number(version),
      tokensEndMs: timestampDate(tokensExpireTime ?? never()).getTime(),
    };
  });
}

function disable(userId: string): Promise<number> {
  return center.database.fork().nativeUpdate(UserEntity, { id: userId }, { isActive: false });
}

describe("logging in", () => {
  it("gives a session and the account", async () => {
    const { id, email } = await createAccount(center.database, { name: "Ann Lee" });
    const { session, user } = await login(email);
    expect(user).toMatchObject({ id, email, name: "Ann Lee", userType: UserType.CENTER, organizationId: "" });
    expect(user?.roles).toEqual([Role.ORG_ADMIN, Role.DISPATCHER]);
    expect(session?.refreshToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const lifetimeMs = timestampDate(session?.accessExpireTime ?? never()).getTime() - time.getTime();
    expect(lifetimeMs).toBeGreaterThan(899_000 - 1_000);
    expect(lifetimeMs).toBeLessThanOrEqual(900_000);
  });

  it("gives a token that says who it is for and is signed with a published key", async () => {
    const { accessToken } = await loggedIn();
    const { keys } = await anybody().listSigningKeys({});
    expect(decodeProtectedHeader(accessToken)).toEqual({ alg: "ES256", typ: "at+jwt", kid: keys[0]?.keyId });
    const { sub, sid, iat, exp, jti, ...rest } = decodeJwt(accessToken);
    expect(rest).toEqual({
      iss: "medport-center",
      aud: "medport",
      user_type: "CENTER",
      roles: ["orgAdmin", "dispatcher"],
    });
  });

  it("takes the e-mail address in any case and with spaces around it", async () => {
    const { id, email } = await createAccount(center.database);
    expect((await login(`  ${email.toUpperCase()} `)).user?.id).toBe(id);
  });

  it("refuses a wrong password, an unknown address and a disabled account with the same words", async () => {
    const wrong = await createAccount(center.database);
    const disabled = await createAccount(center.database);
    await disable(disabled.id);
    const errors = await Promise.all(
      [login(wrong.email, "another password"), login("nobody@center.example"), login(disabled.email)].map((call) =>
        call.catch((error: unknown) => error),
      ),
    );
    expect(errors.map(reasonOf)).toEqual(["CREDENTIALS_INVALID", "CREDENTIALS_INVALID", "CREDENTIALS_INVALID"]);
    expect(new Set(errors.map(String)).size).toBe(1);
  });

  it("refuses a password longer than bcrypt reads even if its beginning is right", async () => {
    const { email } = await createAccount(center.database, { password: "x".repeat(72) });
    expect(await refusalOf(login(email, `${"x".repeat(72)}y`))).toBe("CREDENTIALS_INVALID");
  });

  it("does not look at passwords for a while after five failures, not even at the right one", async () => {
    const { id, email } = await createAccount(center.database);
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect(await refusalOf(login(email, "wrong"))).toBe("CREDENTIALS_INVALID");
    expect(await refusalOf(login(email))).toBe("CREDENTIALS_INVALID");
    expect(await failuresOf(id)).toBe(5);
    time = new Date(time.getTime() + 1_001);
    expect(await refusalOf(login(email))).toBe("answered");
    expect(await failuresOf(id)).toBe(0);
  });

  it("does not count against an account that its owner gave up waiting for the answer", async () => {
    const { id, email } = await createAccount(center.database);
    const hasher = await createPasswordHasher({ cost: 13 });
    const slowHash = await hasher.hash(goodPassword);
    await center.database.fork().nativeUpdate(UserEntity, { id }, { passwordHash: slowHash });
    const patience = new AbortController();
    const answer = refusalOf(anybody().login({ email, password: goodPassword }, { signal: patience.signal }));
    await eventually(async () => expect(await failuresOf(id)).toBe(1));
    patience.abort();
    expect(await answer).not.toBe("answered");
    await eventually(async () => expect(await failuresOf(id)).toBe(0));
  });

  it("counts every one of many guesses that come at once, and looks at few of them", async () => {
    const { id, email } = await createAccount(center.database);
    const guesses = Array.from({ length: 50 }, (_, index) => refusalOf(login(email, `guess number ${index}`)));
    const answers = await Promise.all(guesses);
    expect(new Set(answers)).toEqual(new Set(["CREDENTIALS_INVALID", "RATE_LIMITED"]));
    expect(await failuresOf(id)).toBe(5);
  });

  it("replaces a hash of lower cost by one of today's, and the password still works", async () => {
    await using stronger = await startTestCenter("center auth rehash", { passwords: { cost: 5 } });
    const { id, email } = await createAccount(stronger.database);
    const auth = stronger.clientWith(AuthService, {});
    await auth.login({ email, password: goodPassword });
    const row = await stronger.database.fork().findOneOrFail(UserEntity, { id });
    expect(row.passwordHash).toMatch(/^\$2b\$05\$/);
    expect((await auth.login({ email, password: goodPassword })).user?.id).toBe(id);
  });

  it("leaves an audit entry of success and of failure that names the account, and no password anywhere", async () => {
    const { id, email } = await createAccount(center.database);
    await login(email);
    await refusalOf(login(email, "a password that nobody has"));
    const entries = await platformTables(center.database.fork())
      .selectFrom("audit_entry")
      .select(["decision", "reason", "entities"])
      .where("action", "=", "medport.center.v1.AuthService/Login")
      .orderBy("occurred_at")
      .execute();
    const own = entries.filter(({ entities }) => entities.some((entity) => entity.type === "user" && entity.id === id));
    expect(own.map(({ decision, reason }) => [decision, reason])).toEqual([
      ["ALLOWED", null],
      ["DENIED", "CREDENTIALS_INVALID"],
    ]);
    expect(center.logged.join("")).not.toContain("a password that nobody has");
    expect(JSON.stringify(entries)).not.toContain("a password that nobody has");
  });
});

describe("refreshing a session", () => {
  it("gives a new pair, which works as well", async () => {
    const { refreshToken } = await loggedIn();
    const second = await refresh(refreshToken);
    expect(second).not.toBe(refreshToken);
    expect(await refresh(second)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it("keeps no refresh token readable", async () => {
    const { refreshToken } = await loggedIn();
    const rows = await center.database.fork().find(RefreshTokenEntity, {});
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(refreshToken);
  });

  it("ends the whole family when a token is used twice, and tells the world once", async () => {
    const { refreshToken, accessToken } = await loggedIn();
    const second = await refresh(refreshToken);
    expect(await refusalOf(refresh(refreshToken))).toBe("SESSION_ENDED");
    expect(await refusalOf(refresh(refreshToken))).toBe("SESSION_ENDED");
    expect(await refusalOf(refresh(second))).toBe("SESSION_ENDED");
    expect(await refusalOf(bearer(accessToken).verifyToken({}))).toBe("SESSION_ENDED");
    expect(await endsTold(accessToken)).toHaveLength(1);
  });

  it("gives no token that outlives the session", async () => {
    const { refreshToken } = await loggedIn();
    const loginTime = time;
    let newest = refreshToken;
    for (let minutes = 25; minutes < 12 * 60 - 10; minutes += 25) {
      time = new Date(loginTime.getTime() + minutes * 60_000);
      newest = await refresh(newest);
    }
    time = new Date(loginTime.getTime() + (12 * 60 - 10) * 60_000);
    const { session } = await anybody().refreshSession({ refreshToken: newest });
    const endMs = loginTime.getTime() + 12 * 60 * 60_000;
    expect(decodeJwt(session?.accessToken ?? "").exp).toBe(Math.floor(endMs / 1_000));
    expect(timestampDate(session?.accessExpireTime ?? never()).getTime()).toBe(Math.floor(endMs / 1_000) * 1_000);
  });

  it("lets one of fifty who come at once through, and then ends the family", async () => {
    const { refreshToken } = await loggedIn();
    const ends = await Promise.allSettled(Array.from({ length: 50 }, () => refresh(refreshToken)));
    const given = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [reasonOf(end.reason)] : []));
    expect(given).toHaveLength(1);
    expect(new Set(refused)).toEqual(new Set(["SESSION_ENDED"]));
    expect(await refusalOf(refresh(given[0] ?? ""))).toBe("SESSION_ENDED");
  });

  it("refuses what was never a refresh token, an access token too", async () => {
    const { accessToken } = await loggedIn();
    expect(await refusalOf(refresh("never-issued"))).toBe("TOKEN_INVALID");
    expect(await refusalOf(refresh(accessToken.slice(0, 256)))).toBe("TOKEN_INVALID");
  });

  it("is refused after half an hour without a refresh", async () => {
    const { refreshToken } = await loggedIn();
    time = new Date(time.getTime() + 30 * 60_000);
    expect(await refusalOf(refresh(refreshToken))).toBe("TOKEN_EXPIRED");
  });

  it("is refused twelve hours after the login, however busy the session was", async () => {
    const { refreshToken } = await loggedIn();
    let newest = refreshToken;
    for (let minutes = 0; minutes < 12 * 60 - 25; minutes += 25) {
      time = new Date(time.getTime() + 25 * 60_000);
      newest = await refresh(newest);
    }
    time = new Date(time.getTime() + 25 * 60_000);
    expect(await refusalOf(refresh(newest))).toBe("TOKEN_EXPIRED");
  });

  it("is refused once the account is disabled", async () => {
    const { email, refreshToken } = await loggedIn();
    const row = await center.database.fork().findOneOrFail(UserEntity, { email });
    await disable(row.id);
    expect(await refusalOf(refresh(refreshToken))).toBe("SESSION_ENDED");
  });
});

describe("verifying a token", () => {
  it("tells whose it is and when it ends", async () => {
    const { email, accessToken } = await loggedIn();
    const { user, expireTime } = await bearer(accessToken).verifyToken({});
    expect(user?.email).toBe(email);
    expect(timestampDate(expireTime ?? never()).getTime()).toBe((decodeJwt(accessToken).exp ?? 0) * 1_000);
  });

  it("refuses it as SESSION_ENDED after the logout, and so does refreshing", async () => {
    const { accessToken, refreshToken } = await loggedIn();
    await bearer(accessToken).logout({});
    expect(await refusalOf(bearer(accessToken).verifyToken({}))).toBe("SESSION_ENDED");
    expect(await refusalOf(refresh(refreshToken))).toBe("SESSION_ENDED");
  });

  it("refuses it once the account is disabled", async () => {
    const { email, accessToken } = await loggedIn();
    const row = await center.database.fork().findOneOrFail(UserEntity, { email });
    await disable(row.id);
    expect(await refusalOf(bearer(accessToken).verifyToken({}))).toBe("SESSION_ENDED");
  });

  it("refuses it when its time is over, at every method alike", async () => {
    const { accessToken } = await loggedIn();
    time = new Date(time.getTime() + 15 * 60_000);
    const users = center.clientWith(UserService, { authorization: `Bearer ${accessToken}` });
    expect(await refusalOf(bearer(accessToken).verifyToken({}))).toBe("TOKEN_EXPIRED");
    expect(await refusalOf(users.listUsers({}))).toBe("TOKEN_EXPIRED");
  });

  it("refuses a call without a token", async () => {
    expect(await refusalOf(anybody().verifyToken({}))).toBe("TOKEN_MISSING");
  });
});

describe("logging out", () => {
  it("may be repeated, and tells the world once", async () => {
    const { email, accessToken } = await loggedIn();
    await bearer(accessToken).logout({});
    expect(await refusalOf(bearer(accessToken).logout({}))).toBe("answered");
    const { sid } = decodeJwt(accessToken);
    const { id: userId } = await center.database.fork().findOneOrFail(UserEntity, { email });
    const ends = await endsTold(accessToken);
    expect(ends).toEqual([
      {
        subject: `evt.center.session.${String(sid)}.ended`,
        sessionId: sid,
        userId,
        version: 1,
        tokensEndMs: expect.any(Number),
      },
    ]);
    expect(ends[0]?.tokensEndMs).toBeGreaterThanOrEqual((decodeJwt(accessToken).exp ?? 0) * 1_000);
  });

  it("ends the token for every other method", async () => {
    const { accessToken } = await loggedIn();
    const users = center.clientWith(UserService, { authorization: `Bearer ${accessToken}` });
    expect(await refusalOf(users.listUsers({}))).toBe("answered");
    await bearer(accessToken).logout({});
    expect(await refusalOf(users.listUsers({}))).toBe("SESSION_ENDED");
  });

  it("leaves the person's other sessions alone", async () => {
    const { email, accessToken } = await loggedIn();
    const { session } = await login(email);
    await bearer(accessToken).logout({});
    expect(await refusalOf(bearer(session?.accessToken ?? "").verifyToken({}))).toBe("answered");
  });
});

describe("listing signing keys", () => {
  it("publishes the public halves, and nothing else", async () => {
    const { keys } = await anybody().listSigningKeys({});
    const { kid, x, y } = center.keys.tokenKey;
    expect(keys.map(({ keyId, x: keyX, y: keyY }) => [keyId, keyX, keyY])).toEqual([[kid, x, y]]);
    expect(JSON.stringify(keys)).not.toContain(center.keys.tokenKey.d);
  });
});

function never(): never {
  throw new Error("a time is missing in the answer");
}
