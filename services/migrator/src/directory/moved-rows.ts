import { isUsableId, isUsableTime } from "../dossier/usable.ts";
import type { Issue, Moved, SourceRow } from "../moved.ts";

/** Nothing at all. */
export const nothingMoved: Moved = { rows: [], verdicts: [], issues: [] };

/** What comes of several groups of rows, in their order. */
export function joinMoved(parts: readonly Moved[]): Moved {
  return {
    rows: parts.flatMap(({ rows }) => rows),
    verdicts: parts.flatMap(({ verdicts }) => verdicts),
    issues: parts.flatMap(({ issues }) => issues),
  };
}

/** A row of the old database that waits for a decision, and of which nothing was moved. */
export function quarantined(source: SourceRow, reason: string): Moved {
  return { ...nothingMoved, verdicts: [{ ...source, fate: "QUARANTINED", reason }] };
}

/** A row whose data are kept in the archive alone, though rows of its table are moved. */
export function archived(source: SourceRow, reason: string): Moved {
  return { ...nothingMoved, verdicts: [{ ...source, fate: "ARCHIVED", reason }] };
}

/** A row that is part of another's row now. */
export function merged(source: SourceRow, into: string, reason: string): Moved {
  return { ...nothingMoved, verdicts: [{ ...source, fate: "MERGED", into, reason }] };
}

/** What a person should know about a row, as a list: empty if there is no such thing. */
export function issuesOf(source: SourceRow, rule: string, kind: string | undefined): readonly Issue[] {
  return kind === undefined ? [] : [{ ...source, rule, kind }];
}

/** What every row has. */
export interface DatedRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Why no silo can take a row, whatever it says; undefined if one can. */
export function whyUnusable({ id, createdAt, updatedAt }: DatedRow): UnusableReason | undefined {
  if (!isUsableId(id)) return "ID_NOT_USABLE";
  return isUsableTime(createdAt) && isUsableTime(updatedAt) ? undefined : "TIME_OUT_OF_RANGE";
}

/** Why no silo can take a row. */
export type UnusableReason = "ID_NOT_USABLE" | "TIME_OUT_OF_RANGE";

/** A time that need not be there, if messages can carry it; null otherwise. */
export function usableTime(time: Date | null): Date | null {
  return time !== null && isUsableTime(time) ? time : null;
}

/** That some of a row's times were dropped, as a list: empty if none was. */
export function timeIssues(source: SourceRow, times: readonly (Date | null)[]): readonly Issue[] {
  const isLost = times.some((time) => time !== null && usableTime(time) === null);
  return issuesOf(source, "R-TIME", isLost ? "TIME_OUT_OF_RANGE" : undefined);
}

/** An end of an id that tells things of one name apart. */
export function idSuffix(id: string): string {
  return ` #${id.slice(-6)}`;
}

/** The order in which rows of the old database came: by time, then by id. */
export function byCreation(
  one: { readonly createdAt: Date; readonly id: string },
  other: { readonly createdAt: Date; readonly id: string },
): number {
  return timeOf(one.createdAt) - timeOf(other.createdAt) || byText(one.id, other.id);
}

/** A time as a number; before all others if there is none, or none that messages can carry. */
export function timeOf(time: Date | null): number {
  return usableTime(time)?.getTime() ?? Number.MIN_SAFE_INTEGER;
}

/** Texts by their code units, the same on every machine. */
export function byText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Groups in the order of their first members. */
export function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
