import { issueKinds } from "./issue-kinds.ts";

/** The kinds as docs/migration.md has them, in the order of their names. */
export function issueKindsTable(): string {
  const rows = issueKinds
    .toSorted((one, other) => (one.kind < other.kind ? -1 : 1))
    .map(({ kind, meaning, advice, decide }) => `| ${kind} | ${meaning} | ${decide ? "Decide: " : ""}${advice} |`);
  return ["| kind | meaning | what to do |", "|---|---|---|", ...rows].join("\n");
}
