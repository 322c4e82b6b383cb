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
    org: id.optional(),
    roles: z.array(z.enum(roles)).min(1).max(roles.length),
    sid: id,
  })
  // Center's people act for no organization, and everybody else for exactly one.
  .refine((claims) => (claims.user_type === "CENTER") === (claims.org === undefined));

/** A user token just made, and when it ends. */
export interface IssuedUserToken {
  readonly token: string;
  readonly expireTime: Date;
}

/** Signs user tokens. */
export interface UserTokenIssuer {
  sign(user: Omit<UserIdentity, "token">): Promise<IssuedUserToken>;
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
    async sign(user) {
      imported ??= signingKey(firstKey);
      const issuedAt = Math.floor(options.clock().getTime() / 1_000);
      const claims = { user_type: user.userType, org: user.organizationId, roles: user.roles, sid: user.sessionId };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: tokenAlgorithm, typ: userTokenRules.typ, kid: firstKey.kid })
        .setIssuer(userTokenRules.issuer)
        .setAudience(userTokenRules.audience)
        .setSubject(user.userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + userTokenSeconds)
        .setJti(newTokenId())
        .sign(await imported);
      return { token, expireTime: new Date((issuedAt + userTokenSeconds) * 1_000) };
    },
  };
}

/** Who a user token speaks for, and until when. */
export interface VerifiedUser {
  readonly user: UserIdentity;
  readonly expiresAtMs: number;
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
    ...(data.org === undefined ? {} : { organizationId: data.org }),
    roles: data.roles,
    sessionId: data.sid,
    token,
  };
  return { user, expiresAtMs: claims.exp * 1_000 };
}

/** When a token that was verified before ends. */
export function userTokenExpireTime({ token }: Pick<UserIdentity, "token">): Date {
  return new Date((decodeJwt(token).exp ?? 0) * 1_000);
}
