import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";

/**
 * The transactions under way that have written to a table, or are about to, by their virtual ids. Whoever inserts holds
 * this lock from before the statement begins until the transaction has ended, and the server makes a commit visible
 * before it lets go of the locks.
 */
export async function writersTo(em: SqlEntityManager, table: string): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select l.virtualtransaction as id
      from pg_locks l
      join pg_database d on d.oid = l.database and d.datname = current_database()
     where l.locktype = 'relation' and l.relation = ${table}::regclass
       and l.mode = 'RowExclusiveLock' and l.granted`.execute(em.getKysely());
  return new Set(rows.map(({ id }) => id));
}
