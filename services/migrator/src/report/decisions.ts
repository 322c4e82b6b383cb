import { findIssueKind } from "./issue-kinds.ts";
import type { Decision, IssueGroup, QuarantineGroup } from "./report.ts";

/** What a person has to decide, the quarantine first; everything else was decided by a rule. */
export function decisionsFrom(
  issues: readonly IssueGroup[],
  quarantine: readonly QuarantineGroup[],
): readonly Decision[] {
  const waiting = countByKind(quarantine.map(({ reason, count }) => ({ kind: reason, count })));
  const open = countByKind(issues.filter(({ kind }) => findIssueKind(kind)?.decide === true));
  return [...decisions(waiting, "Correct the row in the old database, then retry it."), ...decisions(open, "")];
}

function decisions(counts: ReadonlyMap<string, number>, otherwise: string): readonly Decision[] {
  return [...counts].map(([kind, count]) => ({ kind, count, words: findIssueKind(kind)?.advice ?? otherwise }));
}

function countByKind(found: readonly { readonly kind: string; readonly count: number }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind, count } of found) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return counts;
}
