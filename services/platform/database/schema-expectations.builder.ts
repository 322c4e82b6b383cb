import { readFile, writeFile } from "node:fs/promises";
import { expect } from "@jest/globals";
import type { Database } from "./database.ts";
import { entityDifferences } from "./entity-differences.ts";
import { schemaDifferences } from "./schema-differences.ts";
import { schemaText } from "./schema-text.ts";

/** For a silo's test: the entities describe the tables that the migrations make. */
export async function expectEntitiesMatchSchema(database: Database): Promise<void> {
  expect(await entityDifferences(database)).toEqual([]);
}

/**
 * For a silo's test: the migrations make what the committed `schema.txt` says. With `UPDATE_SCHEMA=1` in the environment
 * the file is written instead, which is how it is made after a new migration:
 * `UPDATE_SCHEMA=1 npm test -- services/<silo>/migrations`.
 */
export async function expectSchemaFile(database: Database, file: URL): Promise<void> {
  const live = await schemaText(database);
  if (process.env["UPDATE_SCHEMA"] === "1") await writeFile(file, live);
  expect(schemaDifferences(live, await readFile(file, "utf8"))).toEqual([]);
}
