import type { Json } from "../target/target-tables.ts";

/** A row of a silo or of the old database, as PostgreSQL writes it in JSON. */
export type Row = Readonly<Record<string, Json>>;

/** How one column of the old database is filled from the silos' rows. */
export interface ColumnBack {
  readonly column: string;
  /**
   * The silo's columns that it depends on. As long as all of them are what they were right after the move, the column keeps
   * what the old database had there, whatever a rule had made of it: going back loses nothing.
   */
  readonly from: readonly string[];
  /** What it is otherwise. Undefined leaves it as it is, and to its default in a new row. */
  readonly back: (row: Row) => Json | undefined;
  /** The same in words, for people. */
  readonly says: string;
}

/** How the rows of one of the old database's tables come out of a silo's. */
export interface WayBack {
  /** Such as TransportRequest. */
  readonly legacyTable: string;
  /** Such as hospital.trip. */
  readonly siloTable: string;
  readonly columns: readonly ColumnBack[];
}

/** A row of a silo, and what is known of it from before. */
export interface Aggregate {
  readonly now: Row;
  /** As it was right after the move; undefined if it was made since, or is of no row of the old database. */
  readonly atMove: Row | undefined;
  /** The old database's row as it was when it was moved. */
  readonly original: Row | undefined;
}

/** The row as the old database has it from now on. Columns that are not in it stay as they are. */
export function oldRow({ columns }: WayBack, { now, atMove, original }: Aggregate): Row {
  const row: Record<string, Json> = { id: original?.["id"] ?? now["id"] ?? null };
  for (const { column, from, back } of columns) {
    const isAsMoved =
      atMove !== undefined && original !== undefined && from.every((name) => sameJson(now[name], atMove[name]));
    // The archive has no passwords: one that was not changed is where it was.
    const value = isAsMoved ? original[column] : back(now);
    if (value !== undefined) row[column] = value;
  }
  return row;
}

/** Whether two values are one, whatever the order of their names. */
export function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  return canonical(one ?? null) === canonical(other ?? null);
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

/** A column that is what the silo's is. */
export function same(column: string, name: string): ColumnBack {
  return { column, from: [name], back: (row) => row[name] ?? null, says: `${name}` };
}

/** A text that the old database left empty where a silo has no characters. */
export function textOrNull(column: string, name: string): ColumnBack {
  return { column, from: [name], back: (row) => row[name] || null, says: `${name}; null if it has no characters` };
}

/** A column whose labels are others. */
export function labels(
  column: string,
  name: string,
  names: Readonly<Record<string, string>>,
  otherwise?: string,
): ColumnBack {
  const list = Object.entries(names).map(([from, to]) => `${from} → ${to}`);
  const rest = otherwise === undefined ? "all others as they are" : `all others → ${otherwise}`;
  return {
    column,
    from: [name],
    back: (row) => {
      const label = row[name];
      return typeof label === "string" ? (names[label] ?? otherwise ?? label) : null;
    },
    says: `${name}: ${[...list, rest].join(", ")}`,
  };
}

/** Something else. */
export function made(
  column: string,
  from: readonly string[],
  back: (row: Row) => Json | undefined,
  says: string,
): ColumnBack {
  return { column, from, back, says };
}

/** A text column's value; empty if it has none. */
export function text(row: Row, name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : "";
}

/** Whether a value has named parts. */
export function isNamed(value: Json | undefined): value is Row {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
