import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { User } from "#gen/medport/center/v1/user_pb.ts";
import { SessionEndedSchema } from "#gen/medport/events/v1/session_events_pb.ts";
import { UserCreatedSchema, UserImportedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on, PoisonedEvent } from "#platform/events/handler.ts";
import { keepEndedSession, keepRevokedAccount } from "./revocation-tables.ts";
import { lastTokenExpiry } from "./user-token.ts";

/** What a silo does about `center.session`: it refuses the tokens of sessions that ended. */
export const endedSessionHandlers: EventHandlers = [
  on(SessionEndedSchema, async (tx, { sessionId, tokensExpireTime }, { occurredAt, receivedAt: now }) => {
    const tokensExpireAt = tokensExpireTime ? timestampDate(tokensExpireTime) : lastTokenExpiry(occurredAt);
    await keepEndedSession(tx, sessionId, { tokensExpireAt, now });
  }),
];

/**
 * What a silo does about `center.user`, beside keeping the people that are its own: it refuses tokens of anybody's that
 * the account does not stand for any more.
 */
export const revokedAccountHandlers: EventHandlers = [
  on(UserCreatedSchema, (tx, { user }, meta) => keepAccount(tx, user, meta)),
  on(UserImportedSchema, (tx, { user }, meta) => keepAccount(tx, user, meta)),
  on(UserUpdatedSchema, (tx, { user }, meta) => keepAccount(tx, user, meta)),
];

async function keepAccount(tx: Tx, user: User | undefined, { occurredAt, receivedAt }: EventMeta): Promise<void> {
  if (!user) throw new PoisonedEvent("the event names no user");
  const tokensValidFrom = validFromOf(user, occurredAt);
  if (!tokensValidFrom) return;
  const tokensExpireAt = lastTokenExpiry(tokensValidFrom);
  await keepRevokedAccount(tx, user.id, { active: user.active, tokensValidFrom, tokensExpireAt, now: receivedAt });
}

/** From when on tokens count; undefined if all do. Those of a shut account end even if the event names no time. */
function validFromOf({ active, tokensValidFromTime }: User, occurredAt: Date): Date | undefined {
  if (tokensValidFromTime) return timestampDate(tokensValidFromTime);
  return active ? undefined : new Date((Math.floor(occurredAt.getTime() / 1_000) + 1) * 1_000);
}
