import { decisionsFrom } from "./decisions.ts";
import { countQuarantinedOpenTrips, readIssues, readQuarantine, type SiloClients } from "./findings.ts";
import { isBalanced, type MoveReport, reportVersion } from "./report.ts";

/** What a report is made of beside what the silos know by themselves. */
export type ReportParts = Pick<
  MoveReport,
  "batchId" | "phase" | "startedAt" | "finishedAt" | "options" | "tables" | "verification" | "durations" | "hashes"
> & {
  readonly now: Date;
  /** What a dry run found; what the silos have, if absent. */
  readonly findings?: Findings | undefined;
};

/** What the rules found. */
export type Findings = Pick<MoveReport, "issues" | "quarantine" | "quarantinedOpenTrips">;

/**
 * Gathers what there is to say about a move.
 * @param silos connections of the tables' owners.
 */
export async function readReport(silos: SiloClients, { now, findings, ...parts }: ReportParts): Promise<MoveReport> {
  const { issues, quarantine, quarantinedOpenTrips } = findings ?? (await readFindings(silos));
  return {
    ...parts,
    version: reportVersion,
    madeAt: now.toISOString(),
    balanced: parts.tables.every(isBalanced),
    ...{ quarantinedOpenTrips, issues, quarantine },
    decisions: decisionsFrom(issues, quarantine),
  };
}

async function readFindings(silos: SiloClients): Promise<Findings> {
  return {
    issues: await readIssues(silos),
    quarantine: await readQuarantine(silos),
    quarantinedOpenTrips: await countQuarantinedOpenTrips(silos),
  };
}
