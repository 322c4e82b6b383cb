import { SignJWT, type CryptoKey } from "jose";
import { signingKey, tokenAlgorithm, type PrivateJwk } from "./jwk.ts";
import { invalidToken, verifySignedToken } from "./signed-token.ts";
import type { Clock } from "#platform/clock.ts";
import { newId, type IdSource } from "#platform/id.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** The header that carries a service token. */
export const serviceTokenHeader = "medport-service-token";

/** The `typ` of service tokens: no other token can be taken for one. */
export const serviceTokenType = "medport-service+jwt";

const lifetimeSeconds = 120;
/** What the receiving side still takes; leaves room for a longer lifetime without a change of both sides at once. */
const maxLifetimeSeconds = 300;
/** A token is renewed when less than this remains, so that none expires on its way. */
const reserveMs = 30_000;

/** Makes the tokens by which this service shows others who it is. */
export interface ServiceTokens {
  /** A token for one target, good for at least the next half minute. */
  tokenFor(target: ServiceName): Promise<string>;
}

/** What is needed to make service tokens. */
export interface ServiceTokensOptions {
  readonly service: ServiceName;
  readonly privateJwk: PrivateJwk;
  readonly clock: Clock;
  readonly newId?: IdSource;
}

interface MadeToken {
  readonly token: Promise<string>;
  readonly renewAtMs: number;
}

/** Makes service tokens, each used again until shortly before it expires: signing costs more than a call. */
export function createServiceTokens(options: ServiceTokensOptions): ServiceTokens {
  const made = new Map<ServiceName, MadeToken>();
  let key: Promise<CryptoKey> | undefined;

  async function sign(target: ServiceName, issuedAt: number): Promise<string> {
    key ??= signingKey(options.privateJwk);
    return new SignJWT({})
      .setProtectedHeader({ alg: tokenAlgorithm, typ: serviceTokenType, kid: options.privateJwk.kid })
      .setIssuer(options.service)
      .setSubject(options.service)
      .setAudience(target)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .setJti((options.newId ?? newId)())
      .sign(await key);
  }

  return {
    tokenFor(target) {
      const nowMs = options.clock().getTime();
      const known = made.get(target);
      if (known && nowMs < known.renewAtMs) return known.token;
      const issuedAt = Math.floor(nowMs / 1_000);
      const token = sign(target, issuedAt);
      made.set(target, { token, renewAtMs: (issuedAt + lifetimeSeconds) * 1_000 - reserveMs });
      return token;
    },
  };
}

/** Finds the services' public keys by key id. */
export interface ServiceKeySource {
  find(kid: string): Promise<ServiceVerifyingKey | undefined>;
}

/** A service's key, ready to verify. */
export interface ServiceVerifyingKey {
  readonly service: ServiceName;
  readonly key: CryptoKey;
}

/** Which service a token speaks for, and until when. */
export interface VerifiedService {
  readonly service: ServiceName;
  readonly expiresAtMs: number;
}

/**
 * Verifies a service token with the key that it names: the key's owner must be issuer and subject.
 * @throws Refusal as verifySignedToken does.
 */
export async function verifyServiceToken(
  token: string,
  { service, key }: ServiceVerifyingKey,
  { audience, now }: { readonly audience: ServiceName; readonly now: Date },
): Promise<VerifiedService> {
  const rules = { typ: serviceTokenType, issuer: service, audience, maxLifetimeSeconds, now };
  const claims = await verifySignedToken(token, key, rules);
  if (claims.sub !== service || typeof claims.jti !== "string") throw invalidToken();
  return { service, expiresAtMs: claims.exp * 1_000 };
}
