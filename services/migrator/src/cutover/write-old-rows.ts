import { type ClientBase, escapeIdentifier } from "pg";
import type { OldRows } from "./old-rows.ts";
import { type Row, text } from "./way-back.ts";

/** Writes rows of one of the old database's tables: those that it has are changed, all others are added. */
export async function writeOldRows(source: ClientBase, { legacyTable, rows }: OldRows): Promise<void> {
  const table = escapeIdentifier(legacyTable);
  const known = await knownIds(source, table, rows);
  for (const group of byColumns(rows.filter((row) => known.has(text(row, "id"))))) {
    await source.query(updateSql(table, group.columns), [JSON.stringify(group.rows)]);
  }
  for (const group of byColumns(rows.filter((row) => !known.has(text(row, "id"))))) {
    const list = ["id", ...group.columns].map(escapeIdentifier).join(", ");
    await source.query(
      `insert into ${table} (${list}) select ${list} from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [JSON.stringify(group.rows)],
    );
  }
}

/** The ids of rows that the old database lacks or has otherwise. */
export async function findOldDifferences(
  source: ClientBase,
  { legacyTable, rows }: OldRows,
): Promise<readonly string[]> {
  const table = escapeIdentifier(legacyTable);
  const different: string[] = [];
  for (const group of byColumns(rows)) {
    const [theirs, ours] = ["t", "r"].map((row) => listOf(row, group.columns));
    const { rows: found } = await source.query<{ id: string }>(
      `select r.id from jsonb_populate_recordset(null::${table}, $1::jsonb) r left join ${table} t on t.id = r.id
        where t.id is null or row(${theirs}) is distinct from row(${ours})`,
      [JSON.stringify(group.rows)],
    );
    different.push(...found.map(({ id }) => id));
  }
  return different;
}

function updateSql(table: string, columns: readonly string[]): string {
  const assignments = columns.map((column) => `${escapeIdentifier(column)} = r.${escapeIdentifier(column)}`).join(", ");
  return `update ${table} t set ${assignments} from jsonb_populate_recordset(null::${table}, $1::jsonb) r
           where t.id = r.id and row(${listOf("t", columns)}) is distinct from row(${listOf("r", columns)})`;
}

function listOf(row: string, columns: readonly string[]): string {
  return columns.map((column) => `${row}.${escapeIdentifier(column)}`).join(", ");
}

async function knownIds(source: ClientBase, table: string, rows: readonly Row[]): Promise<ReadonlySet<string>> {
  const { rows: known } = await source.query<{ id: string }>(`select id from ${table} where id = any($1)`, [
    rows.map((row) => text(row, "id")),
  ]);
  return new Set(known.map(({ id }) => id));
}

/** Rows that say something about the same columns; all of a group are written at once. */
function byColumns(
  rows: readonly Row[],
): readonly { readonly columns: readonly string[]; readonly rows: readonly Row[] }[] {
  const groups = new Map<string, { readonly columns: readonly string[]; readonly rows: Row[] }>();
  for (const row of rows) {
    const columns = Object.keys(row).filter((name) => name !== "id");
    const group = groups.get(columns.join(" ")) ?? { columns, rows: [] };
    groups.set(columns.join(" "), group);
    group.rows.push(row);
  }
  return [...groups.values()].filter(({ columns }) => columns.length > 0);
}
