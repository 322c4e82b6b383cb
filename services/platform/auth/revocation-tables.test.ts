import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import { keepEndedSession, keepRevokedAccount, loadRevokedAccess, revocationSchema } from "./revocation-tables.ts";

const now = new Date("2026-03-01T12:00:00.000Z");
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
let silo: SiloDatabase;

beforeAll(async () => {
  silo = await openSiloDatabase("revocations", { statements: revocationSchema });
});
beforeEach(async () => {
  await silo.database.fork().execute("delete from ended_session");
  await silo.database.fork().execute("delete from revoked_account");
});
afterAll(async () => silo[Symbol.asyncDispose]());

const end = (sessionId: string, tokensExpireAt: Date, at = now) =>
  silo.database.transaction((tx) => keepEndedSession(tx, sessionId, { tokensExpireAt, now: at }));
const revoke = (userId: string, active: boolean, at = now) =>
  silo.database.transaction((tx) =>
    keepRevokedAccount(tx, userId, { active, tokensValidFrom: at, tokensExpireAt: later(15), now: at }),
  );

describe("what was revoked", () => {
  it("is read as it was kept", async () => {
    await end("session-1", later(15));
    await end("session-2", later(15));
    await revoke("user-1", true);
    await revoke("user-2", false);
    expect(await loadRevokedAccess(silo.database)).toEqual({
      endedSessions: new Set(["session-1", "session-2"]),
      accounts: new Map([
        ["user-1", { active: true, tokensValidFrom: now }],
        ["user-2", { active: false, tokensValidFrom: now }],
      ]),
    });
  });

  it("may be kept twice, and of an account the last counts", async () => {
    await end("session-1", later(15));
    await end("session-1", later(15));
    await revoke("user-1", false);
    await revoke("user-1", true, later(1));
    const { endedSessions, accounts } = await loadRevokedAccess(silo.database);
    expect([...endedSessions]).toEqual(["session-1"]);
    expect([...accounts]).toEqual([["user-1", { active: true, tokensValidFrom: later(1) }]]);
  });

  it("is not kept if no token can be alive that rests on it", async () => {
    await end("session-1", now);
    await revoke("user-1", false, later(15));
    expect(await loadRevokedAccess(silo.database)).toEqual({ endedSessions: new Set(), accounts: new Map() });
  });

  it("is forgotten when more is heard after no token can be alive that rests on it", async () => {
    await end("session-1", later(15));
    await revoke("user-1", false);
    await end("session-2", later(20), later(14));
    expect([...(await loadRevokedAccess(silo.database)).endedSessions].toSorted()).toEqual(["session-1", "session-2"]);
    await end("session-3", later(30), later(15));
    await revoke("user-2", false, later(16));
    const { endedSessions, accounts } = await loadRevokedAccess(silo.database);
    expect([...endedSessions].toSorted()).toEqual(["session-2", "session-3"]);
    expect([...accounts.keys()]).toEqual([]);
  });
});
