import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig } from "#platform/config/read-config.ts";
import { allSettings, servicePorts } from "#platform/config/settings.ts";
import { serviceNames } from "#platform/service-name.ts";
import { projectRoot } from "../project-root.ts";
import { writeContainerSecrets } from "./container-secrets.ts";
import { settingsOf } from "./mesh-settings.ts";

const container = z.object({
  image: z.string().optional(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
});

const composeFile = z.object({ services: z.record(z.string(), container), volumes: z.record(z.string(), z.null()) });

type Container = z.infer<typeof container>;

describe("docker-compose.yml", () => {
  let compose: z.infer<typeof composeFile>;
  let secrets: string;

  beforeAll(async () => {
    compose = composeFile.parse(
      parse(await readFile(join(projectRoot, "docker-compose.yml"), "utf8"), { merge: true }),
    );
    secrets = await mkdtemp(join(tmpdir(), "medport-containers-"));
    await writeContainerSecrets(secrets);
  });
  afterAll(() => rm(secrets, { recursive: true, force: true }));

  function containerOf(name: string): Container {
    const found = compose.services[name];
    if (!found) throw new Error(`there is no container ${name}`);
    return found;
  }

  async function environmentOf(name: string, file: string): Promise<NodeJS.Dict<string>> {
    const fromFile = parseEnv(await readFile(join(secrets, name, file), "utf8"));
    const own = Object.entries(containerOf(name).environment ?? {});
    return { ...fromFile, ...Object.fromEntries(own.map(([key, value]) => [key, withDefault(value)])) };
  }

  it("has a container for every part of the mesh, on official images", () => {
    expect(Object.keys(compose.services).toSorted()).toEqual(
      ["broker", "secrets", "setup", ...serviceNames.flatMap((name) => [name, `${name}-database`])].toSorted(),
    );
    for (const name of serviceNames) {
      expect(containerOf(`${name}-database`).image).toBe("postgres:18");
      expect(containerOf(name).build).toBe(".");
    }
    expect(containerOf("broker").image).toMatch(/^nats:2\./);
  });

  it.each(serviceNames)("gives %s every setting that it needs, and no other", async (service) => {
    const environment = await environmentOf(service, "service.env");
    const known = Object.values(settingsOf(service)).map(({ name }) => name);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    const config = readConfig(settingsOf(service), environment);
    expect(config).toMatchObject({ host: "0.0.0.0", port: servicePorts[service], natsUrl: "nats://broker:4222" });
  });

  it("lets every service find the others, and people find every service", () => {
    for (const service of serviceNames) {
      const port = servicePorts[service];
      expect(containerOf(service).ports).toEqual([`127.0.0.1:\${${service.toUpperCase()}_PORT:-${port}}:${port}`]);
      for (const reader of serviceNames) {
        expect(containerOf(reader).environment).toMatchObject({
          [`${service.toUpperCase()}_ADDRESS`]: `${service}:${port}`,
        });
      }
    }
  });

  it("gives the setting up the databases' administrators and nothing that medport does not know", async () => {
    const environment = await environmentOf("setup", "setup.env");
    const known = allSettings().filter(({ readBy }) => readBy.includes("medport"));
    expect(Object.keys(environment).filter((name) => !known.some((setting) => setting.name === name))).toEqual([]);
    for (const service of serviceNames) {
      expect(environment[`${service.toUpperCase()}_DATABASE_ADMIN_URL`]).toContain(
        `@${service}-database:5432/postgres`,
      );
    }
  });

  it("shows each container its own secrets and nobody else's", () => {
    for (const [name, { volumes = [] }] of Object.entries(compose.services)) {
      if (name === "secrets") continue;
      const seen = volumes.map((volume) => volume.split(":")[0] ?? "").filter((volume) => volume.endsWith("-secrets"));
      expect(seen).toEqual([`${name}-secrets`]);
    }
  });

  it("declares every volume that it uses", () => {
    const used = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((it) => it.split(":")[0] ?? ""),
    );
    expect(Object.keys(compose.volumes).toSorted()).toEqual(
      [...new Set(used.filter((volume) => !volume.startsWith(".")))].toSorted(),
    );
  });

  it("knows of every container that stays whether it is well", () => {
    const staying = Object.entries(compose.services).filter(([name]) => name !== "secrets" && name !== "setup");
    expect(staying.filter(([, { healthcheck }]) => healthcheck === undefined)).toEqual([]);
  });

  it("starts nothing before that which it needs", () => {
    for (const service of serviceNames) {
      expect(containerOf(`${service}-database`).depends_on).toEqual({
        secrets: { condition: "service_completed_successfully" },
      });
      expect(containerOf("setup").depends_on).toMatchObject({
        [`${service}-database`]: { condition: "service_healthy" },
      });
      expect(containerOf(service).depends_on).toEqual({
        setup: { condition: "service_completed_successfully" },
        broker: { condition: "service_healthy" },
      });
    }
  });

  it("runs programs that exist", async () => {
    const words = Object.values(compose.services).flatMap(({ command = [], healthcheck }) => [
      ...command,
      ...(healthcheck?.test ?? []),
    ]);
    const scripts = words.filter((word) => word.startsWith("services/cli/") && word.endsWith(".ts"));
    expect(scripts.length).toBeGreaterThan(3);
    for (const script of scripts) await stat(join(projectRoot, script));
  });

  it("keeps passwords and keys when they are made a second time", async () => {
    const file = join(secrets, "ems", "service.env");
    const before = await readFile(file, "utf8");
    await writeContainerSecrets(secrets);
    expect(await readFile(file, "utf8")).toBe(before);
  });
});

/** What Compose makes of a value where the variable in it is not set. */
function withDefault(value: string): string {
  return value.replace(/\$\{[A-Z_]+:-([^}]*)\}/, "$1");
}
