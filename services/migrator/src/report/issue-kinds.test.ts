import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { issueKindsTable } from "./issue-kinds-table.ts";
import { findIssueKind, issueKinds } from "./issue-kinds.ts";

const sources = fileURLToPath(new URL("..", import.meta.url));
const document = fileURLToPath(new URL("../../../../docs/migration.md", import.meta.url));

/** Words of this form in the rules that are no kinds: labels of the databases, and why a row is part of another. */
const otherWords: ReadonlySet<string> = new Set([
  ...["BILLING_STAFF", "CANCER_CENTER", "EMS_AGENCY", "HOSPITAL_COORDINATOR", "IN_PROGRESS", "IN_TRANSIT", "IN_USE"],
  ...["MEDICAL_TAXI", "MULTI_STOP", "NURSING_HOME", "OFF_DUTY", "OUT_OF_SERVICE", "REHAB_FACILITY", "SPECIALTY_CLINIC"],
  ...["TRANSPORT_AGENCY", "URGENT_CARE", "SUPERSEDED", "TRIP_ASSIGNED", "TRIP_CANCELLED", "WITHDRAWN_BY_AGENCY"],
  ...["HOSPITAL_IN_DISGUISE", "NOT_ACTIVE", "ROUTE_NOT_MOVED", "SAME_EMAIL", "SAME_HOSPITAL", "SERVICE_AREA"],
]);

describe("the kinds of issues", () => {
  it("are all explained that a rule can find", async () => {
    const found = await wordsOfRules();
    expect(found.length).toBeGreaterThan(20);
    expect(found.filter((word) => !findIssueKind(word) && !otherWords.has(word))).toEqual([]);
  });

  it("are explained once, and fully", () => {
    const kinds = issueKinds.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const { meaning, advice } of issueKinds) {
      expect(meaning).toMatch(/^[^|]+[^.|]$/);
      expect(advice).toMatch(/^[A-Z][^|]+\.$/);
    }
  });

  it("stand in docs/migration.md as they stand here", async () => {
    const text = await readFile(document, "utf8");
    const [, table] = /<!-- issue kinds: begin -->\n([\s\S]*?)\n?<!-- issue kinds: end -->/.exec(text) ?? [];
    expect(table?.trim()).toBe(issueKindsTable());
  });
});

async function wordsOfRules(): Promise<readonly string[]> {
  const words = new Set<string>();
  for (const room of ["rules", "directory", "dossier"]) {
    const names = (await readdir(join(sources, room))).filter((name) => /^[a-z-]+\.ts$/.test(name));
    for (const name of names) {
      const text = await readFile(join(sources, room, name), "utf8");
      for (const [, word = ""] of text.matchAll(/"([A-Z]+(?:_[A-Z]+)+)"/g)) words.add(word);
    }
  }
  return [...words].toSorted();
}
