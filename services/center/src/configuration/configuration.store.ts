import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { lockName } from "../name-lock.ts";
import { ConfigurationEntity, type ConfigurationRow } from "./configuration.entity.ts";
import type { Configuration, ConfigurationId } from "./configuration.ts";

/** Settings by key; of one category, or all if it is empty. */
export async function listConfigurations(em: SqlEntityManager, category: string): Promise<readonly Configuration[]> {
  const where = { isActive: true, ...(category && { category }) };
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
    version: row.version,
    updateTime: row.updatedAt,
  };
}
