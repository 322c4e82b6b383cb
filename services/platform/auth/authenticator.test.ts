import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { CompactEncrypt, SignJWT } from "jose";
import { aCenterUser, aUser, createTestKeys, nothingRevoked, type TestKeys } from "#platform/auth/auth.builder.ts";
import { assertSingleTokenHeaders, createAuthenticator, type Authenticator } from "./authenticator.ts";
import { fullJwk, generatePrivateJwk, publicJwkFrom, type PrivateJwk } from "./jwk.ts";
import { createFixedKeySource, createServiceKeySource } from "./key-source.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";

const now = new Date("2026-03-01T12:00:00.000Z");
const nowSeconds = now.getTime() / 1_000;
let keys: TestKeys;
let hospital: Authenticator;
let strangersKey: PrivateJwk;

beforeAll(async () => {
  keys = await createTestKeys(() => now);
  hospital = await keys.authenticator("hospital");
  strangersKey = await generatePrivateJwk();
});

function bearer(token: string): Headers {
  return new Headers({ authorization: `Bearer ${token}` });
}

async function refusalOf(headers: Headers, authenticator: Authenticator = hospital): Promise<string | undefined> {
  return authenticator.authenticate(headers).then(
    () => "believed",
    (error: unknown) => reasonOf(error),
  );
}

