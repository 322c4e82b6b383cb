import { durationText, grouped, rateText } from "./figures.ts";
import { findIssueKind } from "./issue-kinds.ts";
import { isBalanced, type MoveReport, type RowName, type TableSums, totalOf } from "./report.ts";

/** A part of a report as any page shows it: sentences, and perhaps a table. */
export interface Section {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly table?: {
    readonly heads: readonly string[];
    /** Columns of figures, which stand to the right. */
    readonly figures: readonly number[];
    readonly rows: readonly (readonly string[])[];
  };
}

/** What a report says, in the order in which people ask. Markdown and HTML show the same. */
export function outlineOf(report: MoveReport): readonly Section[] {
  return [
    summary(report),
    decisionSection(report),
    tableSection(report),
    quarantineSection(report),
    issueSection(report),
    differenceSection(report),
    verificationSection(report),
    checkSection(report),
    durationSection(report),
    hashSection(report),
  ].filter((section) => section.sentences.length > 0 || (section.table?.rows.length ?? 0) > 0);
}

function summary(report: MoveReport): Section {
  const { batchId, phase, startedAt, finishedAt, options, tables, verification } = report;
  const { read, migrated, merged, quarantined, archived } = totalOf(tables);
  const given = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
  return {
    title: "In short",
    sentences: [
      batchId === null ? "Nothing has been moved yet." : `Batch ${batchId}, phase ${phase}.`,
      ...(startedAt === null ? [] : [`Begun ${startedAt}${finishedAt === null ? "" : `, ended ${finishedAt}`} (UTC).`]),
      ...(given.length === 0 ? [] : [`Options: ${given.join(", ")}.`]),
      `Read ${grouped(read)} rows: ${grouped(migrated)} migrated, ${grouped(merged)} merged, ` +
        `${grouped(quarantined)} quarantined, ${grouped(archived)} archived only.`,
      report.balanced
        ? "Every row that was read is accounted for."
        : "NOT EVERY ROW IS ACCOUNTED FOR: see the tables that are marked.",
      openTripWords(report.quarantinedOpenTrips),
      ...patientWords(report.sharedPatientCodes),
      verificationWords(verification),
    ],
  };
}

function openTripWords(count: number): string {
  if (count === 0) return "No open trip waits in quarantine.";
  return `OPEN TRIPS IN QUARANTINE: ${grouped(count)}. Patients may be waiting for them.`;
}

function patientWords(count: number): readonly string[] {
  return count === 0 ? [] : [`Patients' codes that more than one trip has, kept as they were: ${grouped(count)}.`];
}

function verificationWords(verification: MoveReport["verification"]): string {
  if (verification === null) return "The silos have not been verified against the old database.";
  if (verification.verified) return "The silos were verified against the old database: no difference.";
  return `THE SILOS DIFFER FROM WHAT THE OLD DATABASE SAYS: ${grouped(verification.differences)} differences.`;
}

function decisionSection({ decisions }: MoveReport): Section {
  const rows = decisions.map(({ kind, count, words }) => [kind, grouped(count), words]);
  return { title: "To decide", sentences: [], table: { heads: ["kind", "rows", "what to do"], figures: [1], rows } };
}

function tableSection({ tables }: MoveReport): Section {
  const shown = tables.filter(({ read }) => read > 0);
  const empty = tables.filter(({ read }) => read === 0).map(({ name }) => name);
  const rows = [...shown, totalOf(tables)].map(tableRow);
  return {
    title: "Tables",
    sentences: empty.length === 0 ? [] : [`Without rows: ${empty.join(", ")}.`],
    table: {
      heads: ["table", "read", "migrated", "merged", "quarantined", "archived"],
      figures: [1, 2, 3, 4, 5],
      rows,
    },
  };
}

function tableRow(sums: TableSums): readonly string[] {
  const name = isBalanced(sums) ? sums.name : `${sums.name} (does not add up)`;
  return [name, ...[sums.read, sums.migrated, sums.merged, sums.quarantined, sums.archived].map(grouped)];
}

function quarantineSection({ quarantine }: MoveReport): Section {
  const rows = quarantine.map(({ table, reason, sqlstate, count, examples }) => [
    reason + (sqlstate === null ? "" : ` (${sqlstate})`),
    table,
    grouped(count),
    findIssueKind(reason)?.meaning ?? "",
    examplesText(examples),
  ]);
  return {
    title: "Quarantine",
    sentences: [],
    table: { heads: ["reason", "table", "rows", "meaning", "such as"], figures: [2], rows },
  };
}

function issueSection({ issues }: MoveReport): Section {
  const rows = issues.map(({ kind, rule, table, count, examples }) => [
    kind,
    rule,
    table,
    grouped(count),
    findIssueKind(kind)?.meaning ?? "",
    examplesText(examples),
  ]);
  return {
    title: "Issues",
    sentences: [],
    table: { heads: ["kind", "rule", "table", "rows", "meaning", "such as"], figures: [3], rows },
  };
}

function examplesText(examples: readonly RowName[]): string {
  return examples.map(({ pk }) => pk).join(", ");
}

function verificationSection({ verification }: MoveReport): Section {
  const rows = (verification?.tables ?? []).map(({ name, rows: count, missing, extra, different }) => [
    name,
    ...[count, missing, extra, different].map(grouped),
  ]);
  return {
    title: "Verification",
    sentences: [],
    table: { heads: ["table", "rows", "missing", "too many", "different"], figures: [1, 2, 3, 4], rows },
  };
}

function differenceSection({ verification }: MoveReport): Section {
  const rows = (verification?.found ?? []).map(({ table, pk, kind, column }) => [table, pk, kind, column ?? ""]);
  return {
    title: "Differences",
    sentences: [],
    table: { heads: ["table", "key", "what", "column"], figures: [], rows },
  };
}

function checkSection({ verification }: MoveReport): Section {
  const rows = (verification?.checks ?? []).map(({ name, ok, found }) => [
    name,
    ok ? "holds" : "BROKEN",
    grouped(found),
  ]);
  return { title: "Checks", sentences: [], table: { heads: ["check", "result", "found"], figures: [2], rows } };
}

function durationSection({ durations }: MoveReport): Section {
  const rows = durations.map(({ step, rows: count, seconds }) => [
    step,
    grouped(count),
    durationText(seconds),
    rateText(count, seconds),
  ]);
  return {
    title: "Durations",
    sentences: [],
    table: { heads: ["step", "rows", "time", "rows/s"], figures: [1, 2, 3], rows },
  };
}

function hashSection({ hashes }: MoveReport): Section {
  const rows = hashes.map(({ silo, table, hash }) => [silo, table, hash]);
  return { title: "Hashes", sentences: [], table: { heads: ["silo", "table", "hash"], figures: [], rows } };
}
