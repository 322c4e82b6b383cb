import { UserCreatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { userMessage } from "./user.message.ts";
import type { User } from "./user.ts";

/** Says that an account was created. */
export function userCreated(user: User): PendingEvent<typeof UserCreatedSchema> {
  return {
    schema: UserCreatedSchema,
    message: { user: userMessage(user) },
    aggregateId: user.id,
    version: user.version,
  };
}
