import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { openDatabase, type Database } from "#platform/database/database.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { expectEntitiesMatchSchema, expectSchemaFile } from "#platform/database/schema-expectations.builder.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { emsEntities } from "../src/entities.ts";
import { migrations } from "./migrations.ts";

describe("EMS's schema", () => {
  const parts = new AsyncDisposableStack();
  let database: Database;

  beforeAll(async () => {
    const postgres = parts.use(await startTestPostgres());
    const { ownerUrl, appUrl, appRole } = await postgres.createDatabase("ems schema");
    const { log } = createMemoryLog("ems");
    await migrate({ ownerUrl, appRole, migrations, log });
    const opened = await openDatabase({ url: appUrl, service: "ems", entities: emsEntities, log });
    database = parts.adopt(opened, (it) => it.close());
  });
  afterAll(() => parts.disposeAsync());

  it("is what the migrations make", async () => {
    await expectSchemaFile(database, new URL("schema.txt", import.meta.url));
  });

  it("is what the entities describe", async () => {
    await expectEntitiesMatchSchema(database);
  });
});
