import type { ClientBase } from "pg";

/**
 * Does some work without foreign keys, and makes them again: looking at each table once is much faster than at each row.
 * @throws Error if afterwards a row refers to nothing.
 */
export async function withoutForeignKeys(client: ClientBase, work: (hadAny: boolean) => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ table: string; name: string; definition: string }>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
       from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2`,
  );
  for (const { table, name } of rows) await client.query(`alter table ${table} drop constraint ${name}`);
  await work(rows.length > 0);
  for (const { table, name, definition } of rows) {
    await client.query(`alter table ${table} add constraint ${name} ${definition}`);
  }
}
