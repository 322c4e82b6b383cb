import type { ClientBase } from "pg";
import { expectedSide } from "../comparison.ts";
import { ruledComparisons } from "./every-comparison.ts";

/** What a table of a silo should hold: the values, as text, by key and column. @param source that is prepared. */
export async function expectedRows(
  source: ClientBase,
  table: string,
): Promise<Readonly<Record<string, Readonly<Record<string, string | null>>>>> {
  const found: Record<string, Readonly<Record<string, string | null>>> = {};
  for (const comparison of ruledComparisons.filter((known) => known.table === table)) {
    const { key, columns, from } = expectedSide(comparison);
    const { rows } = await source.query<{ k: string; line: (string | null)[] }>(
      `select ${key} as k, array[${columns.map(({ sql }) => `(${sql})::text`).join(", ")}]::text[] as line from ${from}`,
    );
    for (const { k, line } of rows)
      found[k] = Object.fromEntries(columns.map(({ name }, at) => [name, line[at] ?? null]));
  }
  return found;
}
