import { type ClientBase, escapeIdentifier } from "pg";
import type { SiloClients } from "../cutover/close-silos.ts";
import { plan } from "../plan/plan.ts";
import type { PlannedTable } from "../plan/planned-table.ts";
import type { ChangedKeys } from "./affected-trips.ts";
import { inTransaction } from "./in-transaction.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";

/** The changed rows of a table as they are now; those that are gone are not among them. */
interface ChangedRows {
  readonly table: PlannedTable;
  readonly keys: readonly string[];
  readonly rows: readonly unknown[];
}

/** Reads the changed rows of all tables, as the archive keeps them. */
export async function readChangedRows(source: ClientBase, changed: ChangedKeys): Promise<readonly ChangedRows[]> {
  const read: ChangedRows[] = [];
  for (const table of plan) {
    const keys = changed.get(table.name) ?? [];
    if (keys.length === 0) continue;
    const { rows } = await source.query<{ row: unknown }>(
      `select to_jsonb(t) as row from (select ${columnsOf(table)} from ${escapeIdentifier(table.name)} t
        where ${keyCondition(table)}) t`,
      keyValues(table, keys),
    );
    read.push({ table, keys, rows: rows.map(({ row }) => row) });
  }
  return read;
}

/** Makes the archives the same. */
export async function archiveChangedRows(silos: SiloClients, changes: readonly ChangedRows[]): Promise<void> {
  for (const service of serviceNames) await archiveIn(silos[service], service, changes);
}

async function archiveIn(silo: ClientBase, service: ServiceName, changes: readonly ChangedRows[]): Promise<void> {
  const own = changes.filter(({ table }) => table.owner === service);
  if (own.length === 0) return;
  await inTransaction(silo, async () => {
    for (const { table, keys, rows } of own) {
      const name = `archive.${escapeIdentifier(table.name)}`;
      await silo.query(`delete from ${name} t where ${keyCondition(table)}`, keyValues(table, keys));
      if (rows.length === 0) continue;
      const list = columnsOf(table);
      await silo.query(
        `insert into ${name} (${list}) select ${list} from jsonb_populate_recordset(null::${name}, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
      if (table.primaryKey.length > 1) continue;
      // What waits for a decision shows its original as it is now.
      await silo.query(
        `update migration.quarantine q set raw = to_jsonb(t) from ${name} t
          where q.source_table = $2 and q.pk = t.id and ${keyCondition(table)}`,
        [keys, table.name],
      );
    }
  });
}

/** What the archive keeps of a table. */
function columnsOf({ columns }: PlannedTable): string {
  return columns
    .filter(({ archived }) => archived)
    .map(({ name }) => escapeIdentifier(name))
    .join(", ");
}

/** By the columns themselves, so that their index serves. */
function keyCondition({ primaryKey }: PlannedTable): string {
  const columns = primaryKey.map((column) => `t.${escapeIdentifier(column)}`).join(", ");
  return primaryKey.length === 1
    ? `${columns} = any($1)`
    : `(${columns}) in (select * from unnest($1::text[], $2::text[]))`;
}

function keyValues({ primaryKey }: PlannedTable, keys: readonly string[]): unknown[] {
  if (primaryKey.length === 1) return [keys];
  const pairs = keys.map((key) => key.split(" "));
  return [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
}
