import { outlineOf, type Section } from "./outline.ts";
import type { MoveReport } from "./report.ts";

/** The report as one page that needs no other file, can be printed, and read on a phone. */
export function reportHtml(report: MoveReport): string {
  const body = outlineOf(report).map(sectionHtml).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>The move of the old database</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>The move of the old database</h1>
<p>As of ${escaped(report.madeAt)} (UTC).</p>
${body}
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.2rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; min-width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid #8886; }
td { overflow-wrap: anywhere; min-width: 4rem; }
.figure { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
@media print {
  :root { color-scheme: light; font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .wide { overflow: visible; }
  tr, h2 { break-inside: avoid; }
  h2 { break-after: avoid; }
  thead { display: table-header-group; }
}
`;

function sectionHtml({ title, sentences, table }: Section): string {
  const list = sentences.map((sentence) => `<li>${escaped(sentence)}</li>`).join("\n");
  return [
    "<section>",
    `<h2>${escaped(title)}</h2>`,
    ...(sentences.length > 0 ? [`<ul>\n${list}\n</ul>`] : []),
    ...(table && table.rows.length > 0 ? [tableHtml(table)] : []),
    "</section>",
  ].join("\n");
}

function tableHtml({ heads, figures, rows }: NonNullable<Section["table"]>): string {
  const cell = (tag: "th" | "td", text: string, column: number): string =>
    `<${tag}${tag === "th" ? ' scope="col"' : ""}${figures.includes(column) ? ' class="figure"' : ""}>${escaped(text)}</${tag}>`;
  const line = (tag: "th" | "td", texts: readonly string[]): string =>
    `<tr>${texts.map((text, column) => cell(tag, text, column)).join("")}</tr>`;
  return [
    '<div class="wide"><table>',
    `<thead>${line("th", heads)}</thead>`,
    "<tbody>",
    ...rows.map((row) => line("td", row)),
    "</tbody>",
    "</table></div>",
  ].join("\n");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML shows it: nothing in it is markup. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
