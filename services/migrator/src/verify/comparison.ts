import type { ServiceName } from "#platform/service-name.ts";

/** A column of a comparison: the expression that the old database gives for it, or more about it. */
export type ComparedColumn =
  | string
  | {
      readonly expected: string;
      /** The expression over the silo's table, `a`; the column of the same name if absent. */
      readonly actual?: string;
      /** Compared by what it means, and not by how it is written. */
      readonly isJson?: true;
      /** Free text, or about a person: its values are never told. */
      readonly isPrivate?: true;
    };

/** What a table of a silo should hold, by the rules as SQL states them over the old database, and what it holds. */
export interface Comparison {
  /** Such as hospital.trip. */
  readonly table: string;
  readonly silo: ServiceName;
  /** What tells its rows apart: expressions of type text over both sides. */
  readonly key: { readonly expected: string; readonly actual: string };
  readonly columns: Readonly<Record<string, ComparedColumn>>;
  /** What follows `from` in the old database. */
  readonly expected: string;
  /** What follows `from` in the silo; the table's alias is `a`. */
  readonly actual: string;
}

/** One side of a comparison, ready to be put into statements. */
export interface Side {
  readonly key: string;
  readonly columns: readonly SideColumn[];
  readonly from: string;
}

export interface SideColumn {
  readonly name: string;
  readonly sql: string;
  readonly isJson: boolean;
  readonly isPrivate: boolean;
}

/** The side that the old database tells. */
export function expectedSide({ key, columns, expected }: Comparison): Side {
  return {
    key: key.expected,
    from: expected,
    columns: Object.entries(columns).map(([name, column]) =>
      sideColumn(name, column, typeof column === "string" ? column : column.expected),
    ),
  };
}

/** The side that the silo tells. */
export function actualSide({ key, columns, actual }: Comparison): Side {
  return {
    key: key.actual,
    from: actual,
    columns: Object.entries(columns).map(([name, column]) =>
      sideColumn(name, column, (typeof column === "string" ? undefined : column.actual) ?? `a."${name}"`),
    ),
  };
}

function sideColumn(name: string, column: ComparedColumn, sql: string): SideColumn {
  const { isJson = false, isPrivate = false } = typeof column === "string" ? {} : column;
  return { name, sql, isJson, isPrivate };
}

/** A column whose values are never told. */
export function privately(expected: string, actual?: string): ComparedColumn {
  return { expected, isPrivate: true, ...(actual !== undefined && { actual }) };
}

/** A column of JSON. */
export function asJson(
  expected: string,
  more: { readonly actual?: string; readonly isPrivate?: true } = {},
): ComparedColumn {
  return { expected, isJson: true, ...more };
}

/** The rows of a silo's table that the move made: all but those that were there without it. */
export function allButNative(table: string, kind: NativeKind, id = "a.id"): string {
  return `${table} a where not exists (select from v_native n where n.kind = '${kind}' and n.id = ${id})`;
}

/** Kinds of records that a silo may have of its own. */
export type NativeKind = (typeof nativeKinds)[number]["kind"];

/** Where records tell whether they were imported; all else that the silos hold goes with one of these. */
export const nativeKinds = [
  { kind: "trip", silo: "hospital", table: "trip" },
  { kind: "facility", silo: "hospital", table: "facility" },
  { kind: "agency", silo: "ems", table: "agency" },
  { kind: "unit", silo: "ems", table: "unit" },
  { kind: "route", silo: "ems", table: "route" },
  { kind: "bid", silo: "ems", table: "bid" },
  { kind: "hospital", silo: "center", table: "hospital" },
  { kind: "user", silo: "center", table: "user_account" },
  { kind: "service", silo: "center", table: "service_registry" },
] as const satisfies readonly { readonly kind: string; readonly silo: ServiceName; readonly table: string }[];
