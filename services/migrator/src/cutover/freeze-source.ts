import { type ClientBase, escapeIdentifier } from "pg";
import { captureSchema, tablesWithTrigger } from "../capture/install-capture.ts";
import { plan } from "../plan/plan.ts";
import { inPatientTransaction, inTransaction, isContention } from "../capture/in-transaction.ts";

/** What was done to keep the old database as it is. */
export interface Freeze {
  /** Whether new sessions are read-only by default, which only the database's owner can say. */
  readonly isReadOnlyByDefault: boolean;
  /** Sessions that were ended; those of other roles stay, unless ours may end them, and are refused what they write. */
  readonly endedSessions: number;
}

/**
 * Keeps everybody from writing to the old database, its owner included, until it is thawed: also when this process dies,
 * and when the server starts anew. When it returns, every transaction that wrote has ended. May be repeated.
 * @param client of the role that owns the tables.
 * @throws Error that names the sessions which go on writing, if they do so for ten seconds and are not ours to end.
 */
export async function freezeSource(client: ClientBase): Promise<Freeze> {
  const isReadOnlyByDefault = await setReadOnlyByDefault(client, true);
  const endedSessions = await endOtherSessions(client);
  await inTransaction(client, () => client.query(refuseSql));
  // One transaction: either all tables are frozen or none, and nobody writes to one because of what he read in another.
  try {
    await inPatientTransaction(
      client,
      async () => {
        const there = await tablesWithTrigger(client, "medport_frozen");
        for (const { name } of plan) if (!there.has(name)) await client.query(freezeTableSql(name));
      },
      freezeAttempts,
    );
  } catch (error) {
    if (!isContention(error)) throw error;
    throw new Error(await whoHolds(client), { cause: error });
  }
  return { isReadOnlyByDefault, endedSessions };
}

/** Nobody can write meanwhile: better a switch that is called off than one that waits for somebody who is at lunch. */
const freezeAttempts = 2;

async function whoHolds(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ who: string }>(
    `select format('process %s of %s%s, since %s', pid, usename, coalesce(' (' || nullif(application_name, '') || ')', ''),
                   to_char(xact_start at time zone 'UTC', 'HH24:MI:SS')) as who
       from pg_stat_activity
      where datname = current_database() and xact_start is not null and backend_type = 'client backend'
        and application_name not like 'medport_migrate%' order by xact_start`,
  );
  const sessions = rows.map(({ who }) => `\n  ${who}`).join("");
  return `sessions of the old database are within a transaction, and not ours to end: end them, and call again${sessions}`;
}

/** Lets everybody write to the old database again. May be repeated. */
export async function thawSource(client: ClientBase): Promise<void> {
  await inPatientTransaction(client, async () => {
    for (const { name } of plan) {
      await client.query(`drop trigger if exists medport_frozen on ${escapeIdentifier(name)}`);
    }
    await client.query(`drop function if exists ${captureSchema}.refuse_change()`);
  });
  await setReadOnlyByDefault(client, false);
  // Sessions that began meanwhile are read-only for good; those of a pool would stay for long.
  await endOtherSessions(client);
}

/** Whether the old database is frozen. */
export async function isSourceFrozen(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ frozen: number }>(
    "select count(*)::int as frozen from pg_trigger where tgname = 'medport_frozen'",
  );
  return rows[0]?.frozen === plan.length;
}

/** The settings of ours that let this session write to the old database though it is frozen, for one transaction. */
const refuseSql = `
  create schema if not exists ${captureSchema};
  create or replace function ${captureSchema}.refuse_change() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
  begin
    if current_setting('${captureSchema}.applying', true) = 'on' then return null; end if;
    raise exception 'the old database is read-only: MedPort has moved to the silos'
      using errcode = 'read_only_sql_transaction';
  end $$`;

function freezeTableSql(name: string): string {
  return `create trigger medport_frozen
    before insert or update or delete or truncate on ${escapeIdentifier(name)}
    for each statement execute function ${captureSchema}.refuse_change()`;
}

async function setReadOnlyByDefault(client: ClientBase, isReadOnly: boolean): Promise<boolean> {
  const { rows } = await client.query<{ sql: string }>(
    `select format('alter database %I ${isReadOnly ? "set default_transaction_read_only = on" : "reset default_transaction_read_only"}',
                   current_database()) as sql`,
  );
  try {
    // Ours began before, or said so itself.
    await client.query("set default_transaction_read_only = off");
    await client.query(rows[0]?.sql ?? "");
    return true;
  } catch (error) {
    // Not ours to set: the triggers hold all the same.
    if (isForbidden(error)) return false;
    throw error;
  }
}

async function endOtherSessions(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and application_name not like 'medport_migrate%'`,
  );
  let ended = 0;
  for (const { pid } of rows) {
    try {
      await client.query("select pg_terminate_backend($1)", [pid]);
      ended++;
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
  }
  return ended;
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "42501";
}
