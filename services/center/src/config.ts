import { type Config, type Environment, readConfig } from "#platform/config/read-config.ts";
import { centerSettings } from "#platform/config/settings.ts";

/** What the machine tells Center. */
export type CenterConfig = Config<ReturnType<typeof centerSettings>>;

/** Reads Center's settings. @throws ConfigError that lists every missing and every wrong one. */
export function readCenterConfig(environment: Environment): CenterConfig {
  return readConfig(centerSettings(), environment);
}
