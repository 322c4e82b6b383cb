import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startTestPostgres, type TestDatabase, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { type AdminSession, openAdminSession } from "./admin-session.ts";
import { aMigration, createMemoryLog } from "./database.builder.ts";
import { migrate } from "./migrate.ts";
import { platformSchema } from "./platform-schema.ts";

const initial = aMigration("0001-initial", [...platformSchema, "create table trip (id text primary key, note text)"]);
const second = aMigration("0002-number", ["alter table trip add column number text"]);

describe("migrating a silo's database", () => {
  let postgres: TestPostgres;
  let silo: TestDatabase;
  const { log, logged } = createMemoryLog();

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  async function freshSilo(): Promise<void> {
    silo = await postgres.createDatabase("migrate");
  }
  const up = (migrations = [initial, second], appRole = silo.appRole) =>
    migrate({ ownerUrl: silo.ownerUrl, appRole, migrations, log });

  async function asApp(work: (session: AdminSession) => Promise<unknown>): Promise<unknown> {
    await using session = await openAdminSession(silo.appUrl, "test");
    return await work(session);
  }

  it("applies what is missing, once, and says what it applied", async () => {
    await freshSilo();
    expect(await up([initial])).toEqual(["0001-initial"]);
    expect(await up()).toEqual(["0002-number"]);
    expect(await up()).toEqual([]);
  });

  it("lets ten processes migrate at once, of which one does it", async () => {
    await freshSilo();
    const answers = await Promise.all(Array.from({ length: 10 }, () => up()));
    expect(answers.filter((applied) => applied.length > 0)).toEqual([["0001-initial", "0002-number"]]);
  });

  it("applies all or nothing", async () => {
    await freshSilo();
    await expect(
      up([initial, aMigration("0002-broken", ["create table half (id text)", "select 1/0"])]),
    ).rejects.toThrow("PostgreSQL 22012");
    await expect(asApp((app) => app.run("select * from trip"))).rejects.toThrow("42P01");
    expect(await up()).toEqual(["0001-initial", "0002-number"]);
  });

  it("lets the application read and write rows, but not change tables", async () => {
    await freshSilo();
    await up();
    await asApp(async (app) => {
      await app.run("insert into trip (id) values ('trip-1')");
      await app.run("update trip set note = 'x'");
      await app.run("delete from trip");
      for (const statement of [
        "create table mine (id text)",
        "alter table trip add column mine text",
        "drop table trip",
        "truncate trip",
        "create index mine on trip (note)",
        "create schema mine",
        "create temporary table mine (id text)",
        "insert into schema_migration (name) values ('x')",
      ]) {
        await expect(app.run(statement)).rejects.toThrow("PostgreSQL 42501");
      }
    });
  });

  it("lets the application write and read the audit log, but neither change nor delete from it", async () => {
    await freshSilo();
    await up();
    await asApp(async (app) => {
      await app.run(
        "insert into audit_entry (id, occurred_at, action, decision) values ('entry-1', now(), 'test', 'ALLOWED')",
      );
      expect(await app.run("select id from audit_entry")).toEqual([{ id: "entry-1" }]);
      for (const statement of [
        "update audit_entry set decision = 'DENIED'",
        "delete from audit_entry",
        "truncate audit_entry",
      ]) {
        await expect(app.run(statement)).rejects.toThrow("PostgreSQL 42501");
      }
    });
  });

  it("takes away what the application should not have, and grants tables made outside of migrations", async () => {
    await freshSilo();
    await up();
    {
      await using owner = await openAdminSession(silo.ownerUrl, "test");
      await owner.run(`grant all on audit_entry to ${silo.appRole}`);
      await owner.run(`grant create on schema public to ${silo.appRole}`);
      await owner.run("create table by_hand (id int)");
    }
    await up();
    await asApp(async (app) => {
      await app.run("insert into by_hand values (1)");
      await expect(app.run("delete from audit_entry")).rejects.toThrow("42501");
      await expect(app.run("create table mine (id text)")).rejects.toThrow("42501");
    });
  });

  it("works with one role for everything, and says so", async () => {
    await freshSilo();
    expect(await up([initial], silo.ownerRole)).toEqual(["0001-initial"]);
    expect(logged.some((line) => line.includes("database.single_role"))).toBe(true);
  });
});
