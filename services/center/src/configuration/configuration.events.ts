import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { configurationMessage } from "./configuration.message.ts";
import type { Configuration } from "./configuration.ts";

/** Says that a setting was created or changed. */
export function configurationChanged(configuration: Configuration): PendingEvent<typeof ConfigurationChangedSchema> {
  return {
    schema: ConfigurationChangedSchema,
    // A description is free text of people, and none of it travels in events.
    message: { configuration: { ...configurationMessage(configuration), description: "" } },
    aggregateId: configuration.key,
    version: configuration.version,
  };
}
