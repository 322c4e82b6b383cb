import { readFile } from "node:fs/promises";
import { z } from "zod";
import {
  fullJwk,
  generatePrivateJwk,
  parsePrivateJwk,
  parsePublicJwk,
  publicJwkFrom,
  type PrivateJwk,
  type PublicJwk,
} from "./jwk.ts";
import { parseServiceName, serviceNames, type ServiceName } from "#platform/service-name.ts";

const keySetSchema = z.object({ keys: z.array(z.unknown()) });

/** The key files of a whole mesh, as texts to be written: private ones for their service alone. */
export interface ServiceKeyFiles {
  /** For `<SERVICE>_SERVICE_KEY_FILE`. */
  readonly privateKeys: Readonly<Record<ServiceName, string>>;
  /** For `SERVICE_PUBLIC_KEYS_FILE`. */
  readonly publicKeys: string;
}

/** The public key of a service, and whose it is. */
export interface ServicePublicKey extends PublicJwk {
  readonly service: ServiceName;
}

/** Makes a key for every service. */
export async function generateServiceKeys(): Promise<ServiceKeyFiles> {
  const [hospital, ems, center] = await Promise.all([
    generatePrivateJwk("hospital:"),
    generatePrivateJwk("ems:"),
    generatePrivateJwk("center:"),
  ]);
  return {
    privateKeys: { hospital: fileText(hospital), ems: fileText(ems), center: fileText(center) },
    publicKeys: setText([hospital, ems, center].map(publicJwkFrom)),
  };
}

/** Makes the key that Center signs user tokens with, as the text for `CENTER_TOKEN_KEYS_FILE`. */
export async function generateTokenKeys(): Promise<string> {
  return setText([await generatePrivateJwk()]);
}

/**
 * Reads a service's own private key.
 * @throws Error naming the file if it cannot be read, is no private key, or is another service's.
 */
export async function readServiceKeyFile(path: string, service: ServiceName): Promise<PrivateJwk> {
  const key = parsePrivateJwk(await readJson(path));
  if (!key) throw new Error(`${path} is not a private P-256 key in JWK form`);
  if (serviceOfKeyId(key.kid) !== service) throw new Error(`${path} is not the key of the service ${service}`);
  return key;
}

/**
 * Reads the public keys of all services.
 * @throws Error naming the file if it cannot be read, is not a key set, or lacks a service.
 */
export async function readServicePublicKeysFile(path: string): Promise<readonly ServicePublicKey[]> {
  const keys = (await readKeySet(path)).map((entry) => {
    const key = parsePublicJwk(entry);
    const service = key && serviceOfKeyId(key.kid);
    if (!key || !service) throw new Error(`${path} holds something that is not a service's public key`);
    return { ...key, service };
  });
  for (const service of serviceNames) {
    if (!keys.some((key) => key.service === service)) throw new Error(`${path} lacks a key of the service ${service}`);
  }
  return keys;
}

/**
 * Reads the keys that user tokens are signed with: the first signs, all are published.
 * @throws Error naming the file if it cannot be read, is not a set of private keys, or is empty.
 */
export async function readTokenKeysFile(path: string): Promise<readonly [PrivateJwk, ...PrivateJwk[]]> {
  const keys = (await readKeySet(path)).map((entry) => {
    const key = parsePrivateJwk(entry);
    if (!key) throw new Error(`${path} holds something that is not a private P-256 key`);
    return key;
  });
  const [first, ...others] = keys;
  if (!first) throw new Error(`${path} holds no key`);
  return [first, ...others];
}

/** The service whose key it is, as the id's first part tells; undefined if it is no service's. */
function serviceOfKeyId(kid: string): ServiceName | undefined {
  const [name = "", thumbprint = ""] = kid.split(":");
  return thumbprint === "" ? undefined : parseServiceName(name);
}

async function readKeySet(path: string): Promise<readonly unknown[]> {
  const { data } = keySetSchema.safeParse(await readJson(path));
  if (!data) throw new Error(`${path} is not a JSON Web Key Set`);
  return data.keys;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(`the key file ${path} cannot be read`, { cause: error });
  });
  try {
    return JSON.parse(text);
  } catch {
    // Without the cause: a parser's message quotes the text, which may be a private key.
    throw new Error(`${path} is not JSON`);
  }
}

function fileText(key: PublicJwk): string {
  return `${JSON.stringify(fullJwk(key), undefined, 2)}\n`;
}

function setText(keys: readonly PublicJwk[]): string {
  return `${JSON.stringify({ keys: keys.map(fullJwk) }, undefined, 2)}\n`;
}
