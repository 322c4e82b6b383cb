import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { defineEntity, p } from "@mikro-orm/postgresql";
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { openAdminSession } from "./admin-session.ts";
import { openSiloDatabase, type SiloDatabase } from "./database.builder.ts";
import { entityDifferences } from "./entity-differences.ts";
import { schemaDifferences } from "./schema-differences.ts";
import { expectEntitiesMatchSchema, expectSchemaFile } from "./schema-expectations.builder.ts";
import { schemaText } from "./schema-text.ts";

const Trip = defineEntity({
  name: "Trip",
  tableName: "trip",
  properties: {
    id: p.text().primary(),
    status: p.text(),
    note: p.text().nullable(),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});

const statements = [
  `create table trip (
    id text not null,
    status text not null,
    note text,
    version int not null default 1,
    created_at timestamptz(6) not null,
    constraint trip_pkey primary key (id),
    constraint trip_status_check check (status in ('PENDING', 'ASSIGNED'))
  )`,
  `create table assignment (
    attempt_id text not null primary key,
    trip_id text not null constraint assignment_trip_fkey references trip (id),
    unit_id text,
    state text not null
  )`,
  "create unique index one_active_trip_per_unit on assignment (unit_id) where state in ('HELD', 'CONFIRMED')",
];

describe("a database's schema as text", () => {
  let postgres: TestPostgres;
  let silo: SiloDatabase;
  let expected: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    silo = await openSiloDatabase("schema", { postgres, entities: [Trip], statements });
    expected = await schemaText(silo.database);
  });
  afterEach(() => silo[Symbol.asyncDispose]());

  async function change(...sql: readonly string[]): Promise<readonly string[]> {
    await using owner = await openAdminSession(silo.silo.ownerUrl, "test");
    for (const statement of sql) await owner.run(statement);
    return schemaDifferences(await schemaText(silo.database), expected);
  }

  it("holds tables, columns, keys, checks and indexes, one a line", () => {
    expect(expected).toContain("table trip\n");
    expect(expected).toContain("column version on trip: integer not null default 1\n");
    expect(expected).toContain("column created_at on trip: timestamp(6) with time zone not null\n");
    expect(expected).toContain("primary key trip_pkey on trip: PRIMARY KEY (id)\n");
    expect(expected).toContain(
      "foreign key assignment_trip_fkey on assignment: FOREIGN KEY (trip_id) REFERENCES trip(id)\n",
    );
    expect(expected).toContain(
      "index one_active_trip_per_unit on assignment: unique btree (unit_id) WHERE (state = ANY (ARRAY['HELD'::text, 'CONFIRMED'::text]))\n",
    );
    expect(expected).toContain("column seq on outbox_event: bigint not null generated always as identity\n");
  });

  it("says nothing about constraints that only some versions of PostgreSQL have", () => {
    expect(expected).not.toMatch(/_not_null/);
    expect(expected).not.toContain("schema_migration");
  });

  it("does not differ from itself", () => {
    expect(schemaDifferences(expected, expected)).toEqual([]);
  });

  it("misses an index that was dropped", async () => {
    expect(await change("drop index one_active_trip_per_unit")).toEqual([
      "index one_active_trip_per_unit on assignment is missing",
    ]);
  });

  it("misses a table in one sentence", async () => {
    expect(await change("drop table assignment")).toEqual(["table assignment is missing"]);
  });

  it("notices a column that changed, went or came", async () => {
    expect(
      await change(
        "alter table trip alter column status drop not null",
        "alter table trip drop column note",
        "alter table trip add column extra int",
      ),
    ).toEqual([
      "column note on trip is missing",
      "column status on trip is text, not text not null",
      "column extra on trip is not expected",
    ]);
  });

  it("notices a weaker check, and an index that is no longer unique", async () => {
    expect(
      await change(
        "alter table trip drop constraint trip_status_check",
        "drop index one_active_trip_per_unit",
        "create index one_active_trip_per_unit on assignment (unit_id) where state in ('HELD', 'CONFIRMED')",
      ),
    ).toEqual([
      "check trip_status_check on trip is missing",
      expect.stringMatching(/^index one_active_trip_per_unit on assignment is btree .*, not unique btree /),
    ]);
  });

  it("notices a table and a trigger that nobody expects", async () => {
    expect(
      await change(
        "create table stray (id int)",
        "create function nothing() returns trigger language plpgsql as 'begin return new; end'",
        "create trigger surprise before insert on trip for each row execute function nothing()",
      ),
    ).toEqual(["table stray is not expected", "trigger surprise on trip is not expected"]);
  });

  it("agrees with the entities, whatever tables there are besides", async () => {
    await expectEntitiesMatchSchema(silo.database);
  });

  it("notices a column that only the entities or only the migrations know", async () => {
    await change("alter table trip drop column note", "alter table trip add column extra int");
    expect(await entityDifferences(silo.database)).toEqual([
      'alter table "trip" drop column "extra"',
      'alter table "trip" add "note" text null',
    ]);
  });

  it("is written to a file on demand, and held against it otherwise", async () => {
    const file = pathToFileURL(join(tmpdir(), `schema-${process.pid}.txt`));
    try {
      process.env["UPDATE_SCHEMA"] = "1";
      await expectSchemaFile(silo.database, file);
      delete process.env["UPDATE_SCHEMA"];
      expect(await readFile(file, "utf8")).toBe(expected);
      await expectSchemaFile(silo.database, file);
      await change("drop table assignment");
      await expect(expectSchemaFile(silo.database, file)).rejects.toThrow("table assignment is missing");
    } finally {
      delete process.env["UPDATE_SCHEMA"];
      await rm(file, { force: true });
    }
  });
});
