import { decisionsFrom } from "./decisions.ts";
import {
  countQuarantinedOpenTrips,
  countSharedPatientCodes,
  readIssues,
  readQuarantine,
  type SiloClients,
} from "./findings.ts";
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
export type Findings = Pick<MoveReport, "issues" | "quarantine" | "quarantinedOpenTrips" | "sharedPatientCodes">;

/**
 * Gathers what there is to say about a move.
 * @param silos connections of the tables' owners.
 */
export async function readReport(silos: SiloClients, { now, findings, ...parts }: ReportParts): Promise<MoveReport> {
  const { issues, quarantine, quarantinedOpenTrips, sharedPatientCodes } = findings ?? (await readFindings(silos));
  return {
    ...parts,
    version: reportVersion,
    madeAt: now.toISOString(),
    balanced: parts.tables.every(isBalanced),
    ...{ quarantinedOpenTrips, sharedPatientCodes, issues, quarantine },
    decisions: decisionsFrom(issues, quarantine),
  };
}

/** What was found, as the silos have it. */
export async function readFindings(silos: SiloClients): Promise<Findings> {
  return {
    issues: await readIssues(silos),
    quarantine: await readQuarantine(silos),
    quarantinedOpenTrips: await countQuarantinedOpenTrips(silos),
    sharedPatientCodes: await countSharedPatientCodes(silos),
  };
}
