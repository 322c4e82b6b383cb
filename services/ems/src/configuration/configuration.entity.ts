import { defineEntity, p } from "@mikro-orm/postgresql";

/** The settings of the whole system, from Center's events. Center owns them. */
export const ConfigurationEntity = defineEntity({
  name: "Configuration",
  tableName: "configuration",
  properties: {
    key: p.text().primary(),
    value: p.text(),
    category: p.text(),
    version: p.integer(),
    updatedAt: p.datetime(3),
  },
});
