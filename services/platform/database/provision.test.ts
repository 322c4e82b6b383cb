import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { type AdminSession, identifier, openAdminSession } from "./admin-session.ts";
import { aMigration, createMemoryLog } from "./database.builder.ts";
import { urlOfDatabase } from "./database-url.ts";
import { migrate } from "./migrate.ts";
import { platformSchema } from "./platform-schema.ts";
import { provisionSilo } from "./provision.ts";

describe("provisioning a silo", () => {
  let postgres: TestPostgres;
  let name: string;
  let urls: { readonly adminUrl: string; readonly ownerUrl: string; readonly appUrl: string };

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(() => {
    // Names and passwords with everything in them that SQL and URLs treat as special; a single quote in a database's name
    // is more than MikroORM's migrator can take.
    name = `silo "${randomBytes(4).toString("hex")}" %20`;
    urls = { adminUrl: postgres.adminUrl, ownerUrl: login("owner", "o'w@n:e/r%"), appUrl: login("app", "a?p#p&") };
  });
  afterEach(async () => {
    await asAdmin(async (admin) => {
      await admin.run(`drop database if exists ${identifier(name)} with (force)`);
      for (const role of ["owner", "app", "admin"])
        await admin.run(`drop role if exists ${identifier(`${name}'${role}`)}`);
    });
  });

  function login(role: string, password: string, database = name): string {
    const url = new URL(urlOfDatabase(postgres.adminUrl, database));
    url.username = encodeURIComponent(`${name}'${role}`);
    url.password = encodeURIComponent(password);
    return url.href;
  }
  async function asAdmin<T>(work: (session: AdminSession) => Promise<T>): Promise<T> {
    return as(postgres.adminUrl, work);
  }
  async function as<T>(url: string, work: (session: AdminSession) => Promise<T>): Promise<T> {
    await using session = await openAdminSession(url, "test");
    return await work(session);
  }
  const migrateSilo = () =>
    migrate({
      ownerUrl: urls.ownerUrl,
      appRole: `${name}'app`,
      migrations: [aMigration("0001-initial", platformSchema)],
      log: createMemoryLog().log,
    });

  it("makes a database that its owner can migrate and its application can use", async () => {
    await provisionSilo(urls);
    await migrateSilo();
    await as(urls.appUrl, async (app) => {
      await app.run("insert into relay_state (stream, epoch, last_seq) values ('EVT_TEST', 'now', 0)");
      await expect(app.run("create table mine (id int)")).rejects.toThrow("42501");
    });
  });

  it("may be repeated and run by several at once, and changes nothing that is there", async () => {
    await Promise.all(Array.from({ length: 5 }, () => provisionSilo(urls)));
    await migrateSilo();
    await provisionSilo(urls);
    expect(await as(urls.appUrl, (app) => app.run("select count(*)::int as count from outbox_event"))).toEqual([
      { count: 0 },
    ]);
  });

  it("sets passwords anew", async () => {
    await provisionSilo(urls);
    const old = urls.appUrl;
    urls = { ...urls, appUrl: login("app", "changed") };
    await provisionSilo(urls);
    await as(urls.appUrl, (app) => app.run("select 1"));
    await expect(as(old, (app) => app.run("select 1"))).rejects.toThrow("password authentication failed");
  });

  it("lets no other silo's roles in", async () => {
    await using other = await postgres.createDatabase("other_silo");
    await provisionSilo(urls);
    for (const url of [other.appUrl, other.ownerUrl]) {
      await expect(as(urlOfDatabase(url, name), (session) => session.run("select 1"))).rejects.toThrow(
        "permission denied",
      );
    }
  });

  it("takes over a database that somebody else had made, and closes it", async () => {
    await asAdmin((admin) => admin.run(`create database ${identifier(name)}`));
    await as(urlOfDatabase(postgres.adminUrl, name), (admin) => admin.run("grant create on schema public to public"));
    await provisionSilo(urls);
    await migrateSilo();
    await expect(as(urls.appUrl, (app) => app.run("create table mine (id int)"))).rejects.toThrow("42501");
  });

  it("makes do with an administrator who is no superuser", async () => {
    await asAdmin((admin) =>
      admin.run(`create role ${identifier(`${name}'admin`)} login createdb createrole password 'x'`),
    );
    await provisionSilo({ ...urls, adminUrl: login("admin", "x", "postgres") });
    await migrateSilo();
    expect(await as(urls.appUrl, (app) => app.run("select * from outbox_event"))).toEqual([]);
    await asAdmin((admin) => admin.run(`drop database ${identifier(name)} with (force)`));
    await asAdmin((admin) => admin.run(`drop owned by ${identifier(`${name}'admin`)}`));
    for (const role of ["owner", "app"])
      await asAdmin((admin) => admin.run(`drop role ${identifier(`${name}'${role}`)}`));
  });

  it("works with one role for both", async () => {
    await provisionSilo({ ...urls, appUrl: urls.ownerUrl });
    expect(await as(urls.ownerUrl, (owner) => owner.run("create table mine (id int)"))).toEqual([]);
  });

  it("keeps failed statements, and the values in them, out of the server's log", async () => {
    await provisionSilo(urls);
    const settings =
      "select current_setting('log_min_error_statement') as statement, current_setting('log_error_verbosity') as verbosity";
    expect(await as(urls.appUrl, (app) => app.run(settings))).toEqual([{ statement: "panic", verbosity: "terse" }]);
  });

  it("refuses URLs that do not fit together, without repeating a password", async () => {
    await expect(provisionSilo({ ...urls, appUrl: login("app", "x", "elsewhere") })).rejects.toThrow(
      "different databases",
    );
    await expect(provisionSilo({ ...urls, ownerUrl: "postgresql://owner:secret@localhost" })).rejects.toThrow(
      "not a database URL of the form postgresql://role:password@host:port/database",
    );
    await expect(
      provisionSilo({ ...urls, ownerUrl: urlOfDatabase(postgres.adminUrl, name), appUrl: login("app", "x") }),
    ).rejects.toThrow("cannot be a silo's own");
  });
});
