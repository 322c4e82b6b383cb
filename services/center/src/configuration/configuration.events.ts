import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { settingMessage } from "./configuration.message.ts";
import type { Setting } from "./configuration.ts";

/** Says that a setting was changed, or brought back to its default. */
export function configurationChanged(setting: Setting): PendingEvent<typeof ConfigurationChangedSchema> {
  return {
    schema: ConfigurationChangedSchema,
    // A description is free text of people, and none of it travels in events.
    message: { configuration: { ...settingMessage(setting), description: "" } },
    aggregateId: setting.key,
    version: setting.version,
  };
}
