import { defineEntity, p } from "@mikro-orm/postgresql";
import type { ServiceName } from "#platform/service-name.ts";

/** Which records of one silo refer to records of another; the guide's DatabaseReferences. */
export const ReferenceEntity = defineEntity({
  name: "DatabaseReference",
  tableName: "database_reference",
  properties: {
    id: p.text().primary(),
    entityType: p.text(),
    entityId: p.text(),
    sourceDatabase: p.text().$type<ServiceName>(),
    targetDatabase: p.text().$type<ServiceName>(),
    referenceType: p.text(),
    referenceId: p.text(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});
