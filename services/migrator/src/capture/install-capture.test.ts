import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Client } from "pg";
import { createTestDatabases, type TestDatabases } from "../cutover/silos.builder.ts";
import { freezeSource, isSourceFrozen, thawSource } from "../cutover/freeze-source.ts";
import { plan } from "../plan/plan.ts";
import { inTransaction } from "./in-transaction.ts";
import { installCapture, muteCapture, removeCapture } from "./install-capture.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";

const facility = `insert into "Facility" (id, name, type, address, city, state, "zipCode", "isActive", "createdAt", "updatedAt")
  values ($1, 'General', 'HOSPITAL', '1 Main St', 'Altoona', 'PA', '16601', true, now(), now())`;

describe("the old database", () => {
  let test: TestDatabases;
  let source: Client;
  let app: Client;
  beforeAll(async () => {
    test = await createTestDatabases();
    source = test.source;
    await createLegacySchema(source, { foreignKeys: false });
    await source.query(`grant all on all tables in schema public to "${test.databases.source.appRole}"`);
    app = await test.connect("source", "app");
  }, 60_000);
  afterAll(async () => test[Symbol.asyncDispose]());

  const notes = async (): Promise<readonly string[]> => {
    const { rows } = await source.query<{ note: string }>(
      "select concat_ws(' ', op, table_name, pk) as note from medport_migration.change order by seq",
    );
    return rows.map(({ note }) => note);
  };

  describe("while it is captured", () => {
    beforeEach(async () => {
      await installCapture(source);
      await source.query("delete from medport_migration.change");
    });

    it("notes what its application does, which has no right to the notes", async () => {
      await app.query(facility, ["f1"]);
      await app.query(`update "Facility" set name = 'Other' where id = 'f1'`);
      await app.query(`update "Facility" set id = 'f2' where id = 'f1'`);
      await app.query(`delete from "Facility" where id = 'f2'`);
      expect(await notes()).toEqual([
        ...[
          "insert Facility f1",
          "update Facility f1",
          "update Facility f1",
          "update Facility f2",
          "delete Facility f2",
        ],
      ]);
      await expect(app.query("select * from medport_migration.change")).rejects.toMatchObject({ code: "42501" });
    });

    it("notes rows of a table that joins two by both of their ids", async () => {
      await app.query(`insert into "_RouteToTransportRequest" values ('r1', 't1')`);
      await app.query(`delete from "_RouteToTransportRequest" where "A" = 'r1'`);
      expect(await notes()).toEqual(["insert _RouteToTransportRequest r1 t1", "delete _RouteToTransportRequest r1 t1"]);
    });

    it("notes nothing of what is rolled back", async () => {
      await app.query("begin");
      await app.query(facility, ["f3"]);
      await app.query("rollback");
      expect(await notes()).toEqual([]);
    });

    it("notes changes of every table", async () => {
      const { rows } = await source.query<{ table: string }>(
        `select c.relname as table from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.tgname = 'medport_capture'`,
      );
      expect(rows.map(({ table }) => table).toSorted()).toEqual(plan.map(({ name }) => name).toSorted());
      expect(rows).toHaveLength(41);
    });

    it("refuses to be truncated", async () => {
      await expect(app.query(`truncate "Facility" cascade`)).rejects.toMatchObject({ code: "55000" });
    });

    it("does not note what the silos tell it", async () => {
      await inTransaction(source, async () => {
        await muteCapture(source);
        await source.query(facility, ["f4"]);
      });
      await source.query(facility, ["f5"]);
      expect(await notes()).toEqual(["insert Facility f5"]);
    });

    it("loses no note when it is captured again, and all when it is not any more", async () => {
      await app.query(facility, ["f6"]);
      await installCapture(source);
      expect(await notes()).toEqual(["insert Facility f6"]);
      await removeCapture(source);
      await removeCapture(source);
      await app.query(facility, ["f7"]);
      await app.query(`truncate "Facility" cascade`);
      await installCapture(source);
      expect(await notes()).toEqual([]);
    });
  });

  describe("while it is frozen", () => {
    it("takes nothing from anybody but the reverse applier, and everything again when it is thawed", async () => {
      await installCapture(source);
      await freezeSource(source);
      await freezeSource(source);
      expect(await isSourceFrozen(source)).toBe(true);
      const sessions = [await test.connect("source", "app"), await test.connect("source", "admin"), source];
      for (const session of sessions) {
        await session.query("set default_transaction_read_only = off");
        await expect(session.query(facility, ["f8"])).rejects.toMatchObject({ code: "25006" });
        await expect(session.query(`delete from "Facility"`)).rejects.toMatchObject({ code: "25006" });
      }
      await inTransaction(source, async () => {
        await muteCapture(source);
        await source.query(facility, ["f9"]);
      });
      await thawSource(source);
      await thawSource(source);
      expect(await isSourceFrozen(source)).toBe(false);
      await (await test.connect("source", "app")).query(facility, ["f10"]);
    });

    it("is read-only for sessions that begin, whatever they write", async () => {
      await freezeSource(source);
      const late = await test.connect("source", "app");
      await expect(late.query(facility, ["f11"])).rejects.toMatchObject({ code: "25006" });
      await thawSource(source);
    });

    it("has everything that was being written, or has refused it", async () => {
      const writer = await test.connect("source", "app");
      const written: string[] = [];
      let refused: unknown;
      const writing = (async () => {
        for (let index = 0; ; index++) {
          await writer.query(facility, [`w${index}`]);
          written.push(`w${index}`);
        }
      })().catch((error: unknown) => (refused = error));
      await new Promise((resolve) => setTimeout(resolve, 150));
      await freezeSource(source);
      const { rows } = await source.query<{ id: string }>(
        `select id from "Facility" where id like 'w%' order by length(id), id`,
      );
      await writing;
      expect(refused).toBeDefined();
      expect(rows.map(({ id }) => id)).toEqual(written);
      expect(written.length).toBeGreaterThan(0);
      await thawSource(source);
    });
  });
});
