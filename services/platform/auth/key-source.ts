import type { CryptoKey } from "jose";
import { verifyingKey, type PublicJwk } from "./jwk.ts";
import type { ServicePublicKey } from "./key-file.ts";
import type { ServiceKeySource } from "./service-token.ts";

/** Finds the public keys that user tokens are verified with. */
export interface KeySource {
  /**
   * The key with this id; undefined if nobody has published it.
   * @throws Refusal DEPENDENCY_DOWN if no key at all is known yet, so that nothing can be said about any token.
   */
  find(kid: string): Promise<CryptoKey | undefined>;
}

/** Keys that are known once and for all: Center's own, for Center itself. @throws if one is not on the curve. */
export async function createFixedKeySource(keys: readonly PublicJwk[]): Promise<KeySource> {
  const byId = await keysById(keys);
  return { find: async (kid) => byId.get(kid) };
}

/** The services' keys, read from a file at the start. @throws if one is not on the curve. */
export async function createServiceKeySource(keys: readonly ServicePublicKey[]): Promise<ServiceKeySource> {
  const byId = await keysById(keys);
  const owners = new Map(keys.map(({ kid, service }) => [kid, service]));
  return {
    async find(kid) {
      const key = byId.get(kid);
      const service = owners.get(kid);
      return key && service && { service, key };
    },
  };
}

/** Keys ready to verify, by id. @throws if one is not on the curve. */
export async function keysById(keys: readonly PublicJwk[]): Promise<ReadonlyMap<string, CryptoKey>> {
  return new Map(await Promise.all(keys.map(async (key) => [key.kid, await verifyingKey(key)] as const)));
}
