import { decodeJwt, SignJWT, type CryptoKey } from "jose";
import { z } from "zod";
import type { UserIdentity } from "./caller.ts";
import { signingKey, tokenAlgorithm, type PrivateJwk } from "./jwk.ts";
import { roles, userTypes } from "./principal.ts";
import { invalidToken, verifySignedToken, type TokenRules } from "./signed-token.ts";
import type { Clock } from "#platform/clock.ts";
import { newId, type IdSource } from "#platform/id.ts";

/** How long a user token is good for. */
export const userTokenSeconds = 15 * 60;

/** Clocks of the mesh's machines may differ by this much, seconds are rounded, and a token is on its way for a while. */
const clockMarginMs = 60_000;

/** No user token that was issued until now can be in use after this. */
export function lastTokenExpiry(now: Date): Date {
  return new Date(now.getTime() + userTokenSeconds * 1_000 + clockMarginMs);
}

/** What every user token has in common. */
export const userTokenRules = {
  typ: "at+jwt",
  issuer: "medport-center",
  audience: "medport",
  maxLifetimeSeconds: userTokenSeconds,
} as const satisfies Omit<TokenRules, "now">;

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const claimsSchema = z
  .object({
    sub: id,
    user_type: z.enum(userTypes),
    org: id.nullable().optional(),
    roles: z.array(z.enum(roles)).min(1).max(roles.length),
    sid: id,
  })
  // Center's people act for no organization, and everybody else for exactly one. Of some people of the former system nobody
  // knows which: their tokens say so with a null, and who merely leaves it out is not believed.
  .refine((claims) => (claims.user_type === "CENTER") === (claims.org === undefined));

/** A user token just made, and when it ends. */
export interface IssuedUserToken {
  readonly token: string;
  readonly expireTime: Date;
}

/** Between which times a token may be good, beside its own lifetime. */
export interface TokenBounds {
  /** The token counts as issued then at the earliest. No more than a few seconds ahead, or nobody believes it yet. */
  readonly from?: Date;
  /** The token ends then at the latest. */
  readonly until?: Date;
}

/** Signs user tokens. */
export interface UserTokenIssuer {
  sign(user: Omit<UserIdentity, "token">, bounds?: TokenBounds): Promise<IssuedUserToken>;
}

/** What an issuer needs. */
export interface UserTokenIssuerOptions {
  /** The first one signs. */
  readonly keys: readonly [PrivateJwk, ...PrivateJwk[]];
  readonly clock: Clock;
  readonly newId?: IdSource;
}

/** Makes the issuer of user tokens; only Center has one. */
export function createUserTokenIssuer(options: UserTokenIssuerOptions): UserTokenIssuer {
  const [firstKey] = options.keys;
  const newTokenId = options.newId ?? newId;
  let imported: Promise<CryptoKey> | undefined;
  return {
    async sign(user, { from, until } = {}) {
      imported ??= signingKey(firstKey);
      const issuedAt = Math.max(Math.floor(secondsOf(options.clock())), Math.ceil(from ? secondsOf(from) : 0));
      // A token that ends with its issue is malformed.
      const endsAt = Math.max(issuedAt + 1, until ? Math.floor(secondsOf(until)) : Number.POSITIVE_INFINITY);
      const expiresAt = Math.min(issuedAt + userTokenSeconds, endsAt);
      const org = user.organizationId ?? (user.userType === "CENTER" ? undefined : null);
      const claims = { user_type: user.userType, org, roles: user.roles, sid: user.sessionId };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: tokenAlgorithm, typ: userTokenRules.typ, kid: firstKey.kid })
        .setIssuer(userTokenRules.issuer)
        .setAudience(userTokenRules.audience)
        .setSubject(user.userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .setJti(newTokenId())
        .sign(await imported);
      return { token, expireTime: new Date(expiresAt * 1_000) };
    },
  };
}

function secondsOf(time: Date): number {
  return time.getTime() / 1_000;
}

/** When a user token was issued, which it tells in whole seconds, and when it ends. */
export interface UserTokenTimes {
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Who a user token speaks for, and between which times. */
export interface VerifiedUser extends UserTokenTimes {
  readonly user: UserIdentity;
}

/**
 * Verifies a user token with the key that it names.
 * @throws Refusal as verifySignedToken does, and TOKEN_INVALID for claims that do not describe a user.
 */
export async function verifyUserToken(token: string, key: CryptoKey, now: Date): Promise<VerifiedUser> {
  const claims = await verifySignedToken(token, key, { ...userTokenRules, now });
  const { data } = claimsSchema.safeParse(claims);
  if (!data) throw invalidToken();
  const user = {
    userId: data.sub,
    userType: data.user_type,
    ...(data.org ? { organizationId: data.org } : {}),
    roles: data.roles,
    sessionId: data.sid,
    token,
  };
  return { user, issuedAtMs: claims.iat * 1_000, expiresAtMs: claims.exp * 1_000 };
}

/** The times of a token that was verified before. */
export function userTokenTimes({ token }: Pick<UserIdentity, "token">): UserTokenTimes {
  const { iat = 0, exp = 0 } = decodeJwt(token);
  return { issuedAtMs: iat * 1_000, expiresAtMs: exp * 1_000 };
}
