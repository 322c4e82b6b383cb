import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { expectEntitiesMatchSchema, expectSchemaFile } from "#platform/database/schema-expectations.builder.ts";
import { type CenterDatabase, openCenterDatabase } from "../src/center.builder.ts";

let silo: CenterDatabase;
beforeAll(async () => {
  silo = await openCenterDatabase("center migrations");
});
afterAll(async () => silo[Symbol.asyncDispose]());

describe("Center's migrations", () => {
  it("make the schema that the service expects", () =>
    expectSchemaFile(silo.database, new URL("schema.txt", import.meta.url)));

  it("make the tables that the entities describe", () => expectEntitiesMatchSchema(silo.database));

  it.each([
    ["HOSPITAL", "agency_id"],
    ["EMS", "hospital_id"],
    ["CENTER", "agency_id"],
  ])("refuse an account of %s with an organization in %s", async (userType, column) => {
    const insertion = silo.database.fork().execute(
      `insert into user_account
         (id, email, password_hash, name, user_type, ${column}, roles, is_active, must_change_password, version,
          created_at, updated_at)
       values ('user-1', 'a@b.example', 'hash', 'Name', ?, 'organization-1', '{viewer}', true, false, 1, now(), now())`,
      [userType],
    );
    await expect(insertion).rejects.toThrow("user_account_membership_check");
  });
});
