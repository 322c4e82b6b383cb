import type { ClientBase } from "pg";
import type { StepDuration } from "../report/report.ts";

/** How far a step has come. */
export interface CopyProgress {
  /** Such as: archive TransportRequest. */
  readonly step: string;
  readonly rows: number;
  readonly total?: number | undefined;
}

/** What every step of a copy is given. */
export interface CopyStep {
  /** Does work in a silo so that all of it holds, or nothing. */
  readonly transact: <T>(silo: ClientBase, work: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CopyProgress) => void;
  readonly onDuration: (duration: StepDuration) => void;
}
