import { describe, expect, it } from "@jest/globals";
import { joinTables, legacyTables } from "../legacy/legacy-tables.ts";
import { planMarkdown, planSummary, planText } from "./plan-text.ts";
import { findPlannedTable, plan } from "./plan.ts";

describe("the plan", () => {
  it("covers the old database's catalog exactly", () => {
    const catalog = [...legacyTables, ...joinTables].map(({ name, columns, primaryKey }) => ({
      name,
      primaryKey,
      columns: columns.map((column) => `${column.name} ${column.type} ${column.nullable}`),
    }));
    const planned = plan.map(({ name, columns, primaryKey }) => ({
      name,
      primaryKey,
      columns: columns.map((column) => `${column.name} ${column.type} ${column.nullable}`),
    }));
    expect(sorted(planned)).toEqual(sorted(catalog));
    expect(planned).toHaveLength(41);
    expect(planned.flatMap(({ columns }) => columns)).toHaveLength(520 + 6);
  });

  it("keeps the original of every column but passwords", () => {
    const unkept = plan.flatMap(({ name, columns }) =>
      columns.filter(({ archived }) => !archived).map((column) => `${name}.${column.name}`),
    );
    expect(unkept).toEqual(["User.password", "AgencyUser.password"]);
  });

  it("finds a table by its name", () => {
    expect(findPlannedTable("Unit")).toMatchObject({ owner: "ems", use: "MOVED" });
    expect(findPlannedTable("Invoice")).toBeUndefined();
  });

  it("is told to people in full", () => {
    expect(planSummary()).toContain("38 tables with 520 columns");
    expect(planText()).toMatch(/status +hospital\.trip\.status by R-STATUS/);
    expect(planMarkdown()).toContain("| reviewedAt | timestamp? | archive; looked at by R-AGENCY |");
    expect(planMarkdown()).toContain(
      "| password | text | center.user_account.password_hash by R-PASSWORD; not archived |",
    );
    for (const { name } of plan) expect(planMarkdown()).toContain(`\n## ${name}\n`);
  });
});

function sorted<T extends { readonly name: string }>(tables: readonly T[]): readonly T[] {
  return tables.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
