import type { ClientBase } from "pg";
import { legacyEnums } from "./legacy-enums.ts";
import type { LegacyColumn, LegacyTable } from "./legacy-table.ts";
import { joinTables, legacyTables } from "./legacy-tables.ts";

/** What may be left out of a database that is made. */
export interface LegacySchemaOptions {
  /** Whether foreign keys are made, too; they are if absent. */
  readonly foreignKeys?: boolean;
}

/** Makes the tables of the old database, empty, in the schema `public` of a database that has none of them. */
export async function createLegacySchema(
  client: ClientBase,
  { foreignKeys = true }: LegacySchemaOptions = {},
): Promise<void> {
  await client.query(legacySchemaStatements().join(";\n"));
  if (foreignKeys) await createLegacyForeignKeys(client);
}

/** Makes the foreign keys alone: after a load they cost one look at each table. */
export async function createLegacyForeignKeys(client: ClientBase): Promise<void> {
  await client.query(allTables.flatMap(foreignKeyStatements).join(";\n"));
}

/** The statements that make enums, tables, keys and indexes; foreign keys come after the rows. */
export function legacySchemaStatements(): readonly string[] {
  const enums = Object.entries(legacyEnums).map(
    ([name, labels]) => `create type "${name}" as enum (${labels.map((label) => `'${label}'`).join(", ")})`,
  );
  return [...enums, ...allTables.flatMap(tableStatements), migrationsTable];
}

const allTables: readonly LegacyTable[] = [...legacyTables, ...joinTables];

/** What the old application's own tool kept there; nobody moves it. */
const migrationsTable = `create table "_prisma_migrations" (
  id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
  logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count int4 not null default 0)`;

function tableStatements({ name, columns, primaryKey, unique, indexes }: LegacyTable): readonly string[] {
  const lines = [...columns.map(columnText), `constraint "${name}_pkey" primary key (${quoted(primaryKey)})`];
  return [
    `create table "${name}" (${lines.join(", ")})`,
    ...unique.map((keys) => `create unique index "${name}_${keys.join("_")}_key" on "${name}" (${quoted(keys)})`),
    ...indexes.map((keys) => `create index "${name}_${keys.join("_")}_idx" on "${name}" (${quoted(keys)})`),
  ];
}

function foreignKeyStatements({ name, columns, foreignKeys }: LegacyTable): readonly string[] {
  return foreignKeys.map(({ column, references }) => {
    const isNullable = columns.some((candidate) => candidate.name === column && candidate.nullable);
    return `alter table "${name}" add constraint "${name}_${column}_fkey" foreign key ("${column}") references "${references}" ("id")
      on delete ${isNullable ? "set null" : name.startsWith("_") ? "cascade" : "restrict"} on update cascade`;
  });
}

const sqlTypes: Readonly<Record<string, string>> = {
  text: "text",
  bool: "boolean",
  int4: "integer",
  float8: "double precision",
  jsonb: "jsonb",
  timestamp: "timestamp(3)",
};

function columnText({ name, type, nullable, default: fallback }: LegacyColumn): string {
  const base = `"${name}" ${sqlTypes[type] ?? `"${type}"`}${nullable ? "" : " not null"}`;
  return fallback === undefined ? base : `${base} default ${defaultText(type, fallback)}`;
}

function defaultText(type: string, fallback: string): string {
  if (fallback === "now()") return "current_timestamp";
  return type === "text" || !(type in sqlTypes) ? `'${fallback}'` : fallback;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
