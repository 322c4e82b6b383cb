import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type ConfigurationService,
  ListConfigurationsResponseSchema,
  ResetConfigurationResponseSchema,
  SetConfigurationResponseSchema,
} from "#gen/medport/center/v1/configuration_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { badRequest, refuse } from "#platform/rpc/refusal.ts";
import { configurationChanged } from "./configuration.events.ts";
import { settingMessage } from "./configuration.message.ts";
import { listConfigurations, lockConfiguration, saveConfiguration } from "./configuration.store.ts";
import {
  type Configuration,
  type ConfigurationChange,
  keyProblem,
  resetConfiguration,
  setConfiguration,
  type Setting,
  type SettingProblem,
  settingInForce,
  settingsInForce,
  wantedProblem,
} from "./configuration.ts";

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
  const changeOf = (context: HandlerContext, { now }: Work): ConfigurationChange => ({
    newId,
    updatedBy: userOf(context).userId,
    now,
  });
  return {
    listConfigurations(request, context) {
      return unitOfWork.read(context, request, ListConfigurationsResponseSchema, async ({ tx }) => {
        const settings = settingsInForce(await listConfigurations(tx), request.category);
        return { configurations: settings.map(settingMessage) };
      });
    },

    setConfiguration(request, context) {
      return unitOfWork.write(context, request, SetConfigurationResponseSchema, async (work) => {
        assertNoProblem(wantedProblem(request));
        const setting = await change(work, request, (known) =>
          setConfiguration(known, request, changeOf(context, work)),
        );
        return { configuration: settingMessage(setting) };
      });
    },

    resetConfiguration(request, context) {
      return unitOfWork.write(context, request, ResetConfigurationResponseSchema, async (work) => {
        assertNoProblem(keyProblem(request.key));
        const setting = await change(work, request, (known) =>
          resetConfiguration(known, request.key, changeOf(context, work)),
        );
        return { configuration: settingMessage(setting) };
      });
    },
  };
}

/** Changes a setting and tells the world, unless it is as it should be already. */
async function change(
  work: Work,
  { key, etag }: { readonly key: string; readonly etag: string },
  decide: (known: Configuration | undefined) => Configuration | undefined,
): Promise<Setting> {
  const known = await lockConfiguration(work.tx, key);
  assertEtag(etag, known?.version ?? 0);
  work.touched("configuration", key);
  const after = decide(known);
  const setting = settingInForce(key, after);
  if (!after || after === known) return setting;
  await saveConfiguration(work.tx, after);
  work.emit(configurationChanged(setting));
  return setting;
}

function assertNoProblem(found: SettingProblem | undefined): void {
  if (!found) return;
  const { field, problem } = found;
  throw refuse(Reason.VALIDATION_FAILED, problem, { details: [badRequest([{ field, description: problem }])] });
}
