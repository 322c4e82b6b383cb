import type { Json, TargetRow } from "./target/target-tables.ts";

/**
 * What became of a row of the old database: it is a row of a silo; it is part of another's row; it could not be moved and
 * waits for a decision; or its data are kept in the archive alone.
 */
export type Fate = "MIGRATED" | "MERGED" | "QUARANTINED" | "ARCHIVED";

/** A row of the old database. */
export interface SourceRow {
  /** Such as TransportRequest. */
  readonly table: string;
  /** Its primary key; for join tables both columns with a space between. */
  readonly pk: string;
}

/** What a rule decided about a row. */
export interface Verdict extends SourceRow {
  readonly fate: Fate;
  /** The id that it has, or that of the row that it is now part of, if it is not its own. */
  readonly into?: string;
  /** Why, if it is not MIGRATED, such as OPEN_TRIP_TO_ITS_ORIGIN. */
  readonly reason?: string;
}

/** Something that a person should know about a row that was moved, or not. */
export interface Issue extends SourceRow {
  /** Such as DOUBLE_BOOKED. */
  readonly kind: string;
  /** The rule that found it, such as R-UNIT. */
  readonly rule: string;
  /** What was changed or dropped. Never free text and nothing about a patient: reports show it. */
  readonly detail?: { readonly [name: string]: Json };
}

/** What comes of some rows of the old database. */
export interface Moved {
  readonly rows: readonly TargetRow[];
  /** One for every source row that was looked at. */
  readonly verdicts: readonly Verdict[];
  readonly issues: readonly Issue[];
}
