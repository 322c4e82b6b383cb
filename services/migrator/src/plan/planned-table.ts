import type { ServiceName } from "#platform/service-name.ts";
import type { TargetTable, TargetTables } from "../target/target-tables.ts";

/** Such as hospital.trip.status; only what the silos' tables have. */
export type TargetColumn = {
  [Table in TargetTable]: `${Table}.${keyof TargetTables[Table] & string}`;
}[TargetTable];

/**
 * What is done with a table: its rows become rows of a silo; they are folded into others'; they only help to decide about
 * others; or they are only kept.
 */
export type TableUse = "MOVED" | "FOLDED" | "EVIDENCE" | "ARCHIVED";

/** What becomes of one column of the old database. */
export interface PlannedColumn {
  readonly name: string;
  /** The type's name in PostgreSQL's catalog, such as int4; for enums that of the old database, such as UserRole. */
  readonly type: string;
  readonly nullable: boolean;
  /** Where its values go; empty if they are only kept in the archive. */
  readonly targets: readonly TargetColumn[];
  /** The rule that changes the values on their way, or that looks at them to decide about others. */
  readonly rule?: string;
  /** Whether the archive has it. All are there but passwords. */
  readonly archived: boolean;
}

/** What becomes of one table of the old database. */
export interface PlannedTable {
  readonly name: string;
  /** The silo that keeps its originals. */
  readonly owner: ServiceName;
  readonly use: TableUse;
  readonly primaryKey: readonly string[];
  readonly columns: readonly PlannedColumn[];
}

/** The names of catalog types, and of the old database's enums; with a question mark where null is allowed. */
type TypeText = string;

/** A column that has a place in the silos. */
export function moved(
  name: string,
  type: TypeText,
  targets: readonly [TargetColumn, ...TargetColumn[]],
  rule?: string,
): PlannedColumn {
  return { ...named(name, type), targets, ...(rule !== undefined && { rule }) };
}

/** A column that is only kept, but that a rule looks at. */
export function evidence(name: string, type: TypeText, rule: string): PlannedColumn {
  return { ...named(name, type), targets: [], rule };
}

/** A column that is only kept. */
export function kept(name: string, type: TypeText): PlannedColumn {
  return { ...named(name, type), targets: [] };
}

/** A column of secrets: it is moved, and no copy of it is kept. */
export function secret(column: PlannedColumn): PlannedColumn {
  return { ...column, archived: false };
}

/** A table some of whose columns have a place in the silos, or help to decide. */
export function usedTable(
  use: Exclude<TableUse, "ARCHIVED">,
  name: string,
  owner: ServiceName,
  columns: readonly PlannedColumn[],
): PlannedTable {
  return { name, owner, use, primaryKey: ["id"], columns };
}

/** A table that is only kept. */
export function archivedTable(
  name: string,
  owner: ServiceName,
  types: Readonly<Record<string, TypeText>>,
): PlannedTable {
  const columns = Object.entries(types).map(([column, type]) => kept(column, type));
  return { name, owner, use: "ARCHIVED", primaryKey: ["id"], columns };
}

/** A table that joins two others by their ids, which is only kept. */
export function archivedJoin(name: string, owner: ServiceName): PlannedTable {
  return { ...archivedTable(name, owner, { A: "text", B: "text" }), primaryKey: ["A", "B"] };
}

function named(name: string, type: TypeText): Omit<PlannedColumn, "targets"> {
  const nullable = type.endsWith("?");
  return { name, type: nullable ? type.slice(0, -1) : type, nullable, archived: true };
}
