import type { ClientBase } from "pg";
import { legacyEnums } from "../legacy/legacy-enums.ts";
import { plan } from "./plan.ts";
import type { PlannedColumn, PlannedTable } from "./planned-table.ts";
import { readCatalog, readEnums, type SourceColumn, type SourceTable } from "./source-catalog.ts";

/** What is wrong with a source, seen from the plan. */
export type SourceProblemKind =
  | "TABLE_UNKNOWN"
  | "TABLE_MISSING"
  | "COLUMN_UNKNOWN"
  | "COLUMN_MISSING"
  | "TYPE_DIFFERS"
  | "ENUM_LABEL_UNKNOWN"
  | "NULL_IN_REQUIRED_COLUMN"
  | "PRIMARY_KEY_MISSING"
  | "SERVER_TOO_OLD"
  | "NOT_OWNER"
  | "NO_SCHEMA_ALLOWED";

/** Where a source is not what the plan was made for. Every one stops the move before it writes anything. */
export interface SourceProblem {
  readonly kind: SourceProblemKind;
  readonly table: string;
  readonly column?: string;
  /** What is wrong, in a sentence with names in it, but no values. */
  readonly words: string;
}

/**
 * Compares a live source's catalog with the plan.
 *
 * What nobody planned for would be lost without a word, hence unknown tables and columns are problems as well as missing
 * ones. Left out are Prisma's own table, views, what belongs to an extension, and every schema but `public`: among them
 * the one that our own triggers use.
 */
export async function checkSource(client: ClientBase): Promise<readonly SourceProblem[]> {
  const found = await readCatalog(client);
  const known = new Set(plan.map(({ name }) => name));
  const unknown = found.filter(({ name }) => !known.has(name)).map(unknownTable);
  const problems: SourceProblem[] = [...unknown];
  for (const planned of plan) {
    const table = found.find(({ name }) => name === planned.name);
    if (!table) problems.push(missingTable(planned));
    else problems.push(...tableProblems(planned, table), ...(await nullProblems(client, planned, table)));
  }
  return [...problems, ...enumProblems(await readEnums(client)), ...(await rightProblems(client))];
}

/** PostgreSQL 13 has what notes of changes need: which transaction is whose. */
const oldestServer = 130_000;

