import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import { plan } from "../plan/plan.ts";
import type { PlannedTable } from "../plan/planned-table.ts";
import { inPatientTransaction, inTransaction } from "./in-transaction.ts";

/** The schema of ours in the old database; everything else there is as it was. */
export const captureSchema = "medport_migration";

/**
 * Begins to note which rows of the old database change: table, primary key, operation. Whatever is committed after this
 * returns is noted, so it must return before the copy's snapshot is taken. May be repeated, also while it is in use.
 * TRUNCATE is refused from now on, because it tells no rows.
 * @param client of a role that owns the tables.
 * @throws DatabaseError 55P03 if a table stays locked for a minute.
 */
export async function installCapture(client: ClientBase): Promise<void> {
  await inTransaction(client, () => client.query(schemaSql));
  const there = await tablesWithTrigger(client, "medport_capture");
  for (const table of plan) {
    if (!there.has(table.name)) await inPatientTransaction(client, () => client.query(triggersOf(table)));
  }
}

/** Which tables have a trigger of ours. To drop one first that is not there would wait for everybody who reads. */
export async function tablesWithTrigger(client: ClientBase, name: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where t.tgname = $1 and c.relnamespace = 'public'::regnamespace`,
    [name],
  );
  return new Set(rows.map((row) => row.name));
}

/** Ends it, and forgets what was noted. The old database is as it was but for the reverse applier's notes, if any. */
export async function removeCapture(client: ClientBase): Promise<void> {
  for (const { name } of plan) {
    const table = escapeIdentifier(name);
    await inPatientTransaction(client, () =>
      client.query(
        `drop trigger if exists medport_capture on ${table}; drop trigger if exists medport_truncate on ${table}`,
      ),
    );
  }
  // Of a session that began after the switch, only a transaction that says so writes.
  await inTransaction(client, () =>
    client.query(`
      drop function if exists ${captureSchema}.record_change();
      drop function if exists ${captureSchema}.refuse_truncate();
      drop table if exists ${captureSchema}.change`),
  );
}

/**
 * For the rest of the session's transaction, what it changes is not noted, nor refused while the old database is frozen:
 * for what comes out of the silos, which need not hear of it.
 */
export async function muteCapture(client: ClientBase): Promise<void> {
  await client.query(`select set_config('${captureSchema}.applying', 'on', true)`);
}

/** The function belongs to the tables' owner, so that whoever writes to the tables needs no right to the notes. */
const schemaSql = `
  create schema if not exists ${captureSchema};
  create table if not exists ${captureSchema}.change (
    seq bigint generated always as identity primary key,
    table_name text not null,
    pk text not null,
    op text not null,
    recorded_at timestamptz not null default clock_timestamp()
  );
  create or replace function ${captureSchema}.record_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  declare
    before text;
    after text;
  begin
    if current_setting('${captureSchema}.applying', true) = 'on' then return null; end if;
    if TG_ARGV[0] = 'id' then
      if TG_OP <> 'INSERT' then before := old.id; end if;
      if TG_OP <> 'DELETE' then after := new.id; end if;
    else
      if TG_OP <> 'INSERT' then before := old."A" || ' ' || old."B"; end if;
      if TG_OP <> 'DELETE' then after := new."A" || ' ' || new."B"; end if;
    end if;
    if before is not null then
      insert into ${captureSchema}.change (table_name, pk, op) values (TG_TABLE_NAME, before, lower(TG_OP));
    end if;
    if after is distinct from before and after is not null then
      insert into ${captureSchema}.change (table_name, pk, op) values (TG_TABLE_NAME, after, lower(TG_OP));
    end if;
    return null;
  end $$;
  create or replace function ${captureSchema}.refuse_truncate() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
  begin
    raise exception 'table % cannot be truncated while it is being moved: delete its rows instead', TG_TABLE_NAME
      using errcode = 'object_not_in_prerequisite_state';
  end $$`;

function triggersOf({ name, primaryKey }: PlannedTable): string {
  const table = escapeIdentifier(name);
  return `
    create trigger medport_capture after insert or update or delete on ${table}
      for each row execute function ${captureSchema}.record_change(${escapeLiteral(primaryKey.join(" "))});
    create trigger medport_truncate before truncate on ${table}
      for each statement execute function ${captureSchema}.refuse_truncate()`;
}
