import type { ClientBase } from "pg";
import { legacyTables } from "../legacy-tables.ts";
import type { Json } from "../../target/target-tables.ts";

/** A value that JSON does not have: of a number, or of a time. */
export type BeyondJson = "NaN" | "Infinity" | "infinity" | "-infinity";

/** A row to be written, as its interface says; odd ones may have numbers and times that JSON does not have. */
export type NewRow<Row> = {
  readonly [Column in keyof Row]:
    | Row[Column]
    | (Extract<Row[Column], number | Date> extends never ? never : BeyondJson);
};

const batch = 2_000;

/** Writes rows, in batches. Times are written in UTC; null in a Json column becomes SQL's. */
export async function insertRows(
  client: ClientBase,
  table: string,
  rows: readonly Readonly<Record<string, Json | Date | undefined>>[],
): Promise<void> {
  const columns = legacyTables
    .find(({ name }) => name === table)
    ?.columns.map(({ name }) => `"${name}"`)
    .join(", ");
  if (columns === undefined) throw new Error(`no table ${table}`);
  for (let from = 0; from < rows.length; from += batch) {
    await client.query(
      `insert into "${table}" (${columns}) select ${columns} from jsonb_populate_recordset(null::"${table}", $1::jsonb)`,
      [JSON.stringify(rows.slice(from, from + batch))],
    );
  }
}
