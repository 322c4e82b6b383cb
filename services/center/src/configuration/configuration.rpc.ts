import type { ServiceImpl } from "@connectrpc/connect";
import {
  type ConfigurationService,
  ListConfigurationsResponseSchema,
  SetConfigurationResponseSchema,
} from "#gen/medport/center/v1/configuration_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { configurationChanged } from "./configuration.events.ts";
import { configurationMessage } from "./configuration.message.ts";
import { listConfigurations, lockConfiguration, saveConfiguration } from "./configuration.store.ts";
import { changeConfiguration } from "./configuration.ts";

/** What the service needs. */
export interface ConfigurationRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** Implements `medport.center.v1.ConfigurationService`. */
export function configurationRpc({
  unitOfWork,
  newId,
}: ConfigurationRpcDeps): ServiceImpl<typeof ConfigurationService> {
  return {
    listConfigurations(request, context) {
      return unitOfWork.read(context, request, ListConfigurationsResponseSchema, async ({ tx }) => ({
        configurations: (await listConfigurations(tx, request.category)).map(configurationMessage),
      }));
    },

    setConfiguration(request, context) {
      const { userId: updatedBy } = userOf(context);
      return unitOfWork.write(context, request, SetConfigurationResponseSchema, async (work) => {
        const { tx, now } = work;
        const known = await lockConfiguration(tx, request.key);
        assertEtag(request.etag, known?.version ?? 0);
        const changed = changeConfiguration(known, request, { newId, updatedBy, now });
        await saveConfiguration(tx, changed);
        work.emit(configurationChanged(changed));
        work.touched("configuration", changed.key);
        return { configuration: configurationMessage(changed) };
      });
    },
  };
}
