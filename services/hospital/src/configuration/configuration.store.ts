import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type SystemSettings, systemSettingsFrom } from "#platform/system-settings.ts";
import { ConfigurationEntity } from "./configuration.entity.ts";

/** The settings in force, as far as Center has told us: with the default for each that it has not set. */
export async function readSystemSettings(em: SqlEntityManager): Promise<SystemSettings> {
  return systemSettingsFrom(await em.findAll(ConfigurationEntity, { disableIdentityMap: true }));
}
