import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { createAccount, goodPassword } from "../users/account.builder.ts";
import { LoginGuardEntity } from "./session.entity.ts";
import { unlockAccount } from "./unlock.setup.ts";

let center: TestCenter;
beforeAll(async () => {
  center = await startTestCenter("center unlock");
});
afterAll(async () => center[Symbol.asyncDispose]());

const unlock = (email: string) =>
  unlockAccount({ databaseUrl: center.silo.appUrl, email, log: createMemoryLog("operator").log });

describe("unlocking an account", () => {
  it("lets its owner in again after a hundred failures, and leaves an audit entry", async () => {
    const { id: userId, email } = await createAccount(center.database);
    const login = () => center.clientWith(AuthService, {}).login({ email, password: goodPassword });
    await login();
    await center.database
      .fork()
      .nativeUpdate(LoginGuardEntity, { userId }, { consecutiveFailures: 100, lockedUntil: null });
    expect(reasonOf(await login().catch((error: unknown) => error))).toBe("CREDENTIALS_INVALID");
    expect(await unlock(` ${email.toUpperCase()}`)).toBe(true);
    expect((await login()).user?.id).toBe(userId);
    const entries = await platformTables(center.database.fork())
      .selectFrom("audit_entry")
      .select("entities")
      .where("action", "=", "center.unlock-account")
      .execute();
    expect(entries).toEqual([{ entities: [{ type: "user", id: userId }] }]);
  });

  it("says that nobody has the e-mail address", async () => {
    expect(await unlock("nobody@center.example")).toBe(false);
  });
});
