import { serviceNames } from "#platform/service-name.ts";
import type { SiloClients } from "../cutover/close-silos.ts";

/** What may differ between two moves of the same rows: when something was noted, and numbers that the database gives. */
const volatile: readonly string[] = ["seq", "at", "first_at", "last_at", "started_at", "finished_at", "batch_id"];
const skipped: readonly string[] = ["schema_migration", "checkpoint", "run", "result", "audit_entry", "relay_state"];

/** A hash of every table that a move fills, by silo, schema and name. The order of rows does not matter. */
export async function targetHashes(silos: SiloClients): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  for (const service of serviceNames) {
    const { rows: tables } = await silos[service].query<{ schema: string; name: string }>(
      `select schemaname as schema, tablename as name from pg_tables where schemaname in ('public', 'migration', 'archive')`,
    );
    for (const { schema, name } of tables) {
      if (skipped.includes(name)) continue;
      const { rows } = await silos[service].query<{ hash: string }>(
        `select count(*) || ' ' || coalesce(sum(('x' || substr(md5((to_jsonb(t) - $1::text[])::text), 1, 15))::bit(60)::bigint), 0) as hash
           from ${schema}."${name}" t`,
        [volatile],
      );
      hashes.set(`${service}.${schema}.${name}`, rows[0]?.hash ?? "");
    }
  }
  return hashes;
}
