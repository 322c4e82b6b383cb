import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { JWK } from "jose";
import {
  generateServiceKeys,
  generateTokenKeys,
  readServiceKeyFile,
  readServicePublicKeysFile,
  readTokenKeysFile,
} from "./key-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "medport-keys-"));
});
afterAll(() => rm(folder, { recursive: true }));

function firstKey(keySet: string): JWK {
  const { keys } = JSON.parse(keySet) as { readonly keys: readonly [JWK] };
  return keys[0];
}

async function fileWith(text: string): Promise<string> {
  const path = join(folder, `${process.hrtime.bigint()}.json`);
  await writeFile(path, text);
  return path;
}

describe("key files of services", () => {
  it("give each service the private half of a key that all know", async () => {
    const files = await generateServiceKeys();
    const known = await readServicePublicKeysFile(await fileWith(files.publicKeys));
    const own = await readServiceKeyFile(await fileWith(files.privateKeys.ems), "ems");
    expect(known.find((key) => key.service === "ems")).toEqual({ kid: own.kid, x: own.x, y: own.y, service: "ems" });
  });

  it("keep the private halves out of what all know", async () => {
    const { publicKeys, privateKeys } = await generateServiceKeys();
    for (const text of Object.values(privateKeys)) {
      expect(publicKeys).not.toContain(firstKey(`{"keys":[${text}]}`).d);
    }
  });

  it("are refused when they are another service's", async () => {
    const { privateKeys } = await generateServiceKeys();
    const path = await fileWith(privateKeys.hospital);
    await expect(readServiceKeyFile(path, "ems")).rejects.toThrow(`${path} is not the key of the service ems`);
  });

  it("are refused when a service is missing among the known ones", async () => {
    const { publicKeys } = await generateServiceKeys();
    const path = await fileWith(publicKeys.replace(/"center:[^"]+"/, '"ems:another"'));
    await expect(readServicePublicKeysFile(path)).rejects.toThrow(`${path} lacks a key of the service center`);
  });

  it("are refused when the private half is missing", async () => {
    const { publicKeys } = await generateServiceKeys();
    const path = await fileWith(JSON.stringify(firstKey(publicKeys)));
    await expect(readServiceKeyFile(path, "hospital")).rejects.toThrow("is not a private P-256 key");
  });
});

describe("the key file of user tokens", () => {
  it("can be read as it was made", async () => {
    const [key] = await readTokenKeysFile(await fileWith(await generateTokenKeys()));
    expect(key.d).toHaveLength(43);
  });

  it("keeps the order, because the first key signs", async () => {
    const [one, two] = [firstKey(await generateTokenKeys()), firstKey(await generateTokenKeys())];
    const keys = await readTokenKeysFile(await fileWith(JSON.stringify({ keys: [one, two] })));
    expect(keys.map((key) => key.kid)).toEqual([one.kid, two.kid]);
  });

  it.each([
    ["is missing", undefined, "cannot be read"],
    ["is not JSON", '{"d":"secret', "is not JSON"],
    ["is no key set", "{}", "is not a JSON Web Key Set"],
    ["is empty", '{"keys":[]}', "holds no key"],
    ["holds an RSA key", '{"keys":[{"kty":"RSA","kid":"1"}]}', "not a private P-256 key"],
  ])("is refused when it %s", async (_what, text, sentence) => {
    const path = text === undefined ? join(folder, "missing.json") : await fileWith(text);
    await expect(readTokenKeysFile(path)).rejects.toThrow(sentence);
  });

  it("does not quote a broken file, which may hold a key", async () => {
    const error: unknown = await readTokenKeysFile(await fileWith('{"d":"secret')).catch((caught: unknown) => caught);
    expect(String(error)).not.toContain("secret");
    expect(error instanceof Error && error.cause).toBeUndefined();
  });
});
