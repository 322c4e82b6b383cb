import { outlineOf, type Section } from "./outline.ts";
import type { MoveReport } from "./report.ts";

/** The report as Markdown. */
export function reportMarkdown(report: MoveReport): string {
  const heading = `# The move of the old database\n\nAs of ${report.madeAt} (UTC).`;
  return `${[heading, ...outlineOf(report).map(sectionMarkdown)].join("\n\n")}\n`;
}

function sectionMarkdown({ title, sentences, table }: Section): string {
  const parts = [`## ${title}`];
  if (sentences.length > 0) parts.push(sentences.map((sentence) => `- ${escaped(sentence)}`).join("\n"));
  if (table && table.rows.length > 0) {
    const lines = [table.heads, table.heads.map((_, column) => (table.figures.includes(column) ? "--:" : "---"))];
    const cells = [...lines, ...table.rows.map((row) => row.map(escaped))];
    parts.push(cells.map((row) => `| ${row.join(" | ")} |`).join("\n"));
  }
  return parts.join("\n\n");
}

/** Text as Markdown shows it: nothing in it is markup. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, "\\$&").replaceAll(/\s+/g, " ");
}
