/** A column of the old database. */
export interface LegacyColumn {
  readonly name: string;
  /** The type's name in PostgreSQL's catalog, such as int4; timestamp is timestamp(3) without zone, in UTC; or an enum's name. */
  readonly type: string;
  readonly nullable: boolean;
  /** As SQL writes it, without its type; absent if the application gave the value. */
  readonly default?: string;
}

/** A foreign key: a required one restricts deletion, a nullable one is set to null. */
export interface LegacyForeignKey {
  readonly column: string;
  readonly references: string;
}

/** A table of the old database, as its catalog has it. */
export interface LegacyTable {
  readonly name: string;
  readonly columns: readonly LegacyColumn[];
  readonly primaryKey: readonly string[];
  readonly unique: readonly (readonly string[])[];
  readonly indexes: readonly (readonly string[])[];
  readonly foreignKeys: readonly LegacyForeignKey[];
}

/** A table as this folder writes it down. */
export interface TableText {
  readonly name: string;
  /** Each as `name type`, with `?` behind the type where null is allowed and ` = default` where there is one. */
  readonly columns: readonly string[];
  /** The column id if absent. */
  readonly primaryKey?: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
  /** The referenced table by column; it is its id that is referenced. */
  readonly references?: Readonly<Record<string, string>>;
}

/**
 * Reads a table as this folder writes it down.
 * @throws Error if a column cannot be read: a mistake in this folder.
 */
export function table({
  name,
  columns,
  primaryKey = ["id"],
  unique = [],
  indexes = [],
  references = {},
}: TableText): LegacyTable {
  return {
    name,
    columns: columns.map(columnFrom),
    primaryKey,
    unique,
    indexes,
    foreignKeys: Object.entries(references).map(([column, target]) => ({ column, references: target })),
  };
}

const columnPattern = /^(\w+) (\w+)(\??)(?: = (.+))?$/;

function columnFrom(text: string): LegacyColumn {
  const [, name, type, mark, fallback] = columnPattern.exec(text) ?? [];
  if (name === undefined || type === undefined) throw new Error(`a column cannot be read: ${text}`);
  return { name, type, nullable: mark === "?", ...(fallback !== undefined && { default: fallback }) };
}
