import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { generateServiceKeys, generateTokenKeys } from "#platform/auth/key-file.ts";
import type { BrokerUser } from "#platform/embedded/nats-config.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { newSampleAccounts, type SampleAccount, withMissingAccounts } from "../sample/accounts.ts";
import { type MeshFolder, writePrivateFile } from "./mesh-folder.ts";
import { forEachSilo } from "./mesh-state.ts";

const silo = z.object({ admin: z.string(), owner: z.string(), app: z.string() });

const meshSecrets = z.object({
  databases: z.object({ hospital: silo, ems: silo, center: silo }),
  broker: z.object({ hospital: z.string(), ems: z.string(), center: z.string(), doctor: z.string() }),
});

/** The passwords of everything embedded. */
export interface MeshSecrets {
  readonly databases: Readonly<
    Record<ServiceName, { readonly admin: string; readonly owner: string; readonly app: string }>
  >;
  readonly broker: Readonly<Record<BrokerUser, string>>;
}

/** Reads the passwords; undefined before the first start. */
export async function readMeshSecrets(folder: MeshFolder): Promise<MeshSecrets | undefined> {
  const known = await readJson(passwordFile(folder));
  return known === undefined ? undefined : meshSecrets.parse(known);
}

/** Reads the passwords; makes them at the first start. */
export async function openMeshSecrets(folder: MeshFolder): Promise<MeshSecrets> {
  const known = await readMeshSecrets(folder);
  if (known) return known;
  const secrets = {
    databases: forEachSilo(() => ({ admin: newSecret(), owner: newSecret(), app: newSecret() })),
    broker: { ...forEachSilo(newSecret), doctor: newSecret() },
  };
  await writePrivateFile(passwordFile(folder), `${JSON.stringify(secrets, undefined, 2)}\n`);
  return secrets;
}

function passwordFile(folder: MeshFolder): string {
  return join(folder.secrets, "passwords.json");
}

/** Where the keys are, for the services' settings. */
export interface MeshKeys {
  readonly serviceKeyFiles: Readonly<Record<ServiceName, string>>;
  readonly servicePublicKeysFile: string;
  readonly tokenKeysFile: string;
}

/** Where the keys are, whether they have been made or not. */
export function meshKeysIn(folder: MeshFolder): MeshKeys {
  return {
    serviceKeyFiles: forEachSilo((service) => join(folder.keys, `${service}.json`)),
    servicePublicKeysFile: join(folder.keys, "services.json"),
    tokenKeysFile: join(folder.keys, "tokens.json"),
  };
}

/** Finds the keys; makes those that are missing, at the first start all of them. */
export async function openMeshKeys(folder: MeshFolder): Promise<MeshKeys> {
  const keys = meshKeysIn(folder);
  if ((await readJson(keys.tokenKeysFile)) === undefined) {
    await writePrivateFile(keys.tokenKeysFile, await generateTokenKeys());
  }
  const serviceKeys = [keys.servicePublicKeysFile, ...Object.values(keys.serviceKeyFiles)];
  const found = await Promise.all(serviceKeys.map(readJson));
  // All anew when one is missing: each is of use only together with the others.
  if (found.includes(undefined)) {
    const { privateKeys, publicKeys } = await generateServiceKeys();
    for (const service of serviceNames) await writePrivateFile(keys.serviceKeyFiles[service], privateKeys[service]);
    // Last, because it is the one that says that all are there.
    await writePrivateFile(keys.servicePublicKeysFile, publicKeys);
  }
  return keys;
}

const sampleAccounts = z.array(
  z.object({
    email: z.string(),
    password: z.string(),
    name: z.string(),
    organization: z.string(),
    userType: z.enum(["HOSPITAL", "EMS", "CENTER"]),
  }),
);

const sampleRegion = z.object({ state: z.enum(["loading", "loaded"]), accounts: sampleAccounts });

/** The sample region's people, and whether it has been loaded to its end. */
export interface SampleRegionRecord {
  readonly state: "loading" | "loaded";
  readonly accounts: readonly SampleAccount[];
}

/** What is known of the sample region; undefined if nobody began to load it. */
export async function readSampleRegionRecord(folder: MeshFolder): Promise<SampleRegionRecord | undefined> {
  const known = await readJson(sampleRegionFile(folder));
  return known === undefined ? undefined : sampleRegion.parse(known);
}

/** Invents the people, and notes that the loading begins. */
export async function beginSampleRegion(folder: MeshFolder): Promise<SampleRegionRecord> {
  const begun: SampleRegionRecord = { state: "loading", accounts: newSampleAccounts() };
  await writePrivateFile(sampleRegionFile(folder), `${JSON.stringify(begun, undefined, 2)}\n`);
  return begun;
}

/** Takes a loading up again that was cut off, perhaps that of an earlier version, which had fewer people. */
export async function resumeSampleRegion(
  folder: MeshFolder,
  { accounts }: SampleRegionRecord,
): Promise<SampleRegionRecord> {
  const resumed: SampleRegionRecord = { state: "loading", accounts: withMissingAccounts(accounts) };
  await writePrivateFile(sampleRegionFile(folder), `${JSON.stringify(resumed, undefined, 2)}\n`);
  return resumed;
}

/** Notes that it has been loaded to its end. */
export async function endSampleRegion(folder: MeshFolder, { accounts }: SampleRegionRecord): Promise<void> {
  await writePrivateFile(sampleRegionFile(folder), `${JSON.stringify({ state: "loaded", accounts }, undefined, 2)}\n`);
}

/** Takes back that the loading began. */
export async function forgetSampleRegion(folder: MeshFolder): Promise<void> {
  await rm(sampleRegionFile(folder), { force: true });
}

function sampleRegionFile(folder: MeshFolder): string {
  return join(folder.secrets, "sample-region.json");
}

/** In letters that need no quoting in a URL, a shell or the broker's configuration. */
function newSecret(): string {
  return randomBytes(24).toString("base64url").replaceAll(/[-_]/g, "x");
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read; "npx medport reset" makes a new one, and new data with it`, {
      cause: error,
    });
  }
}
