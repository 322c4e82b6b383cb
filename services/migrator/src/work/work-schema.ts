import { type ClientBase, escapeIdentifier } from "pg";
import type { ServiceName } from "#platform/service-name.ts";
import { plan } from "../plan/plan.ts";
import type { PlannedTable } from "../plan/planned-table.ts";

/**
 * Makes what a move keeps in a silo, as the owner of its tables: its own tables in the schema `migration`, and the old
 * tables in the schema `archive`, whole and without passwords. Nobody but the owner may look into either. May be repeated.
 */
export async function createWorkSchema(client: ClientBase, service: ServiceName): Promise<void> {
  await client.query(workSql);
  if (service === "center") await client.query(runSql);
  const own = plan.filter(({ owner }) => owner === service);
  await client.query(own.map(archiveTableSql).join(";\n"));
}

const workSql = `
  create schema if not exists migration;
  create schema if not exists archive;
  create table if not exists migration.checkpoint (
    step text primary key, last_pk text, rows bigint not null, done boolean not null
  );
  create table if not exists migration.ledger (
    source_table text, pk text, fate text not null, into_id text, reason text, primary key (source_table, pk)
  );
  create table if not exists migration.issue (
    source_table text not null, pk text not null, kind text not null, rule text not null, detail jsonb
  );
  create index if not exists issue_row_idx on migration.issue (source_table, pk);
  create table if not exists migration.quarantine (
    source_table text, pk text, reason text not null, sqlstate text, raw jsonb,
    first_at timestamptz not null default now(), last_at timestamptz not null default now(), primary key (source_table, pk)
  )`;

const runSql = `
  create table if not exists migration.run (
    batch_id text primary key, phase text not null, started_at timestamptz(3) not null, finished_at timestamptz(3),
    options jsonb not null, overrides jsonb not null
  )`;

/** The old table in the archive, such as archive."Unit". */
export function archiveName({ name }: Pick<PlannedTable, "name">): string {
  return `archive.${escapeIdentifier(name)}`;
}

/** The columns that the archive keeps, for a statement. */
export function archivedColumns({ columns }: PlannedTable): string {
  return columns.flatMap(({ name, archived }) => (archived ? [escapeIdentifier(name)] : [])).join(", ");
}

/** The labels of the old enums are text there: an archive is for reading. */
function archiveTableSql(table: PlannedTable): string {
  const columns = table.columns.flatMap(({ name, type, archived }) =>
    archived ? [`${escapeIdentifier(name)} ${/^[A-Z]/.test(type) ? "text" : type}`] : [],
  );
  const [key, ...others] = table.primaryKey.map((column) => escapeIdentifier(column));
  // The old database need not have kept a pair from being there twice.
  const keys = others.length === 0 ? `, primary key (${key})` : "";
  return `create table if not exists ${archiveName(table)} (${columns.join(", ")}${keys})`;
}
