import type { ClientBase } from "pg";
import { inTransaction } from "../capture/in-transaction.ts";

/** Tables that a million trips make long, and that services are kept from changing meanwhile. */
const longTables: readonly string[] = [
  ...["trip", "trip_history", "outbox_event", "inbox_cursor"],
  ...["bid", "trip_copy", "assignment", "trip_fact", "database_reference"],
];

/**
 * Sets aside the indexes of a silo's long tables that guard nothing, if these tables are empty: they are made faster once all
 * rows are there. Their definitions are kept, so that whoever goes on after a kill makes them. Unique ones stay.
 */
export async function setIndexesAside(client: ClientBase): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(
      "create table if not exists migration.index_aside (name text primary key, definition text not null)",
    );
    const { rows } = await client.query<{ name: string; definition: string; table: string }>(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition,
              i.indrelid::regclass::text as table
         from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace = 'public'::regnamespace and c.relname = any($1) and not i.indisunique`,
      [longTables],
    );
    for (const [table, indexes] of Map.groupBy(rows, (row) => row.table)) {
      const { rows: some } = await client.query(`select from public.${table} limit 1`);
      if (some.length > 0) continue;
      for (const { name, definition } of indexes) {
        await client.query("insert into migration.index_aside (name, definition) values ($1, $2)", [name, definition]);
        await client.query(`drop index public.${name}`);
      }
    }
  });
}

/** Makes the indexes that were set aside. May be repeated. */
export async function restoreIndexes(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    "select name, definition from migration.index_aside order by name",
  );
  for (const { name, definition } of rows) {
    await inTransaction(client, async () => {
      await client.query(definition);
      await client.query("delete from migration.index_aside where name = $1", [name]);
    });
  }
}
