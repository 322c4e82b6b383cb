import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderEnvExample } from "#platform/config/env-example.ts";
import { allSettings, natsPort } from "#platform/config/settings.ts";
import { natsServerConfig } from "#platform/embedded/nats-config.ts";
import { subscriptions } from "../embedded/all-subscriptions.ts";
import { brokerPasswordVariable } from "../embedded/container-secrets.ts";

/** The committed files that are made from the settings and the subscriptions: their texts, by their paths. */
export function configurationFiles(): Readonly<Record<string, string>> {
  return {
    ".env.example": renderEnvExample(allSettings()),
    "deploy/broker/nats-server.conf": `# Who may say and hear what at the broker. Made from services/*/src/subscriptions.ts by "npm run generate".\n${natsServerConfig(
      {
        host: "0.0.0.0",
        port: natsPort,
        storeDir: "/data",
        subscriptions,
        version: "2.10.27",
        // Relative to this file, as the server wants it.
        include: "./secrets/passwords.conf",
        passwords: {
          hospital: { variable: brokerPasswordVariable("hospital") },
          ems: { variable: brokerPasswordVariable("ems") },
          center: { variable: brokerPasswordVariable("center") },
          doctor: { variable: brokerPasswordVariable("doctor") },
        },
      },
    )}`,
  };
}

/** Writes those that differ. Returns their paths. */
export async function writeConfigurationFiles(root: string): Promise<readonly string[]> {
  const written: string[] = [];
  for (const [path, text] of Object.entries(configurationFiles())) {
    const file = join(root, path);
    if ((await readFile(file, "utf8").catch(() => undefined)) === text) continue;
    await writeFile(file, text);
    written.push(path);
  }
  return written;
}
