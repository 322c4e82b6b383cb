import { type Config, type Environment, readConfig } from "#platform/config/read-config.ts";
import { type ServiceSettings, serviceSettings } from "#platform/config/settings.ts";

/** What the machine tells EMS. */
export type EmsConfig = Config<ServiceSettings>;

/** Reads EMS's settings. @throws ConfigError that lists every missing and every wrong one. */
export function readEmsConfig(environment: Environment): EmsConfig {
  return readConfig(serviceSettings("ems"), environment);
}
