import type { Client } from "pg";
import type { ServiceName } from "#platform/service-name.ts";
import type { ChangeApplier } from "../../../migrator/src/capture/apply-changes.ts";
import type { MoveOptions } from "../../../migrator/src/directory/directory.ts";
import type { Overrides } from "../../../migrator/src/directory/overrides.ts";
import type { SiloClients } from "../../../migrator/src/report/findings.ts";
import type { Findings } from "../../../migrator/src/report/read-report.ts";
import type { StepDuration, TableSums, VerificationSummary } from "../../../migrator/src/report/report.ts";
import type { VerifyScope } from "../../../migrator/src/verify/scope.ts";
import type { RunFacts } from "../../../migrator/src/work/run-facts.ts";

/** What the parts of a move are told while it is under way. */
export interface PartProgress {
  /** Such as: copy TransportRequest. */
  readonly step: string;
  readonly rows: number;
  readonly total?: number | undefined;
}

/** What a copy needs. */
export interface CopyOptions {
  readonly sourceUrl: string;
  /** In the name of the tables' owners. */
  readonly siloUrls: Readonly<Record<ServiceName, string>>;
  readonly rolePolicy: MoveOptions["rolePolicy"];
  readonly strict: boolean;
  /** What the run was told before, if undefined. */
  readonly overrides: Overrides | undefined;
  readonly dryRun: boolean;
  /** The share of rows that may be bad, between 0 and 1. */
  readonly maxQuarantine: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PartProgress) => void;
}

/** What a copy came to. */
export interface CopyOutcome {
  readonly durations: readonly StepDuration[];
  readonly tables: readonly TableSums[];
  /** What would be found, of a dry run; of others the silos tell. */
  readonly findings?: Findings | undefined;
}

/** The parts of the migrator that the commands put together. */
export interface MoveParts {
  readonly runMove: (options: CopyOptions) => Promise<CopyOutcome>;
  readonly retryQuarantined: (options: CopyOptions) => Promise<CopyOutcome>;
  /** Undefined if nothing was moved yet. */
  readonly readRun: (silos: SiloClients) => Promise<RunFacts | undefined>;
  /** How the rows of the run were moved, so that changes are moved likewise. */
  readonly readMoveOptions: (silos: SiloClients) => Promise<MoveOptions>;
  /** @param snapshotId a moment of the old database that another session has exported; now if absent. */
  readonly readBalance: (sourceUrl: string, silos: SiloClients, snapshotId?: string) => Promise<readonly TableSums[]>;
  /** @throws Error if the old database is not what the plan was made for. */
  readonly expectPlanned: (source: Client) => Promise<void>;
  readonly verifyMove: (options: {
    readonly sourceUrl: string;
    readonly siloUrls: Readonly<Record<ServiceName, string>>;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: PartProgress) => void;
    readonly snapshotId?: string;
    readonly scope?: VerifyScope;
  }) => Promise<VerificationSummary>;
  /** Brings changes over as the copy moved the rows. */
  readonly createChangeApplier: (
    sessions: { readonly source: Client; readonly silos: SiloClients },
    options: MoveOptions,
  ) => ChangeApplier;
}
