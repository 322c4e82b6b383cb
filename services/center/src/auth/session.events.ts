import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SessionEndedSchema } from "#gen/medport/events/v1/session_events_pb.ts";
import { lastTokenExpiry } from "#platform/auth/user-token.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import type { UserId } from "../users/user.ts";
import type { SessionId } from "./session.ts";

/** Says that a session ended before its time. A session ends once, and nothing else is told of it. */
export function sessionEnded(
  { sessionId, userId }: { readonly sessionId: SessionId; readonly userId: UserId },
  now: Date,
): PendingEvent<typeof SessionEndedSchema> {
  return {
    schema: SessionEndedSchema,
    message: { sessionId, userId, tokensExpireTime: timestampFromDate(lastTokenExpiry(now)) },
    aggregateId: sessionId,
    version: 1,
  };
}
