import { outlineOf, type Section } from "./outline.ts";
import type { MoveReport } from "./report.ts";

/** What a terminal shows of a report: the rest is in the files. */
const shown: ReadonlySet<string> = new Set([
  ...["In short", "To decide", "Tables", "Quarantine", "Issues", "Differences", "Checks"],
]);

/** Of a long table a terminal shows the beginning. */
const maxRows = 40;

/** Columns in which a cell may be as long as it likes, because it is the last that a terminal shows. */
const longHeads: ReadonlySet<string> = new Set(["meaning", "what to do"]);

/** The report as plain lines. */
export function reportText(report: MoveReport): string {
  return outlineOf(report)
    .filter(({ title }) => shown.has(title))
    .map(sectionText)
    .join("\n\n");
}

function sectionText({ title, sentences, table }: Section): string {
  const lines = [title, ...sentences.map((sentence) => `  ${sentence}`)];
  if (table && table.rows.length > 0) lines.push(...tableLines(table));
  return lines.join("\n");
}

function tableLines({ heads, figures, rows }: NonNullable<Section["table"]>): readonly string[] {
  const last = heads.findIndex((head) => longHeads.has(head));
  const count = last === -1 ? heads.length : last + 1;
  const cells = [heads, ...rows.slice(0, maxRows)].map((row) => row.slice(0, count));
  const widths = heads.slice(0, count).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const more = rows.length > maxRows ? [`  ... and ${rows.length - maxRows} more`] : [];
  const lines = cells.map((row) => {
    const words = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return figures.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${words.join("  ")}`.trimEnd();
  });
  return [...lines, ...more];
}
