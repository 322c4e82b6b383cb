import { beforeAll, describe, expect, it } from "@jest/globals";
import { aUser, createTestKeys, nothingRevoked, type TestKeys } from "./auth.builder.ts";
import { createAuthenticator } from "./authenticator.ts";
import { publicJwkFrom } from "./jwk.ts";
import { createFixedKeySource, createServiceKeySource } from "./key-source.ts";
import { assertStillValid, type Revocation, type Revocations, type TokenOrigin } from "./revocations.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";

const now = new Date("2026-03-01T12:00:00Z");
let keys: TestKeys;

beforeAll(async () => {
  keys = await createTestKeys(() => now);
});

/** Says the same of every token, and remembers what it was asked. */
class Saying implements Revocations {
  revocation: Revocation | undefined;
  readonly asked: TokenOrigin[] = [];

  find(token: TokenOrigin): Promise<Revocation | undefined> {
    this.asked.push(token);
    return Promise.resolve(this.revocation);
  }
}

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "believed",
    (error: unknown) => reasonOf(error),
  );
}

async function authenticatorWith(revocations: Revocations) {
  return createAuthenticator({
    service: "center",
    userKeys: await createFixedKeySource([publicJwkFrom(keys.tokenKey)]),
    serviceKeys: await createServiceKeySource([]),
    revocations,
    unaffected: [AuthService.method.logout],
    clock: () => now,
  });
}

describe("a token that rests on something revoked", () => {
  it("is refused although it is remembered as verified, and believed again if nothing is said against it", async () => {
    const revocations = new Saying();
    const authenticator = await authenticatorWith(revocations);
    const headers = new Headers({ authorization: `Bearer ${await keys.userToken()}` });
    const call = () => refusalOf(authenticator.authenticate(headers, AuthService.method.verifyToken));
    expect(await call()).toBe("believed");
    revocations.revocation = "ENDED";
    expect(await call()).toBe("SESSION_ENDED");
    revocations.revocation = "SUPERSEDED";
    expect(await call()).toBe("TOKEN_EXPIRED");
    revocations.revocation = undefined;
    expect(await call()).toBe("believed");
  });

  it("is asked about by its person, its session and its issue", async () => {
    const revocations = new Saying();
    const authenticator = await authenticatorWith(revocations);
    await authenticator.authenticate(new Headers({ authorization: `Bearer ${await keys.userToken()}` }));
    expect(revocations.asked).toEqual([{ userId: "user-1", sessionId: "session-1", issuedAtMs: now.getTime() }]);
  });

  it("is still good for what nothing revoked affects", async () => {
    const revocations = new Saying();
    revocations.revocation = "ENDED";
    const authenticator = await authenticatorWith(revocations);
    const headers = new Headers({ authorization: `Bearer ${await keys.userToken()}` });
    expect(await refusalOf(authenticator.authenticate(headers, AuthService.method.logout))).toBe("believed");
    expect(await refusalOf(authenticator.authenticate(headers))).toBe("SESSION_ENDED");
  });
});

describe("a call that goes on for long", () => {
  const user = async () => ({ ...aUser(), token: await keys.userToken() });

  it("goes on while its token is good", async () => {
    expect(await refusalOf(assertStillValid(nothingRevoked, await user(), now))).toBe("believed");
  });

  it("ends from the moment on in which its token does", async () => {
    const end = new Date(now.getTime() + 900_000);
    expect(await refusalOf(assertStillValid(nothingRevoked, await user(), new Date(end.getTime() - 1)))).toBe(
      "believed",
    );
    expect(await refusalOf(assertStillValid(nothingRevoked, await user(), end))).toBe("TOKEN_EXPIRED");
  });

  it("ends with what its token rests on", async () => {
    const revocations = new Saying();
    revocations.revocation = "ENDED";
    expect(await refusalOf(assertStillValid(revocations, await user(), now))).toBe("SESSION_ENDED");
    expect(revocations.asked).toEqual([{ userId: "user-1", sessionId: "session-1", issuedAtMs: now.getTime() }]);
  });
});
