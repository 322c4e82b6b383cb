import { UserCreatedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
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

/** Says that an account changed. Never carries a password: that a new one was chosen is told by the version alone. */
export function userUpdated(user: User): PendingEvent<typeof UserUpdatedSchema> {
  return {
    schema: UserUpdatedSchema,
    message: { user: userMessage(user) },
    aggregateId: user.id,
    version: user.version,
  };
}
