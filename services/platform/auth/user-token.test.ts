import { beforeAll, describe, expect, it } from "@jest/globals";
import { aUser } from "./auth.builder.ts";
import { generatePrivateJwk, type PrivateJwk, verifyingKey } from "./jwk.ts";
import {
  createUserTokenIssuer,
  lastTokenExpiry,
  type TokenBounds,
  userTokenTimes,
  verifyUserToken,
} from "./user-token.ts";

const now = new Date("2026-03-01T12:00:00.900Z");
const second = (seconds: number): number => Date.UTC(2026, 2, 1, 12, 0, seconds);
let key: PrivateJwk;

beforeAll(async () => {
  key = await generatePrivateJwk();
});

/** The times of a token made now, as those see them who verify it at once. */
async function timesOf(bounds?: TokenBounds) {
  const issuer = createUserTokenIssuer({ keys: [key], clock: () => now });
  const { token, expireTime } = await issuer.sign(aUser(), bounds);
  const { issuedAtMs, expiresAtMs } = await verifyUserToken(token, await verifyingKey(key), now);
  expect(userTokenTimes({ token })).toEqual({ issuedAtMs, expiresAtMs });
  expect(expireTime.getTime()).toBe(expiresAtMs);
  return { issuedAtMs, expiresAtMs };
}

describe("a user token", () => {
  it("tells the second of its issue, and lasts a quarter of an hour", async () => {
    expect(await timesOf()).toEqual({ issuedAtMs: second(0), expiresAtMs: second(900) });
  });

  it("counts as issued when tokens of its account begin to count, if that is a moment ahead", async () => {
    expect(await timesOf({ from: new Date(second(1)) })).toEqual({ issuedAtMs: second(1), expiresAtMs: second(901) });
    expect(await timesOf({ from: new Date(0) })).toMatchObject({ issuedAtMs: second(0) });
  });

  it("ends with its session", async () => {
    expect(await timesOf({ until: new Date(second(60) + 500) })).toMatchObject({ expiresAtMs: second(60) });
    expect(await timesOf({ until: new Date(second(3_600)) })).toMatchObject({ expiresAtMs: second(900) });
    expect(await timesOf({ until: new Date(now.getTime() + 1) })).toMatchObject({ expiresAtMs: second(1) });
  });

  it("is over at the time that is told to those who must remember what was revoked", async () => {
    const ahead = await timesOf({ from: new Date(second(1)) });
    expect(lastTokenExpiry(now).getTime()).toBeGreaterThan(ahead.expiresAtMs);
  });
});
