import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { CompiledQuery } from "kysely";

/**
 * SQL for the virtual ids of the transactions under way that have written to a table, or are about to; $1 is its name.
 * Whoever inserts holds this lock from before the statement begins until the transaction has ended, and the server makes
 * a commit visible before it lets go of the locks.
 */
export const writersSql = `
  select l.virtualtransaction as id
    from pg_locks l
    join pg_database d on d.oid = l.database and d.datname = current_database()
   where l.locktype = 'relation' and l.relation = $1::regclass and l.mode = 'RowExclusiveLock' and l.granted`;

/** The transactions under way that have written to a table, or are about to. */
export async function writersTo(em: SqlEntityManager, table: string): Promise<ReadonlySet<string>> {
  const { rows } = await em.getKysely().executeQuery<{ id: string }>(CompiledQuery.raw(writersSql, [table]));
  return new Set(rows.map(({ id }) => id));
}
