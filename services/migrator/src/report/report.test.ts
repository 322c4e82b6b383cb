import { describe, expect, it } from "@jest/globals";
import { decisionsFrom } from "./decisions.ts";
import { durationText, rateText } from "./figures.ts";
import { reportHtml } from "./html.ts";
import { reportJson } from "./json.ts";
import { reportMarkdown } from "./markdown.ts";
import { aReport } from "./report.builder.ts";
import { isBalanced, totalOf } from "./report.ts";

describe("a report", () => {
  it("adds up", () => {
    const { tables } = aReport();
    expect(tables.every(isBalanced)).toBe(true);
    expect(totalOf(tables)).toMatchObject({ read: 1_510, migrated: 1_501, merged: 1, quarantined: 1, archived: 7 });
    expect(isBalanced({ name: "Unit", read: 3, migrated: 1, merged: 0, quarantined: 0, archived: 1 })).toBe(false);
  });

  it("asks for decisions about the quarantine first, then about what the rules left open", () => {
    const { issues, quarantine } = aReport();
    const decisions = decisionsFrom(issues, quarantine);
    expect(decisions.map(({ kind, count }) => [kind, count])).toEqual([
      ["IN_PROGRESS_WITHOUT_UNIT", 1],
      ["ROLE_AMBIGUOUS", 1],
    ]);
    expect(decisions.every(({ words }) => words !== "")).toBe(true);
  });

  it("says what to do about a reason that nobody has explained", () => {
    const found = { table: "Unit", sqlstate: "23505", count: 2, examples: [] };
    const [decision] = decisionsFrom([], [{ ...found, reason: "SOMETHING_NEW" }]);
    expect(decision).toMatchObject({ kind: "SOMETHING_NEW", count: 2, words: expect.stringContaining("retry") });
  });
});

describe.each([
  ["Markdown", reportMarkdown],
  ["HTML", reportHtml],
])("a report as %s", (_name, render) => {
  it("says what became of the rows, what waits, what was found, and how long it took", () => {
    const { issues, quarantine } = aReport();
    const page = plain(render(aReport({ decisions: decisionsFrom(issues, quarantine) })));
    const words = [
      "Read 1,510 rows: 1,501 migrated, 1 merged, 1 quarantined, 7 archived only.",
      "OPEN TRIPS IN QUARANTINE: 1.",
      "Without rows: WeatherImpact.",
      "trip-1, trip-2",
      "IN_PROGRESS_WITHOUT_UNIT",
      "Ask at once; set the unit.",
      "every trip's agency is one of EMS",
      "3,020",
      "00ff",
    ];
    expect(words.filter((word) => !page.includes(word))).toEqual([]);
  });

  it("marks what does not add up, and what was not verified", () => {
    const tables = [{ name: "Unit", read: 3, migrated: 1, merged: 0, quarantined: 0, archived: 1 }];
    const page = plain(render(aReport({ tables, balanced: false, verification: null })));
    expect(page).toContain("Unit (does not add up)");
    expect(page).toContain("NOT EVERY ROW IS ACCOUNTED FOR");
    expect(page).toContain("have not been verified");
  });
});

describe("a report that names a row strangely", () => {
  const pk = "<script>alert(1)</script>|`x`";
  const issue = { kind: "DOUBLE_BOOKED", rule: "R-UNIT", table: "TransportRequest", count: 1 };
  const report = aReport({ issues: [{ ...issue, examples: [{ table: "TransportRequest", pk }] }] });

  it("has no markup of a row's making", () => {
    expect(reportHtml(report)).toContain("&lt;script&gt;alert(1)&lt;/script&gt;|`x`");
    expect(reportMarkdown(report)).toContain("\\<script\\>alert(1)\\</script\\>\\|\\`x\\`");
  });
});

describe("a report as HTML", () => {
  it("needs no other file, and may not load any", () => {
    const page = reportHtml(aReport());
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('name="viewport"');
    expect(page).toContain("@media print");
    expect(page).not.toMatch(/\b(src|href|url)\s*[=(]/);
  });
});

describe("a report as JSON", () => {
  it("is the report", () => {
    expect(JSON.parse(reportJson(aReport()))).toEqual(aReport());
  });
});

describe("figures", () => {
  it.each([
    [0.44, "0.4 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [200, "3 min 20 s"],
    [3_900, "1 h 5 min"],
  ])("tell %d seconds as %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it("tell no rate where there was no time", () => {
    expect(rateText(10, 0)).toBe("-");
    expect(rateText(30_000, 2)).toBe("15,000");
  });
});

/** The page's text without what its form needs. */
function plain(page: string): string {
  return page.replaceAll(/\\(.)/g, "$1").replaceAll("&#39;", "'");
}