function part(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** Claims of a good user token; undefined removes one. */
function claims(over: Record<string, unknown> = {}): Record<string, unknown> {
  const good = {
    user_type: "HOSPITAL",
    org: "hospital-1",
    roles: ["dispatcher"],
    sid: "session-1",
    iss: "medport-center",
    aud: "medport",
    sub: "user-1",
    iat: nowSeconds - 10,
    exp: nowSeconds + 600,
    jti: "1",
  };
  return { ...good, ...over };
}

/** Signs whatever it is given with the right key, bypassing every check a library makes when signing. */
function signed(payload: unknown, header: unknown = {}, key: PrivateJwk = keys.tokenKey): string {
  const headerPart =
    typeof header === "object" ? { alg: "ES256", typ: "at+jwt", kid: keys.tokenKey.kid, ...header } : header;
  const input = `${part(headerPart)}.${part(payload)}`;
  const jwk = { kty: "EC", crv: "P-256", x: key.x, y: key.y, d: key.d };
  const signature = createSign("SHA256").update(input).sign({ key: jwk, format: "jwk", dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

function flipped(token: string, index: number): string {
  const letter = token.at(index) === "A" ? "B" : "A";
  const at = index < 0 ? token.length + index : index;
  return `${token.slice(0, at)}${letter}${token.slice(at + 1)}`;
}

describe("telling who calls", () => {
  it("takes a call without any token for a call from nobody", async () => {
    expect(await hospital.authenticate(new Headers())).toEqual({});
  });

  it("knows a hospital's user by a token of Center", async () => {
    const token = await keys.userToken();
    expect(await hospital.authenticate(bearer(token))).toEqual({ user: { ...aUser(), token } });
  });

  it("knows Center's user, who acts for no organization", async () => {
    const token = await keys.userToken(aCenterUser());
    expect(await hospital.authenticate(bearer(token))).toEqual({ user: { ...aCenterUser(), token } });
  });

  it("knows a hospital's user of whom nobody knows the hospital, by a token that says so", async () => {
    const { organizationId: _, ...user } = aUser();
    const token = await keys.userToken(user);
    expect(await hospital.authenticate(bearer(token))).toEqual({ user: { ...user, token } });
  });

  it("knows a service that calls on its own", async () => {
    const token = await keys.serviceToken("ems", "hospital");
    expect(await hospital.authenticate(new Headers({ "medport-service-token": token }))).toEqual({ service: "ems" });
  });

  it("knows a user who calls through a service", async () => {
    const headers = bearer(await keys.userToken());
    headers.set("medport-service-token", await keys.serviceToken("ems", "hospital"));
    const caller = await hospital.authenticate(headers);
    expect([caller.user?.userId, caller.service]).toEqual(["user-1", "ems"]);
  });

  it("believes the claims that the attacks below start from", async () => {
    expect(await refusalOf(bearer(signed(claims())))).toBe("believed");
  });
});

/** Each attack is a token in the place of a user token. */
const userTokenAttacks: readonly (readonly [string, string, () => string | Promise<string>])[] = [
  ["no JWT", "TOKEN_INVALID", () => "opaque-refresh-token"],
  ["three empty parts", "TOKEN_INVALID", () => ".."],
  [
    "alg none",
    "TOKEN_INVALID",
    () => `${part({ alg: "none", typ: "at+jwt", kid: keys.tokenKey.kid })}.${part(claims())}.`,
  ],
  [
    "alg None",
    "TOKEN_INVALID",
    () => `${part({ alg: "None", typ: "at+jwt", kid: keys.tokenKey.kid })}.${part(claims())}.`,
  ],
  ["alg NONE with a signature", "TOKEN_INVALID", () => signed(claims(), { alg: "NONE" })],
  ["HS256 signed with the public key's coordinate", "TOKEN_INVALID", () => hmacSigned(keys.tokenKey.x)],
  [
    "HS256 signed with the public key as JWK text",
    "TOKEN_INVALID",
    () => hmacSigned(JSON.stringify(fullJwk(publicJwkFrom(keys.tokenKey)))),
  ],
  ["alg ES384", "TOKEN_INVALID", () => signed(claims(), { alg: "ES384" })],
  ["alg EdDSA", "TOKEN_INVALID", () => signed(claims(), { alg: "EdDSA" })],
  ["RS256 by a key of its own", "TOKEN_INVALID", () => rsaSigned()],
  ["no alg", "TOKEN_INVALID", () => signed(claims(), { alg: undefined })],
  ["a stranger's key under our key id", "TOKEN_INVALID", () => signed(claims(), {}, strangersKey)],
  [
    "a stranger's key under its own key id",
    "TOKEN_INVALID",
    () => signed(claims(), { kid: strangersKey.kid }, strangersKey),
  ],
  ["a service's key", "TOKEN_INVALID", () => signed(claims(), { kid: keys.serviceKeys.ems.kid }, keys.serviceKeys.ems)],
  ["no kid", "TOKEN_INVALID", () => signed(claims(), { kid: undefined })],
  ["an empty kid", "TOKEN_INVALID", () => signed(claims(), { kid: "" })],
  ["a kid that is a number", "TOKEN_INVALID", () => signed(claims(), { kid: 1 })],
  ["a kid that is a path", "TOKEN_INVALID", () => signed(claims(), { kid: "../../../../dev/null" })],
  ["a kid that is a query", "TOKEN_INVALID", () => signed(claims(), { kid: "x' or '1'='1" })],
  ["a kid named like a property of every object", "TOKEN_INVALID", () => signed(claims(), { kid: "__proto__" })],
  [
    "an embedded jwk",
    "TOKEN_INVALID",
    () => signed(claims(), { jwk: fullJwk(publicJwkFrom(strangersKey)) }, strangersKey),
  ],
  [
    "an embedded jwk beside a good signature",
    "TOKEN_INVALID",
    () => signed(claims(), { jwk: fullJwk(publicJwkFrom(strangersKey)) }),
  ],
  ["jku", "TOKEN_INVALID", () => signed(claims(), { jku: "http://127.0.0.1/keys" })],
  ["x5u", "TOKEN_INVALID", () => signed(claims(), { x5u: "http://127.0.0.1/certificate" })],
  ["x5c", "TOKEN_INVALID", () => signed(claims(), { x5c: ["AAAA"] })],
  ["an unknown crit", "TOKEN_INVALID", () => signed(claims(), { crit: ["b64"], b64: false })],
  ["an empty crit", "TOKEN_INVALID", () => signed(claims(), { crit: [] })],
  ["typ JWT", "TOKEN_INVALID", () => signed(claims(), { typ: "JWT" })],
  ["no typ", "TOKEN_INVALID", () => signed(claims(), { typ: undefined })],
  ["typ of a service token", "TOKEN_INVALID", () => signed(claims(), { typ: "medport-service+jwt" })],
  ["a service token", "TOKEN_INVALID", () => keys.serviceToken("ems", "hospital")],
  ["an encrypted token", "TOKEN_INVALID", () => encrypted(JSON.stringify(claims()))],
  ["a signed token within an encrypted one", "TOKEN_INVALID", () => encrypted(signed(claims()))],
  ["a signed token within a signed one", "TOKEN_INVALID", () => signed(signed(claims()), { cty: "JWT" })],
  ["another issuer", "TOKEN_INVALID", () => signed(claims({ iss: "medport-ems" }))],
  ["no issuer", "TOKEN_INVALID", () => signed(claims({ iss: undefined }))],
  ["the audience of a silo", "WRONG_AUDIENCE", () => signed(claims({ aud: "hospital" }))],
  ["another audience", "WRONG_AUDIENCE", () => signed(claims({ aud: "elsewhere" }))],
  ["no audience", "WRONG_AUDIENCE", () => signed(claims({ aud: undefined }))],
  ["several audiences, ours among them", "WRONG_AUDIENCE", () => signed(claims({ aud: ["medport", "elsewhere"] }))],
  ["our audience in a list", "WRONG_AUDIENCE", () => signed(claims({ aud: ["medport"] }))],
  ["expired a second ago", "TOKEN_EXPIRED", () => signed(claims({ exp: nowSeconds - 1 }))],
  ["expiring this very second", "TOKEN_EXPIRED", () => signed(claims({ exp: nowSeconds }))],
  ["expired a day ago", "TOKEN_EXPIRED", () => signed(claims({ iat: nowSeconds - 87_000, exp: nowSeconds - 86_400 }))],
  ["no exp", "TOKEN_INVALID", () => signed(claims({ exp: undefined }))],
  ["an exp in words", "TOKEN_INVALID", () => signed(claims({ exp: "never" }))],
  ["an exp far in the future", "TOKEN_INVALID", () => signed(claims({ exp: nowSeconds + 10 * 365 * 86_400 }))],
  [
    "a lifetime of a second too long",
    "TOKEN_INVALID",
    () => signed(claims({ iat: nowSeconds, exp: nowSeconds + 901 })),
  ],
  ["no iat", "TOKEN_INVALID", () => signed(claims({ iat: undefined }))],
  ["issued in the future", "TOKEN_INVALID", () => signed(claims({ iat: nowSeconds + 60 }))],
  ["issued after its own end", "TOKEN_INVALID", () => signed(claims({ iat: nowSeconds + 5, exp: nowSeconds + 5 }))],
  ["not yet valid", "TOKEN_INVALID", () => signed(claims({ nbf: nowSeconds + 60 }))],
  ["no subject", "TOKEN_INVALID", () => signed(claims({ sub: undefined }))],
  ["an empty subject", "TOKEN_INVALID", () => signed(claims({ sub: "" }))],
  ["a subject that is no id", "TOKEN_INVALID", () => signed(claims({ sub: "a b" }))],
  ["no session", "TOKEN_INVALID", () => signed(claims({ sid: undefined }))],
  ["no user type", "TOKEN_INVALID", () => signed(claims({ user_type: undefined }))],
  ["an unknown user type", "TOKEN_INVALID", () => signed(claims({ user_type: "ROOT" }))],
  ["no roles", "TOKEN_INVALID", () => signed(claims({ roles: [] }))],
  ["an unknown role", "TOKEN_INVALID", () => signed(claims({ roles: ["root"] }))],
  ["a hospital's user without a hospital", "TOKEN_INVALID", () => signed(claims({ org: undefined }))],
  ["Center's user with an organization", "TOKEN_INVALID", () => signed(claims({ user_type: "CENTER" }))],
  ["Center's user of no known organization", "TOKEN_INVALID", () => signed(claims({ user_type: "CENTER", org: null }))],
  ["a hospital with an empty id", "TOKEN_INVALID", () => signed(claims({ org: "" }))],
  [
    "a claim that stands twice",
    "TOKEN_INVALID",
    () => signed(JSON.stringify(claims()).replace("{", '{"sub":"user-2",')),
  ],
  [
    "a header member that stands twice",
    "TOKEN_INVALID",
    () => signed(claims(), `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${keys.tokenKey.kid}"}`),
  ],
  ["a payload that is no object", "TOKEN_INVALID", () => signed('"text"')],
  ["a payload that is no JSON", "TOKEN_INVALID", () => signed("{")],
  ["an altered payload", "TOKEN_INVALID", () => flipped(signed(claims()), -120)],
  ["an altered signature", "TOKEN_INVALID", () => flipped(signed(claims()), -40)],
  ["a signature altered in bits that decoders ignore", "TOKEN_INVALID", () => nextLastLetter(signed(claims()))],
  ["a truncated signature", "TOKEN_INVALID", () => signed(claims()).slice(0, -20)],
  ["no signature", "TOKEN_INVALID", () => signed(claims()).replace(/[^.]+$/, "")],
  ["a signature in DER", "TOKEN_INVALID", () => derSigned()],
  ["a fourth part", "TOKEN_INVALID", () => `${signed(claims())}.AAAA`],
  ["padding", "TOKEN_INVALID", () => `${signed(claims())}=`],
  ["64 KB", "TOKEN_INVALID", () => signed(claims({ note: "x".repeat(48_000) }))],
];

describe("refusing what is no user token", () => {
  it.each(userTokenAttacks)("refuses a token with %s as %s", async (_name, reason, token) => {
    expect(await refusalOf(bearer(await token()))).toBe(reason);
  });

  it.each(["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearer\tx", "Bearer a b"])(
    "refuses the authorization header %p",
    async (header) => {
      expect(await refusalOf(new Headers({ authorization: header }))).toBe("TOKEN_INVALID");
    },
  );

  it("refuses two authorization headers joined into one, even of the same good token", async () => {
    const headers = bearer(await keys.userToken());
    headers.append("authorization", headers.get("authorization") ?? "");
    expect(await refusalOf(headers)).toBe("TOKEN_INVALID");
  });

  it.each(["authorization", "Authorization", "medport-service-token"])("refuses two raw headers %s", (name) => {
    expect(() => assertSingleTokenHeaders(["host", "x", "authorization", "a", name, "b", name, "c"])).toThrow(
      expect.objectContaining({ rawMessage: expect.stringContaining("more than one") }),
    );
  });

  it("takes one raw header of each kind", () => {
    expect(() => assertSingleTokenHeaders(["authorization", "a", "medport-service-token", "b"])).not.toThrow();
  });
});

function serviceClaims(over: Record<string, unknown> = {}): Record<string, unknown> {
  const good = { iss: "ems", sub: "ems", aud: "hospital", iat: nowSeconds, exp: nowSeconds + 120, jti: "1" };
  return { ...good, ...over };
}

function serviceSigned(
  payload: Record<string, unknown>,
  header: Record<string, unknown> = {},
  key?: PrivateJwk,
): string {
  const ems = keys.serviceKeys.ems;
  return signed(payload, { typ: "medport-service+jwt", kid: ems.kid, ...header }, key ?? ems);
}

const serviceTokenAttacks: readonly (readonly [string, string, () => string | Promise<string>])[] = [
  ["a user token", "TOKEN_INVALID", () => keys.userToken()],
  ["a user token's type", "TOKEN_INVALID", () => serviceSigned(serviceClaims(), { typ: "at+jwt" })],
  ["another silo's audience", "WRONG_AUDIENCE", () => serviceSigned(serviceClaims({ aud: "center" }))],
  ["several audiences", "WRONG_AUDIENCE", () => serviceSigned(serviceClaims({ aud: ["hospital", "center"] }))],
  ["no audience", "WRONG_AUDIENCE", () => serviceSigned(serviceClaims({ aud: undefined }))],
  [
    "the name of another service",
    "TOKEN_INVALID",
    () => serviceSigned(serviceClaims({ iss: "center", sub: "center" })),
  ],
  ["another service as its subject", "TOKEN_INVALID", () => serviceSigned(serviceClaims({ sub: "center" }))],
  ["a user as its subject", "TOKEN_INVALID", () => serviceSigned(serviceClaims({ sub: "user-1" }))],
  [
    "another service's key id",
    "TOKEN_INVALID",
    () => serviceSigned(serviceClaims(), { kid: keys.serviceKeys.center.kid }),
  ],
  [
    "the key of user tokens",
    "TOKEN_INVALID",
    () => serviceSigned(serviceClaims(), { kid: keys.tokenKey.kid }, keys.tokenKey),
  ],
  ["a lifetime above five minutes", "TOKEN_INVALID", () => serviceSigned(serviceClaims({ exp: nowSeconds + 301 }))],
  ["no exp", "TOKEN_INVALID", () => serviceSigned(serviceClaims({ exp: undefined }))],
  ["no jti", "TOKEN_INVALID", () => serviceSigned(serviceClaims({ jti: undefined }))],
  [
    "a time that is over",
    "TOKEN_EXPIRED",
    () => serviceSigned(serviceClaims({ iat: nowSeconds - 130, exp: nowSeconds - 10 })),
  ],
  ["a stranger's signature", "TOKEN_INVALID", () => serviceSigned(serviceClaims(), {}, strangersKey)],
  ["an empty value", "TOKEN_INVALID", () => ""],
];

describe("refusing what is no service token", () => {
  it.each(serviceTokenAttacks)("refuses %s as %s", async (_name, reason, token) => {
    expect(await refusalOf(new Headers({ "medport-service-token": await token() }))).toBe(reason);
  });

  it("refuses a good user's call through a service that cannot show who it is", async () => {
    const headers = bearer(await keys.userToken());
    headers.set("medport-service-token", serviceSigned(serviceClaims({ aud: "center" })));
    expect(await refusalOf(headers)).toBe("WRONG_AUDIENCE");
  });
});

describe("remembering verified tokens", () => {
  it("refuses a remembered token from the second on in which it expires", async () => {
    let time = now;
    const authenticator = await authenticatorAt(() => time);
    const headers = bearer(signed(claims({ exp: nowSeconds + 60 })));
    expect(await refusalOf(headers, authenticator)).toBe("believed");
    time = new Date(now.getTime() + 59_999);
    expect(await refusalOf(headers, authenticator)).toBe("believed");
    time = new Date(now.getTime() + 60_000);
    expect(await refusalOf(headers, authenticator)).toBe("TOKEN_EXPIRED");
  });

  it("does not take a remembered user token for a service token", async () => {
    const token = await keys.userToken();
    await hospital.authenticate(bearer(token));
    expect(await refusalOf(new Headers({ "medport-service-token": token }))).toBe("TOKEN_INVALID");
  });

  it("asks for the key once for a thousand calls with one token", async () => {
    let asked = 0;
    const source = await createFixedKeySource([publicJwkFrom(keys.tokenKey)]);
    const authenticator = createAuthenticator({
      service: "hospital",
      userKeys: { find: (kid) => ((asked += 1), source.find(kid)) },
      serviceKeys: await createServiceKeySource([]),
      revocations: nothingRevoked,
      clock: () => now,
    });
    const headers = bearer(await keys.userToken());
    for (let call = 0; call < 1_000; call += 1) await authenticator.authenticate(headers);
    expect(asked).toBe(1);
  });
});

describe("telling nothing", () => {
  it("keeps the token and its claims out of the refusal", async () => {
    const token = signed(claims({ sub: "somebody-known", exp: nowSeconds - 1 }));
    const error: unknown = await hospital.authenticate(bearer(token)).catch((caught: unknown) => caught);
    const told = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error);
    expect(told).not.toContain("somebody-known");
    expect(told).not.toContain(token.slice(-30));
    expect(error).toHaveProperty("cause", undefined);
  });
});

async function authenticatorAt(clock: () => Date): Promise<Authenticator> {
  return createAuthenticator({
    service: "hospital",
    userKeys: await createFixedKeySource([publicJwkFrom(keys.tokenKey)]),
    serviceKeys: await createServiceKeySource([]),
    revocations: nothingRevoked,
    clock,
  });
}

function hmacSigned(secret: string): string {
  const input = `${part({ alg: "HS256", typ: "at+jwt", kid: keys.tokenKey.kid })}.${part(claims())}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

async function rsaSigned(): Promise<string> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return new SignJWT(claims())
    .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: keys.tokenKey.kid })
    .sign(privateKey);
}

function derSigned(): string {
  const { x, y, d } = keys.tokenKey;
  const input = signed(claims()).replace(/\.[^.]+$/, "");
  const key = { kty: "EC", crv: "P-256", x, y, d };
  return `${input}.${createSign("SHA256").update(input).sign({ key, format: "jwk" }).toString("base64url")}`;
}

async function encrypted(text: string): Promise<string> {
  return new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", typ: "at+jwt", kid: keys.tokenKey.kid })
    .encrypt(new Uint8Array(32));
}

/** The last letter of a 64-byte signature has four bits that do not count: the next letter decodes to the same bytes. */
function nextLastLetter(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.slice(-1));
  const altered = `${token.slice(0, -1)}${alphabet[last + 1] ?? "B"}`;
  const [, , signature = ""] = altered.split(".");
  const [, , original = ""] = token.split(".");
  if (!Buffer.from(signature, "base64url").equals(Buffer.from(original, "base64url"))) throw new Error("not the same");
  return altered;
}
