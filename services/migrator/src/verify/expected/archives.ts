import { escapeIdentifier } from "pg";
import { plan } from "../../plan/plan.ts";
import type { PlannedTable } from "../../plan/planned-table.ts";
import type { Comparison } from "../comparison.ts";
import { archiveView } from "../scope.ts";

/** Every old table is kept as it was, but for passwords. */
export const archiveComparisons: readonly Comparison[] = plan.map(archiveComparison);

/** Those of some old tables. */
export function archiveComparisonsOf(tables: Iterable<string>): readonly Comparison[] {
  const names = new Set(tables);
  return archiveComparisons.filter((_, at) => names.has(plan[at]?.name ?? ""));
}

function archiveComparison({ name, owner, primaryKey, columns }: PlannedTable): Comparison {
  const keyOf = (alias: string): string =>
    primaryKey.map((column) => `${alias}.${escapeIdentifier(column)}`).join(" || ' ' || ");
  return {
    table: `${owner}.archive.${name}`,
    silo: owner,
    key: { expected: keyOf("s"), actual: keyOf("a") },
    columns: Object.fromEntries(
      columns
        .filter(({ archived }) => archived)
        .map((column) => [
          column.name,
          {
            expected: `s.${escapeIdentifier(column.name)}`,
            isPrivate: true,
            ...(column.type === "jsonb" && { isJson: true }),
          },
        ]),
    ),
    expected: `${escapeIdentifier(name)} s`,
    actual: `${archiveView(name)} a`,
  };
}
