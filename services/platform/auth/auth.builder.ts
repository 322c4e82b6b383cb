import { generatePrivateJwk, publicJwkFrom, type PrivateJwk } from "./jwk.ts";
import { createAuthenticator, type Authenticator } from "./authenticator.ts";
import type { UserIdentity } from "./caller.ts";
import { createFixedKeySource, createServiceKeySource } from "./key-source.ts";
import { createServiceTokens } from "./service-token.ts";
import type { Revocations } from "./revocations.ts";
import { createUserTokenIssuer } from "./user-token.ts";
import { systemClock, type Clock } from "#platform/clock.ts";
import { serviceNames, type ServiceName } from "#platform/service-name.ts";

/** A person fit for tests; name only the fields the test is about. */
export function aUser(over: Partial<Omit<UserIdentity, "token">> = {}): Omit<UserIdentity, "token"> {
  return {
    userId: "user-1",
    userType: "HOSPITAL",
    organizationId: "hospital-1",
    roles: ["dispatcher"],
    sessionId: "session-1",
    ...over,
  };
}

/** A person of Center fit for tests. */
export function aCenterUser(over: Partial<Omit<UserIdentity, "token">> = {}): Omit<UserIdentity, "token"> {
  return { userId: "center-1", userType: "CENTER", roles: ["orgAdmin", "dispatcher"], sessionId: "session-1", ...over };
}

/** Knows nothing against any token. */
export const nothingRevoked: Revocations = { find: () => Promise.resolve(undefined) };

/** All keys of a mesh, held in memory. */
export interface TestKeys {
  readonly tokenKey: PrivateJwk;
  readonly serviceKeys: Readonly<Record<ServiceName, PrivateJwk>>;
  /** Signs tokens as Center does. */
  userToken(user?: Omit<UserIdentity, "token">): Promise<string>;
  /** Signs a token as a service does. */
  serviceToken(service: ServiceName, target: ServiceName): Promise<string>;
  /** The authenticator of a service that knows all keys. */
  authenticator(service: ServiceName): Promise<Authenticator>;
}

/** Makes keys for a test, and what issues and verifies with them. */
export async function createTestKeys(clock: Clock = systemClock): Promise<TestKeys> {
  const tokenKey = await generatePrivateJwk();
  const serviceKeys = {
    hospital: await generatePrivateJwk("hospital:"),
    ems: await generatePrivateJwk("ems:"),
    center: await generatePrivateJwk("center:"),
  };
  const issuer = createUserTokenIssuer({ keys: [tokenKey], clock });
  return {
    tokenKey,
    serviceKeys,
    userToken: async (user = aUser()) => (await issuer.sign(user)).token,
    serviceToken: (service, target) =>
      createServiceTokens({ service, privateJwk: serviceKeys[service], clock }).tokenFor(target),
    authenticator: async (service) =>
      createAuthenticator({
        service,
        userKeys: await createFixedKeySource([publicJwkFrom(tokenKey)]),
        serviceKeys: await createServiceKeySource(
          serviceNames.map((name) => ({ ...publicJwkFrom(serviceKeys[name]), service: name })),
        ),
        revocations: nothingRevoked,
        clock,
      }),
  };
}
