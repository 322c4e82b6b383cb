import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from "jose";
import { z } from "zod";

/** The one algorithm that tokens of this mesh are signed with. */
export const tokenAlgorithm = "ES256";

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const keyId = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/);

const publicJwkSchema = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  kid: keyId,
  x: coordinate,
  y: coordinate,
});

const privateJwkSchema = publicJwkSchema.extend({ d: coordinate });

/** A public key on the curve P-256 with its id. */
export interface PublicJwk {
  readonly kid: string;
  readonly x: string;
  readonly y: string;
}

/** A private key on the curve P-256 with its id. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** A set of keys as it stands in a file, in the form of RFC 7517. */
export interface JwkSet<Key> {
  readonly keys: readonly Key[];
}

/** True for what may be a key's id at all: nothing that could be a path or a query. */
export function isKeyId(text: unknown): text is string {
  return keyId.safeParse(text).success;
}

/** Reads a public key; undefined if it is not one on P-256 with an id. Drops every other member, a private one too. */
export function parsePublicJwk(value: unknown): PublicJwk | undefined {
  const { data } = publicJwkSchema.safeParse(value);
  return data && { kid: data.kid, x: data.x, y: data.y };
}

/** Reads a private key; undefined if it is not one on P-256 with an id. */
export function parsePrivateJwk(value: unknown): PrivateJwk | undefined {
  const { data } = privateJwkSchema.safeParse(value);
  return data && { kid: data.kid, x: data.x, y: data.y, d: data.d };
}

/** The public half of a key. */
export function publicJwkFrom({ kid, x, y }: PublicJwk): PublicJwk {
  return { kid, x, y };
}

/** Turns a public key into one that verifies. @throws if the point is not on the curve. */
export function verifyingKey({ x, y }: PublicJwk): Promise<CryptoKey> {
  return importedKey({ kty: "EC", crv: "P-256", x, y });
}

/** Turns a private key into one that signs. @throws if it is not a key of the curve. */
export function signingKey({ x, y, d }: PrivateJwk): Promise<CryptoKey> {
  return importedKey({ kty: "EC", crv: "P-256", x, y, d });
}

/** Makes a new private key. Its id is `prefix` followed by the thumbprint of RFC 7638. */
export async function generatePrivateJwk(prefix = ""): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair(tokenAlgorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const made = parsePrivateJwk({ ...jwk, kid: `${prefix}${await calculateJwkThumbprint(jwk)}` });
  if (!made) throw new Error("the generated key is not a P-256 key");
  return made;
}

/** A key with the members that other software expects in a JWK. */
export function fullJwk(key: PublicJwk): JWK {
  return { kty: "EC", crv: "P-256", alg: tokenAlgorithm, use: "sig", ...key };
}

async function importedKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, tokenAlgorithm);
  if (key instanceof Uint8Array) throw new Error("an EC key was expected");
  return key;
}
