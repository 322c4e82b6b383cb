import type { Database } from "./database.ts";

/**
 * What MikroORM would change in the database to make it fit the entities: nothing, if the migrations and the entities
 * say the same. Tables that are no entities do not count, nor do indexes and checks that only the migrations know:
 * schema.txt holds those to account.
 */
export async function entityDifferences(database: Database): Promise<readonly string[]> {
  const sql = await database.orm.schema.getUpdateSchemaSQL({ dropTables: false, wrap: false });
  return sql
    .split(/;\n+/)
    .map((statement) => statement.trim().replace(/;$/, ""))
    .filter((statement) => statement !== "" && !leavesOnlyMigrations(statement));
}

function leavesOnlyMigrations(statement: string): boolean {
  return (
    statement.startsWith("drop index ") || /^alter table \S+ drop constraint (if exists )?"[^"]+"$/.test(statement)
  );
}
