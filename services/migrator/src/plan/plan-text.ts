import { serviceNames } from "#platform/service-name.ts";
import { plan } from "./plan.ts";
import type { PlannedColumn, PlannedTable, TableUse } from "./planned-table.ts";

const useWords: Readonly<Record<TableUse, string>> = {
  MOVED: "its rows become rows of the silos",
  FOLDED: "its rows become parts of other rows",
  EVIDENCE: "its rows help to decide about others, and are kept in the archive",
  ARCHIVED: "its rows are kept in the archive",
};

/** The plan for a terminal: the tables, and the columns of those that are more than kept. */
export function planText(): string {
  return [...plan.map(tableText), planSummary()].join("\n");
}

/** The plan as Markdown: every table and every column. */
export function planMarkdown(): string {
  return ["# What becomes of every table and column", "", planSummary(), ...plan.map(tableMarkdown), ""].join("\n");
}

/** How much the plan covers, in a sentence. */
export function planSummary(): string {
  const joins = plan.filter(({ name }) => name.startsWith("_")).length;
  const columns = plan.filter(({ name }) => !name.startsWith("_")).flatMap((table) => table.columns);
  const placed = columns.filter(({ targets }) => targets.length > 0).length;
  const owners = serviceNames.map((silo) => `${plan.filter(({ owner }) => owner === silo).length} in ${silo}`);
  return (
    `${plan.length - joins} tables with ${columns.length} columns, of which ${placed} have a place in the silos, ` +
    `and ${joins} join tables. The originals of all are kept in the archive: ${owners.join(", ")}.`
  );
}

function tableText({ name, owner, use, columns }: PlannedTable): string {
  const heading = `${name}: ${useWords[use]} (archive: ${owner}, ${columns.length} columns)`;
  const shown = columns.filter(({ targets, rule }) => targets.length > 0 || rule !== undefined);
  if (shown.length === 0) return heading;
  const width = Math.max(...shown.map((column) => column.name.length));
  return [heading, ...shown.map((column) => `  ${column.name.padEnd(width)}  ${columnWords(column)}`)].join("\n");
}

function tableMarkdown({ name, owner, use, columns }: PlannedTable): string {
  return [
    `\n## ${name}\n`,
    `${useWords[use].replace(/^./, (first) => first.toUpperCase())}; archive: ${owner}.\n`,
    "| column | type | what becomes of it |",
    "|---|---|---|",
    ...columns.map((column) => `| ${column.name} | ${typeText(column)} | ${columnWords(column)} |`),
  ].join("\n");
}

function columnWords({ targets, rule, archived }: PlannedColumn): string {
  const places = targets.length > 0 ? targets.join(", ") : "archive";
  const by = rule === undefined ? "" : targets.length > 0 ? ` by ${rule}` : `; looked at by ${rule}`;
  return `${places}${by}${archived ? "" : "; not archived"}`;
}

function typeText({ type, nullable }: PlannedColumn): string {
  return nullable ? `${type}?` : type;
}
