import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { type CenterDatabase, openCenterDatabase } from "../center.builder.ts";
import { createAccount } from "../users/account.builder.ts";
import { saveUser } from "../users/user.store.ts";
import type { User } from "../users/user.ts";
import { createOwnRevocations } from "./own-revocations.store.ts";
import { aSession } from "./session.builder.ts";
import { insertSession, markSessionsEnded } from "./session.store.ts";
import type { SessionId } from "./session.ts";

const now = new Date("2026-03-01T12:00:00Z");
let silo: CenterDatabase;
let user: User;

beforeAll(async () => {
  silo = await openCenterDatabase("center own revocations");
  user = await createAccount(silo.database);
});
afterAll(async () => silo[Symbol.asyncDispose]());

const find = (over: { userId?: string; sessionId?: string; issuedAtMs?: number } = {}) =>
  createOwnRevocations(silo.database).find({
    userId: user.id,
    sessionId: "running",
    issuedAtMs: now.getTime(),
    ...over,
  });
const save = (over: Partial<User>) => silo.database.transaction((tx) => saveUser(tx, { ...user, ...over }));

describe("what Center knows against a token", () => {
  it("is nothing while the account is open and the session runs", async () => {
    expect(await find()).toBeUndefined();
    expect(await find({ userId: "nobody" })).toBeUndefined();
  });

  it("is the end of its session, and of no other", async () => {
    await silo.database.transaction(async (tx) => {
      for (const id of ["ended", "running"] as SessionId[])
        await insertSession(tx, aSession({ id, userId: user.id }), now);
      await markSessionsEnded(tx, { userId: user.id, only: "ended" as SessionId }, "LOGOUT", now);
    });
    expect(await find({ sessionId: "ended" })).toBe("ENDED");
    expect(await find()).toBeUndefined();
  });

  it("is a change of the account since it was issued", async () => {
    await save({ tokensValidFrom: now });
    expect(await find({ issuedAtMs: now.getTime() - 1_000 })).toBe("SUPERSEDED");
    expect(await find()).toBeUndefined();
    await save({});
  });

  it("is that the account was shut, whenever the token was issued", async () => {
    await save({ active: false });
    expect(await find()).toBe("ENDED");
    await save({});
  });

  it("is not taken for nothing when its tables cannot be read", async () => {
    await using other = await openCenterDatabase("center without sessions");
    const owner = new Client({ connectionString: other.silo.ownerUrl });
    await owner.connect();
    await owner.query("drop table session cascade");
    await owner.end();
    const token = { userId: user.id, sessionId: "running", issuedAtMs: now.getTime() };
    await expect(createOwnRevocations(other.database).find(token)).rejects.toThrow('"session" does not exist');
  });
});
