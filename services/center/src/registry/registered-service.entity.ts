import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { RegisteredServiceStatus, RegisteredServiceType } from "./registered-service.ts";

/** What takes part in the mesh; the guide's ServiceRegistry. */
export const RegisteredServiceEntity = defineEntity({
  name: "RegisteredService",
  tableName: "service_registry",
  properties: {
    id: p.text().primary(),
    serviceName: p.text().unique("service_registry_service_name_key"),
    serviceType: p.text().$type<RegisteredServiceType>(),
    status: p.text().$type<RegisteredServiceStatus>(),
    address: p.text().nullable(),
    lastHeartbeatAt: p.datetime(3).nullable(),
    addedBy: p.text().nullable(),
    addedAt: p.datetime(3),
    configuration: p.json<Readonly<Record<string, unknown>>>().nullable(),
    metadata: p.json<Readonly<Record<string, unknown>>>().nullable(),
    version: p.bigint("number"),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of the registry. */
export type RegisteredServiceRow = InferEntity<typeof RegisteredServiceEntity>;
