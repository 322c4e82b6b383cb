import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { type EventHandlers, on, PoisonedEvent } from "#platform/events/handler.ts";
import { ConfigurationEntity } from "./configuration.entity.ts";

/** Keeps the copy of the settings of the whole system. */
export const configurationHandlers: EventHandlers = [
  on(ConfigurationChangedSchema, async (tx, { configuration }, { version, occurredAt }) => {
    if (!configuration) throw new PoisonedEvent("the event names no setting");
    const { key, value, category, updateTime } = configuration;
    const updatedAt = updateTime ? timestampDate(updateTime) : occurredAt;
    await tx.upsert(ConfigurationEntity, { key, value, category, version: Number(version), updatedAt });
  }),
];
