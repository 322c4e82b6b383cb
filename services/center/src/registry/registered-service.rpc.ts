import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  ListDatabaseReferencesResponseSchema,
  ListServicesResponseSchema,
  ReportInstanceResponseSchema,
  type ServiceRegistryService,
} from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { callerOf } from "#platform/auth/caller.ts";
import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { openPage, readKey } from "#platform/rpc/page.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { referenceMessage } from "../references/reference.message.ts";
import { listReferences } from "../references/reference.store.ts";
import { reportInstance } from "./instance.report.ts";
import { serviceMessage, serviceTypeFromProto } from "./registered-service.message.ts";
import { listRegisteredServices, recordHeartbeat } from "./registered-service.store.ts";
import { instanceName } from "./registered-service.ts";

/** What the service needs. */
export interface RegistryRpcDeps {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly newId: IdSource;
}

/** Implements `medport.center.v1.ServiceRegistryService`. */
export function registryRpc(deps: RegistryRpcDeps): ServiceImpl<typeof ServiceRegistryService> {
  const { database, unitOfWork, clock, newId } = deps;
  return {
    async reportInstance(request, context) {
      const { service } = callerOf(context);
      if (!service) throw refuse(Reason.TOKEN_MISSING, "a service's token is demanded");
      const { address, version: release } = request;
      const name = instanceName(service, address);
      // A heartbeat that tells nothing new is no change of the registry: no event, no audit entry.
      const known = await database.transaction((tx) => recordHeartbeat(tx, { name, release, now: clock() }));
      if (known) return create(ReportInstanceResponseSchema, { service: serviceMessage(known, clock()) });
      return unitOfWork.write(context, request, ReportInstanceResponseSchema, async (work) => {
        const reported = await reportInstance(work, { service, address, release, newId });
        return { service: serviceMessage(reported, work.now) };
      });
    },

    listServices(request, context) {
      return unitOfWork.read(context, request, ListServicesResponseSchema, async ({ tx, now }) => {
        const services = await listRegisteredServices(tx, serviceTypeFromProto(request.type));
        return { services: services.map((service) => serviceMessage(service, now)) };
      });
    },

    listDatabaseReferences(request, context) {
      const { entityType, entityId, referenceType, referenceId } = request;
      const filter = { entityType, entityId, referenceType, referenceId };
      const page = openPage(context, request, filter);
      return unitOfWork.read(context, request, ListDatabaseReferencesResponseSchema, async ({ tx }) => {
        const key = readKey(page.after, ["text", "text", "text"]);
        const after = key && { entityType: key[0], entityId: key[1], referenceType: key[2] };
        const found = await listReferences(tx, { filter, after, limit: page.limit });
        const { rows, nextPageToken } = page.end(found, (row) => [row.entityType, row.entityId, row.referenceType]);
        return { references: rows.map(referenceMessage), nextPageToken };
      });
    },
  };
}
