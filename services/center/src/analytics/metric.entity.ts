import { defineEntity, p } from "@mikro-orm/postgresql";

/** Single measurements, as they happened; the guide's SystemAnalytics. */
export const MetricEntity = defineEntity({
  name: "SystemAnalytics",
  tableName: "system_analytics",
  properties: {
    id: p.text().primary(),
    metricName: p.text(),
    metricValue: p.decimal("number").precision(18).scale(3),
    timestamp: p.datetime(3),
    category: p.text(),
    metadata: p.json<Readonly<Record<string, string>>>().nullable(),
  },
});
