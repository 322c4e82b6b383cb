import type { ServiceName } from "#platform/service-name.ts";

/** The report's own version: raised when a member changes its meaning. */
export const reportVersion = 1;

/** What became of the rows of one table; read is the sum of the others, or rows were lost. */
export interface TableSums {
  /** As in the old database, such as TransportRequest. */
  readonly name: string;
  readonly read: number;
  readonly migrated: number;
  readonly merged: number;
  readonly quarantined: number;
  readonly archived: number;
}

/** A row of the old database, by its key alone. */
export interface RowName {
  readonly table: string;
  readonly pk: string;
}

/** Everything of one kind that a rule found. */
export interface IssueGroup {
  readonly kind: string;
  readonly rule: string;
  readonly table: string;
  readonly count: number;
  /** The first few rows by key. Their contents are in the archive. */
  readonly examples: readonly RowName[];
}

/** Everything that waits for a decision for one reason. */
export interface QuarantineGroup {
  readonly table: string;
  readonly reason: string;
  /** What PostgreSQL said, if it was the one to refuse. */
  readonly sqlstate: string | null;
  readonly count: number;
  readonly examples: readonly RowName[];
}

/** Something that a person has to decide or to know before the silos open. */
export interface Decision {
  readonly kind: string;
  readonly count: number;
  readonly words: string;
}

/** What the second statement of the rules came to when it was compared with the silos. */
export interface VerificationSummary {
  readonly verified: boolean;
  readonly at: string | null;
  /** Rows that are missing, too many, or other than they should be. */
  readonly differences: number;
  readonly tables: readonly {
    readonly name: string;
    readonly rows: number;
    readonly missing: number;
    readonly extra: number;
    readonly different: number;
  }[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly found: number }[];
  /** The first differences, a thousand of each table at most: which row of which silo, and which column if it is there. */
  readonly found: readonly {
    readonly table: string;
    readonly pk: string;
    /** missing, extra or different. */
    readonly kind: string;
    readonly column?: string | undefined;
  }[];
}

/** How long a part of the move took. */
export interface StepDuration {
  readonly step: string;
  readonly rows: number;
  readonly seconds: number;
}

/** The digest of a table's imported rows when they were last verified. */
export interface TableHash {
  readonly silo: ServiceName;
  readonly table: string;
  readonly hash: string;
}

/** All that is known of a move. It names tables, keys, kinds and rules, and nothing that a person wrote. */
export interface MoveReport {
  readonly version: typeof reportVersion;
  readonly madeAt: string;
  /** Null if nothing was moved yet. */
  readonly batchId: string | null;
  readonly phase: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  readonly tables: readonly TableSums[];
  /** Whether the sums are right for every table. */
  readonly balanced: boolean;
  /** Trips that were not over, and could not be moved. */
  readonly quarantinedOpenTrips: number;
  /** Patients' codes that more than one moved trip has: of people who were moved more than once (R-PHI). */
  readonly sharedPatientCodes: number;
  readonly issues: readonly IssueGroup[];
  readonly quarantine: readonly QuarantineGroup[];
  readonly decisions: readonly Decision[];
  /** Null if nothing was verified yet. */
  readonly verification: VerificationSummary | null;
  readonly durations: readonly StepDuration[];
  readonly hashes: readonly TableHash[];
}

/** Whether no row of the table was lost or counted twice. */
export function isBalanced({ read, migrated, merged, quarantined, archived }: TableSums): boolean {
  return read === migrated + merged + quarantined + archived;
}

/** The sums of all tables together. */
export function totalOf(tables: readonly TableSums[]): TableSums {
  const sum = (of: (table: TableSums) => number): number => tables.reduce((total, table) => total + of(table), 0);
  return {
    name: "all tables",
    read: sum(({ read }) => read),
    migrated: sum(({ migrated }) => migrated),
    merged: sum(({ merged }) => merged),
    quarantined: sum(({ quarantined }) => quarantined),
    archived: sum(({ archived }) => archived),
  };
}
