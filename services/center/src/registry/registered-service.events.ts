import { ServiceAddedSchema, ServiceUpdatedSchema } from "#gen/medport/events/v1/service_events_pb.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { serviceMessage } from "./registered-service.message.ts";
import type { RegisteredService } from "./registered-service.ts";

/** Says that something takes part, or that what takes part has changed. */
export function serviceChanged(service: RegisteredService, now: Date): PendingEvent {
  const event = {
    message: { service: serviceMessage(service, now) },
    aggregateId: service.id,
    version: service.version,
  };
  return service.version === 1 ? { schema: ServiceAddedSchema, ...event } : { schema: ServiceUpdatedSchema, ...event };
}
