import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { systemSettingRules } from "#platform/system-settings.ts";
import { lockName } from "../name-lock.ts";
import { ConfigurationEntity, type ConfigurationRow } from "./configuration.entity.ts";
import type { Configuration, ConfigurationId } from "./configuration.ts";

/** Every setting that is stored. What the former system had switched off under a key of its own is left out. */
export async function listConfigurations(em: SqlEntityManager): Promise<readonly Configuration[]> {
  const where = { $or: [{ isActive: true }, { key: { $in: [...systemSettingRules.keys()] } }] };
  const rows = await em.find(ConfigurationEntity, where, { orderBy: { key: "asc" }, disableIdentityMap: true });
  return rows.map(configurationFromRow);
}

/** The setting with this key. Keeps others from adding or changing it until the transaction ends. */
export async function lockConfiguration(tx: Tx, key: string): Promise<Configuration | undefined> {
  await lockName(tx, "configuration", key);
  const row = await tx.findOne(ConfigurationEntity, { key }, { disableIdentityMap: true });
  return row ? configurationFromRow(row) : undefined;
}

/** Adds or changes a setting. */
export async function saveConfiguration(tx: Tx, configuration: Configuration): Promise<void> {
  const { updateTime, ...rest } = configuration;
  const columns = { ...rest, isActive: true, updatedAt: updateTime };
  if (configuration.version === 1) await tx.insert(ConfigurationEntity, { ...columns, importedAt: null });
  else await tx.nativeUpdate(ConfigurationEntity, { id: configuration.id }, columns);
}

function configurationFromRow(row: ConfigurationRow): Configuration {
  return {
    id: row.id as ConfigurationId,
    key: row.key,
    value: row.value,
    description: row.description ?? "",
    category: row.category,
    updatedBy: row.updatedBy ?? "",
    // The former system could switch a setting off.
    isDefault: row.isDefault || !row.isActive,
    version: row.version,
    updateTime: row.updatedAt,
  };
}
