import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";

/** Settings of the whole system; the guide's SystemConfiguration. */
export const ConfigurationEntity = defineEntity({
  name: "SystemConfiguration",
  tableName: "system_configuration",
  properties: {
    id: p.text().primary(),
    key: p.text().unique("system_configuration_key_key"),
    value: p.text(),
    description: p.text().nullable(),
    category: p.text(),
    isActive: p.boolean(),
    isDefault: p.boolean().default(false),
    updatedBy: p.text().nullable(),
    updatedAt: p.datetime(3),
    version: p.bigint("number"),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of settings. */
export type ConfigurationRow = InferEntity<typeof ConfigurationEntity>;
