import { type AdminSession, identifier } from "./admin-session.ts";
import { migrationTable } from "./migration-table.ts";

/**
 * Gives the application's role what a service needs and no more: rows, but not tables; and of the audit log, no changes
 * and no deletions. What it had beyond that is taken away. One transaction, so that a running service does not notice.
 */
export async function grantToApp(owner: AdminSession, { database, appRole }: Grantee): Promise<void> {
  const app = identifier(appRole);
  await owner.run("begin");
  try {
    for (const statement of await grantStatements(owner, { database, app })) await owner.run(statement);
    await owner.run("commit");
  } catch (error) {
    await owner.run("rollback");
    throw error;
  }
}

interface Grantee {
  readonly database: string;
  readonly appRole: string;
}

/** What the application may do to a table; every other table is a business table. */
const exceptions: Readonly<Record<string, string>> = {
  audit_entry: "select, insert",
  [migrationTable]: "select",
};

async function grantStatements(
  owner: AdminSession,
  { database, app }: { readonly database: string; readonly app: string },
): Promise<readonly string[]> {
  const tables = await owner.run(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
  );
  const names = tables.map((row) => String(row["name"]));
  return [
    `grant connect on database ${identifier(database)} to ${app}`,
    "revoke create on schema public from public",
    `revoke create on schema public from ${app}`,
    `grant usage on schema public to ${app}`,
    `revoke all on all tables in schema public from ${app}`,
    ...names.map((name) => `grant ${exceptions[name] ?? businessVerbs} on public.${identifier(name)} to ${app}`),
    `revoke all on all sequences in schema public from ${app}`,
    `grant usage, select on all sequences in schema public to ${app}`,
    // For tables made outside of a migration; the next one grants by name again.
    `alter default privileges in schema public revoke all on tables from ${app}`,
    `alter default privileges in schema public grant ${businessVerbs} on tables to ${app}`,
    `alter default privileges in schema public revoke all on sequences from ${app}`,
    `alter default privileges in schema public grant usage, select on sequences to ${app}`,
  ];
}

const businessVerbs = "select, insert, update, delete";
