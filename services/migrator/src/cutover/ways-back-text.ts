import { waysBack } from "./ways-back.ts";

/** How each column of the old database comes out of the silos, as tables for people, in Markdown. */
export function waysBackText(): string {
  return Object.values(waysBack)
    .map(({ legacyTable, siloTable, columns }) => {
      const rows = columns.map(({ column, says }) => `| ${column} | ${says} |`);
      return [`### ${legacyTable}, from ${siloTable}`, "", "| column | from |", "|---|---|", ...rows, ""].join("\n");
    })
    .join("\n");
}
