import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Caller } from "./caller.ts";
import type { KeySource } from "./key-source.ts";
import { assertNotRevoked, type Revocations } from "./revocations.ts";
import {
  serviceTokenHeader,
  serviceTokenType,
  verifyServiceToken,
  type ServiceKeySource,
  type VerifiedService,
} from "./service-token.ts";
import { invalidToken } from "./signed-token.ts";
import { readTokenHeader } from "./token-shape.ts";
import { userTokenRules, verifyUserToken, type VerifiedUser } from "./user-token.ts";
import { VerifiedTokens } from "./verified-tokens.ts";
import type { Clock } from "#platform/clock.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** Tells who is calling. */
export interface Authenticator {
  /**
   * Verifies the tokens that a call carries; a call without any comes from nobody, which is no error here.
   * @param method what is called.
   * @throws Refusal TOKEN_EXPIRED, TOKEN_INVALID, WRONG_AUDIENCE or SESSION_ENDED if a token is there and not to be
   * believed.
   */
  authenticate(headers: Headers, method?: DescMethod): Promise<Caller>;
}

/** What an authenticator needs. */
export interface AuthenticatorOptions {
  /** The service that is called: the audience that service tokens must name. */
  readonly service: ServiceName;
  readonly userKeys: KeySource;
  readonly serviceKeys: ServiceKeySource;
  readonly revocations: Revocations;
  /** Methods for which a token is good until its time is over, whatever was revoked. */
  readonly unaffected?: readonly DescMethod[];
  readonly clock: Clock;
}

/** Makes the authenticator of one service. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { service: audience, userKeys, serviceKeys, revocations, unaffected = [], clock } = options;
  const users = new VerifiedTokens<VerifiedUser>(clock);
  const services = new VerifiedTokens<VerifiedService>(clock);

  async function verifiedUser(token: string): Promise<VerifiedUser> {
    const known = users.find(token);
    if (known) return known;
    const header = readTokenHeader(token);
    if (header?.typ !== userTokenRules.typ) throw invalidToken();
    const key = await userKeys.find(header.kid);
    if (!key) throw invalidToken();
    const verified = await verifyUserToken(token, key, clock());
    users.add(token, verified);
    return verified;
  }

  async function verifiedService(token: string): Promise<VerifiedService> {
    const known = services.find(token);
    if (known) return known;
    const header = readTokenHeader(token);
    if (header?.typ !== serviceTokenType) throw invalidToken();
    const key = await serviceKeys.find(header.kid);
    if (!key) throw invalidToken();
    const verified = await verifyServiceToken(token, key, { audience, now: clock() });
    services.add(token, verified);
    return verified;
  }

  return {
    async authenticate(headers, method) {
      const userToken = bearerToken(headers.get("authorization"));
      const serviceToken = headers.get(serviceTokenHeader) ?? undefined;
      const user = userToken === undefined ? undefined : await verifiedUser(userToken);
      const service = serviceToken === undefined ? undefined : await verifiedService(serviceToken);
      // Asked at each call: what is remembered of a token is older than what was revoked since.
      if (user && !unaffected.some((spared) => spared === method)) {
        const {
          issuedAtMs,
          user: { userId, sessionId },
        } = user;
        await assertNotRevoked(revocations, { userId, sessionId, issuedAtMs });
      }
      return { ...(user && { user: user.user }), ...(service && { service: service.service }) };
    },
  };
}

/**
 * Refuses a call that brings a token header twice. Node keeps only the first of two `authorization` headers, so the raw
 * list must be asked: a proxy in between might have looked at the other one.
 * @param rawHeaders names and values in turn, as Node hands them out.
 * @throws Refusal TOKEN_INVALID.
 */
export function assertSingleTokenHeaders(rawHeaders: readonly string[]): void {
  const counts = new Map<string, number>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const name of ["authorization", serviceTokenHeader]) {
    if ((counts.get(name) ?? 0) > 1) throw refuse(Reason.TOKEN_INVALID, `more than one ${name} header`);
  }
}

/** The token of an authorization header; a joined pair of headers has a comma, which no token has. */
function bearerToken(header: string | null): string | undefined {
  if (header === null) return undefined;
  const [, token] = /^bearer ([A-Za-z0-9._-]+)$/i.exec(header) ?? [];
  if (token === undefined) throw invalidToken();
  return token;
}
