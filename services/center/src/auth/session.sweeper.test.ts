import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { aSession } from "./session.builder.ts";
import { RefreshTokenEntity, SessionEntity } from "./session.entity.ts";
import { insertRefreshToken, insertSession } from "./session.store.ts";
import type { SessionId } from "./session.ts";
import { type CenterDatabase, openCenterDatabase } from "../center.builder.ts";
import { sweepSessions } from "./session.sweeper.ts";
import { createAccount } from "../users/account.builder.ts";

let silo: CenterDatabase;
beforeAll(async () => {
  silo = await openCenterDatabase("center housekeeping");
});
afterAll(async () => silo[Symbol.asyncDispose]());

describe("the session sweeper", () => {
  it("forgets sessions, with their tokens, a month after they ran out, and no others", async () => {
    const { id: userId } = await createAccount(silo.database);
    const now = new Date("2026-06-01T00:00:00Z");
    const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 60 * 60_000);
    await silo.database.transaction(async (tx) => {
      for (const days of [29, 31]) {
        const session = aSession({ id: `session-${days}` as SessionId, userId, expireTime: daysAgo(days) });
        await insertSession(tx, session, daysAgo(days + 1));
        await insertRefreshToken(tx, `token-${days}`, session, daysAgo(days + 1));
      }
    });
    await sweepSessions(silo.database, () => now);
    const sessions = await silo.database.fork().find(SessionEntity, {});
    const tokens = await silo.database.fork().find(RefreshTokenEntity, {});
    expect(sessions.map(({ id }) => id)).toEqual(["session-29"]);
    expect(tokens.map(({ sessionId }) => sessionId)).toEqual(["session-29"]);
  });
});
