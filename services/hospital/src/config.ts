import { type Config, type Environment, readConfig } from "#platform/config/read-config.ts";
import { type ServiceSettings, serviceSettings } from "#platform/config/settings.ts";

/** What the machine tells Hospital. */
export type HospitalConfig = Config<ServiceSettings>;

/** Reads Hospital's settings. @throws ConfigError that lists every missing and every wrong one. */
export function readHospitalConfig(environment: Environment): HospitalConfig {
  return readConfig(serviceSettings("hospital"), environment);
}
