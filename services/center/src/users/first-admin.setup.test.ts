import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { goodPassword } from "./account.builder.ts";
import { createFirstAdmin } from "./first-admin.setup.ts";
import { UserEntity } from "./user.entity.ts";

let center: TestCenter;
beforeAll(async () => {
  center = await startTestCenter("center first admin");
});
afterAll(async () => center[Symbol.asyncDispose]());

const admin = { email: " Admin@Center.Example", password: goodPassword, name: "Casey Center" };
const create = (over: Partial<typeof admin> = {}) =>
  createFirstAdmin({ ...admin, ...over, databaseUrl: center.silo.appUrl, log: createMemoryLog("setup").log });

describe("Center's first account", () => {
  it("must keep the rules for passwords", async () => {
    await expect(create({ password: "too short" })).rejects.toThrow("at least 15 characters");
  });

  it("is created once, however many set up at once, and may log in", async () => {
    const created = await Promise.all([create(), create({ email: "other@center.example" })]);
    expect(created.toSorted()).toEqual([false, true]);
    expect(await create({ email: "third@center.example" })).toBe(false);
    const accounts = await center.database.fork().find(UserEntity, {});
    expect(accounts.map(({ userType, roles, version }) => ({ userType, roles, version }))).toEqual([
      { userType: "CENTER", roles: ["orgAdmin", "dispatcher"], version: 1 },
    ]);
    const { user } = await center
      .clientWith(AuthService, {})
      .login({ email: accounts[0]?.email ?? "", password: goodPassword });
    expect(user?.id).toBe(accounts[0]?.id);
  });

  it("is told to the world and stands in the audit log like any other", async () => {
    const events = await platformTables(center.database.fork())
      .selectFrom("outbox_event")
      .select("subject")
      .where("aggregate_type", "=", "user")
      .execute();
    const entries = await platformTables(center.database.fork())
      .selectFrom("audit_entry")
      .select("decision")
      .where("action", "=", "center.create-first-admin")
      .execute();
    expect(events.map(({ subject }) => subject)).toEqual([expect.stringMatching(/^evt\.center\.user\..+\.created$/)]);
    expect(entries).toEqual([{ decision: "ALLOWED" }]);
  });
});