/** What the role may not do, or the server cannot: triggers note what changes, in a schema of ours. */
async function rightProblems(client: ClientBase): Promise<readonly SourceProblem[]> {
  const { rows } = await client.query<{
    version: number;
    server: string;
    role: string;
    may: boolean;
    foreign: string[];
  }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_version') as server,
            current_user as role,
            has_database_privilege(current_database(), 'CREATE') or to_regnamespace('medport_migration') is not null as may,
            array(select relname::text from pg_class where relnamespace = 'public'::regnamespace and relname = any($1)
                   and not pg_has_role(relowner, 'USAGE') order by 1) as foreign`,
    [plan.map(({ name }) => name)],
  );
  const [found] = rows;
  if (!found) return [];
  const problem = (kind: SourceProblemKind, table: string, words: string): SourceProblem => ({ kind, table, words });
  const [first = ""] = found.foreign;
  return [
    ...(found.version < oldestServer
      ? [problem("SERVER_TOO_OLD", "", `PostgreSQL ${found.server} is too old: 13 or newer is needed`)]
      : []),
    ...(found.foreign.length > 0
      ? [
          problem(
            "NOT_OWNER",
            first,
            `the role ${found.role} does not own ${found.foreign.length} tables, such as "${first}": connect as their owner`,
          ),
        ]
      : []),
    ...(found.may
      ? []
      : [
          problem(
            "NO_SCHEMA_ALLOWED",
            "",
            `the role ${found.role} may not make a schema: grant create on database ... to ${found.role}`,
          ),
        ]),
  ];
}

/** @throws Error that names every problem. */
export async function expectPlanned(source: ClientBase): Promise<void> {
  const problems = await checkSource(source);
  if (problems.length > 0) throw new Error(sourceProblemsText(problems));
}

/** The problems as people read them, one a line, with what to do at the end. */
export function sourceProblemsText(problems: readonly SourceProblem[]): string {
  return [
    `The old database is not what the plan was made for; nothing was written. ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}:`,
    ...problems.map(({ kind, words }) => `  ${kind}: ${words}`),
    "Correct the old database, or extend the plan in services/migrator/src/plan, and call again.",
  ].join("\n");
}

function unknownTable({ name }: SourceTable): SourceProblem {
  const words = `nobody has decided what becomes of the table "${name}"`;
  return { kind: "TABLE_UNKNOWN", table: name, words };
}

function missingTable({ name }: PlannedTable): SourceProblem {
  return { kind: "TABLE_MISSING", table: name, words: `there is no table "${name}" in the schema public` };
}

function tableProblems(planned: PlannedTable, found: SourceTable): readonly SourceProblem[] {
  const table = planned.name;
  const at = (column: string): string => `"${table}"."${column}"`;
  const unknown = found.columns
    .filter(({ name }) => planned.columns.every((column) => column.name !== name))
    .map(({ name: column }): SourceProblem => {
      const words = `nobody has decided what becomes of the column ${at(column)}`;
      return { kind: "COLUMN_UNKNOWN", table, column, words };
    });
  const others = planned.columns.flatMap(({ name: column, type }): readonly SourceProblem[] => {
    const live = found.columns.find(({ name }) => name === column);
    if (!live) return [{ kind: "COLUMN_MISSING", table, column, words: `there is no column ${at(column)}` }];
    if (live.type === type) return [];
    return [{ kind: "TYPE_DIFFERS", table, column, words: `${at(column)} is of type ${live.type}, not ${type}` }];
  });
  return [...unknown, ...others, ...keyProblems(planned, found)];
}

function keyProblems(
  { name: table, primaryKey, columns }: PlannedTable,
  { keys }: SourceTable,
): readonly SourceProblem[] {
  // A join table's row is its key, and Prisma has made some without telling the database.
  if (primaryKey.length === columns.length) return [];
  if (keys.some((key) => key.length === primaryKey.length && primaryKey.every((column) => key.includes(column)))) {
    return [];
  }
  const names = primaryKey.map((column) => `"${column}"`).join(", ");
  const words = `"${table}" has no primary key or unique index on ${names}, by which its rows are told apart`;
  return [{ kind: "PRIMARY_KEY_MISSING", table, words }];
}

/** Labels for which no rule has a meaning; each at the first column that may hold it. */
function enumProblems(found: ReadonlyMap<string, readonly string[]>): readonly SourceProblem[] {
  return Object.entries<readonly string[]>(legacyEnums).flatMap(([type, known]) => {
    const unknown = (found.get(type) ?? []).filter((label) => !known.includes(label));
    const table = plan.find(({ columns }) => columns.some((column) => column.type === type));
    return unknown.map((label): SourceProblem => {
      const words = `nobody has decided what becomes of "${label}", a value of the type "${type}"`;
      return { kind: "ENUM_LABEL_UNKNOWN", table: table?.name ?? "", words };
    });
  });
}

/** Required columns that the source does not guard, and that do hold nulls. */
async function nullProblems(
  client: ClientBase,
  planned: PlannedTable,
  { columns }: SourceTable,
): Promise<readonly SourceProblem[]> {
  const unguarded = planned.columns.filter((column) => isUnguarded(column, columns));
  const problems: SourceProblem[] = [];
  for (const { name: column } of unguarded) {
    if (!(await hasNull(client, planned.name, column))) continue;
    const words = `"${planned.name}"."${column}" is empty in some row, and is required`;
    problems.push({ kind: "NULL_IN_REQUIRED_COLUMN", table: planned.name, column, words });
  }
  return problems;
}

function isUnguarded({ name, nullable }: PlannedColumn, columns: readonly SourceColumn[]): boolean {
  return !nullable && columns.some((live) => live.name === name && live.nullable);
}

async function hasNull(client: ClientBase, table: string, column: string): Promise<boolean> {
  // Both are names of the plan, not of somebody's making.
  const { rows } = await client.query<{ found: boolean }>(
    `select exists (select from public."${table}" where "${column}" is null) as found`,
  );
  return rows[0]?.found ?? false;
}
