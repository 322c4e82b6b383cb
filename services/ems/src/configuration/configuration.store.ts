import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type SystemSettings, systemSettingsFrom } from "#platform/system-settings.ts";
import { ConfigurationEntity } from "./configuration.entity.ts";

/** The settings of the whole system as far as Center has told them. */
export async function readSystemSettings(em: SqlEntityManager): Promise<SystemSettings> {
  return systemSettingsFrom(await em.find(ConfigurationEntity, {}, { disableIdentityMap: true }));
}
