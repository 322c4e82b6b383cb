import { errors, jwtVerify, type CryptoKey, type JWTPayload } from "jose";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { tokenAlgorithm } from "./jwk.ts";
import { refuse, type Refusal } from "#platform/rpc/refusal.ts";

/** A clock of another machine may run ahead by this much. It never prolongs a token. */
const issuedAheadSeconds = 5;

/** What a token must fulfil to be believed. */
export interface TokenRules {
  readonly typ: string;
  readonly issuer: string;
  readonly audience: string;
  readonly maxLifetimeSeconds: number;
  readonly now: Date;
}

/** Claims that every token of the mesh carries. */
export interface VerifiedClaims extends JWTPayload {
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
}

/**
 * Verifies a token's signature, type, issuer, one audience and times.
 * @throws Refusal TOKEN_EXPIRED, WRONG_AUDIENCE or TOKEN_INVALID; it tells nothing of the token's content.
 */
export async function verifySignedToken(token: string, key: CryptoKey, rules: TokenRules): Promise<VerifiedClaims> {
  const { payload } = await jwtVerify(token, key, {
    algorithms: [tokenAlgorithm],
    typ: rules.typ,
    issuer: rules.issuer,
    audience: rules.audience,
    requiredClaims: ["sub", "iat", "exp"],
    currentDate: rules.now,
  }).catch((error: unknown) => {
    throw refusalFrom(error);
  });
  const { sub, iat, exp, aud } = payload;
  // A token for several services is one that another service could use against us.
  if (typeof aud !== "string") throw refuse(Reason.WRONG_AUDIENCE, "the token must have exactly one audience");
  if (sub === undefined || sub === "" || iat === undefined || exp === undefined) throw invalidToken();
  if (iat > rules.now.getTime() / 1_000 + issuedAheadSeconds) throw invalidToken();
  if (exp <= iat || exp - iat > rules.maxLifetimeSeconds) throw invalidToken();
  return { ...payload, sub, iat, exp };
}

/** The refusal for whatever is wrong with a token and shall not be told more exactly. */
export function invalidToken(): Refusal {
  return refuse(Reason.TOKEN_INVALID, "the token cannot be trusted");
}

// Without the cause: jose's errors carry the claims.
function refusalFrom(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return refuse(Reason.TOKEN_EXPIRED, "the token has expired");
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
    return refuse(Reason.WRONG_AUDIENCE, "the token is meant for somebody else");
  }
  return error instanceof errors.JOSEError ? invalidToken() : error;
}
