import { stat } from "node:fs/promises";
import { databasePorts, natsPort, servicePorts, serviceTitles } from "#platform/config/settings.ts";
import { readServiceKeyFile, readServicePublicKeysFile, readTokenKeysFile } from "#platform/auth/key-file.ts";
import { isPortFree } from "#platform/embedded/free-port.ts";
import { serviceNames } from "#platform/service-name.ts";
import type { MeshKeys } from "../embedded/mesh-secrets.ts";
import { type Finding, problem, warning, well } from "./finding.ts";

const oldestNode = [22, 18];

/** Looks at the Node that runs this. */
export function lookAtNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = oldestNode;
  const recent = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  if (recent) return well("Node", `version ${version}`);
  return problem(
    "Node",
    `version ${version} cannot run TypeScript`,
    "Run the command through npm, which uses the pinned version",
  );
}

/** Looks whether the usual ports are free. Only worth asking while no mesh runs. */
export async function lookAtPorts(): Promise<readonly Finding[]> {
  const usual = [
    ...serviceNames.map((service) => ({ of: serviceTitles[service], port: servicePorts[service] })),
    ...serviceNames.map((service) => ({ of: `${serviceTitles[service]}'s database`, port: databasePorts[service] })),
    { of: "the broker", port: natsPort },
  ];
  return Promise.all(
    usual.map(async ({ of, port }) => {
      const subject = `port ${port}`;
      if (await isPortFree(port)) return well(subject, `free for ${of}`);
      return warning(
        subject,
        `taken by another program, so ${of} will listen on another port`,
        `Stop that program if ${of} must be found at ${port}`,
      );
    }),
  );
}

/** Looks whether every key file is there, fits the others, and is closed to everybody else. */
export async function lookAtKeys(keys: MeshKeys): Promise<readonly Finding[]> {
  const findings = [
    await readable("public keys of the services", keys.servicePublicKeysFile, () =>
      readServicePublicKeysFile(keys.servicePublicKeysFile),
    ),
  ];
  for (const service of serviceNames) {
    const file = keys.serviceKeyFiles[service];
    findings.push(
      await privateKey(`${serviceTitles[service]}'s key`, file, async () =>
        fits(await readServiceKeyFile(file, service), keys),
      ),
    );
  }
  findings.push(
    await privateKey("Center's token keys", keys.tokenKeysFile, () => readTokenKeysFile(keys.tokenKeysFile)),
  );
  return findings;
}

async function fits(key: { readonly kid: string; readonly x: string }, keys: MeshKeys): Promise<void> {
  const published = await readServicePublicKeysFile(keys.servicePublicKeysFile);
  if (!published.some(({ kid, x }) => kid === key.kid && x === key.x)) {
    throw new Error("the services' public keys do not contain it, so nobody will believe this service");
  }
}

async function readable(subject: string, file: string, read: () => Promise<unknown>): Promise<Finding> {
  try {
    await read();
    return well(subject, file);
  } catch (error) {
    return problem(
      subject,
      error instanceof Error ? error.message : String(error),
      `Restore ${file}; or remove it and start again ("npx medport down", "npm start"), which makes new keys`,
    );
  }
}

async function privateKey(subject: string, file: string, read: () => Promise<unknown>): Promise<Finding> {
  const finding = await readable(subject, file, read);
  if (finding.grade !== "ok") return finding;
  const { mode } = await stat(file);
  if ((mode & 0o077) === 0) return finding;
  return problem(
    subject,
    `${file} can be read by others`,
    `Run "chmod 600 ${file}"; if others may have read it, remove it and start again, which makes new keys`,
  );
}
