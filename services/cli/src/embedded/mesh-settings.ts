import { type Config, ConfigError, type Environment, readConfig, valueOf } from "#platform/config/read-config.ts";
import {
  centerSettings,
  launcherSettings,
  serviceSettings,
  type SiloSettings,
  serviceTitles,
  siloSettings,
} from "#platform/config/settings.ts";
import { optionalSetting, type Setting } from "#platform/config/setting.ts";
import { withEnvFile } from "#platform/config/env-file.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { join } from "node:path";
import { forEachSilo } from "./mesh-state.ts";

/** What the person who starts the mesh asked for. */
export interface MeshSettings {
  readonly launcher: Config<typeof launcherSettings>;
  readonly silos: Readonly<Record<ServiceName, Config<SiloSettings>>>;
  /** The environment that all of it was read from, `.env` included. */
  readonly environment: Environment;
}

/**
 * Reads the settings of `medport up` and its siblings, and checks those that it only hands on to the services.
 * @throws ConfigError that lists every problem.
 */
export async function readMeshSettings(root: string, environment: Environment): Promise<MeshSettings> {
  const all = await withEnvFile(environment, join(root, ".env"));
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const launcher = attempt(() => readConfig(launcherSettings, all));
  const silos = forEachSilo((service) => attempt(() => readConfig(siloSettings(service), all)));
  for (const service of serviceNames) attempt(() => readConfig(handedOn(service), all));
  for (const service of serviceNames) problems.push(...contradictions(service, all));
  const { hospital, ems, center } = silos;
  if (problems.length > 0 || !launcher || !hospital || !ems || !center) throw new ConfigError(onePerVariable(problems));
  return { launcher, silos: { hospital, ems, center }, environment: all };
}

/** What one silo's settings say that cannot be true together. */
function contradictions(service: ServiceName, environment: Environment): readonly string[] {
  const prefix = `${service.toUpperCase()}_DATABASE`;
  const isGiven = (name: string): boolean => valueOf(environment, name) !== undefined;
  if (isGiven(`${prefix}_URL`) || !(isGiven(`${prefix}_OWNER_URL`) || isGiven(`${prefix}_ADMIN_URL`))) return [];
  const title = serviceTitles[service];
  return [
    `${prefix}_URL is missing: without it ${title}'s database is embedded, and its owner and administrator are ours`,
  ];
}

/** A variable that launcher and services read has a meaning for each, and needs no more than one correction. */
function onePerVariable(problems: readonly string[]): readonly string[] {
  const nameOf = (problem: string): string => problem.split(" ", 1).join("");
  return problems.filter((one, index) => problems.findIndex((other) => nameOf(other) === nameOf(one)) === index);
}

/** The settings of a service as far as somebody set them: a missing one is the launcher's to give. */
function handedOn(service: ServiceName): Readonly<Record<string, Setting<unknown>>> {
  return Object.fromEntries(
    Object.values(settingsOf(service)).map((setting) => [
      setting.name,
      setting.presence === "required" ? optionalSetting(setting) : setting,
    ]),
  );
}

/** Every setting that a service reads. */
export function settingsOf(service: ServiceName): Readonly<Record<string, Setting<unknown>>> {
  return service === "center" ? centerSettings() : serviceSettings(service);
}

/** Whether the variable was given a value, be it its usual one. */
export function isSet({ environment }: MeshSettings, name: string): boolean {
  return valueOf(environment, name) !== undefined;
}
