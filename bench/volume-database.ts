import { Client } from "pg";
import { buildTripVolume, type RunStatement } from "../services/hospital/src/trips/trip-volume.builder.ts";

/** The region of the measurement: it is the same however long it has been at work. */
export const region = { perDay: 1_000, hospitals: 40, agencies: 30 } as const;

/**
 * Fills an empty Hospital database with trips up to now. Indexes and constraints are taken away and made again, checks
 * excepted, so that a million trips take minutes; afterwards the tables are as autovacuum would leave them.
 */
export async function fillWithTrips(adminUrl: string, trips: number): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const run: RunStatement = (text, values = []) => client.query(text, [...values]);
    await run("set maintenance_work_mem = '1GB'");
    await run("set max_parallel_maintenance_workers = 2");
    const restore = await withoutIndexes(client);
    await buildTripVolume(run, { trips, now: new Date(), ...region });
    for (const statement of restore) await run(statement);
    await run("vacuum (analyze)");
    await run("checkpoint");
  } finally {
    await client.end();
  }
}

const tables = "('trip'::regclass, 'trip_history'::regclass, 'trip_milestone'::regclass, 'trip_claim'::regclass)";

/** Drops what makes a large load slow. @returns the statements that make it again. */
async function withoutIndexes(client: Client): Promise<readonly string[]> {
  const constraints = await client.query<{ name: string; table: string; definition: string }>(
    `select conname as name, conrelid::regclass::text as table, pg_get_constraintdef(oid) as definition
       from pg_constraint where conrelid in ${tables} and contype in ('f', 'p', 'u')
      order by contype = 'f', conname`,
  );
  const indexes = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
      where indrelid in ${tables} and not exists (select from pg_constraint c where c.conindid = indexrelid)`,
  );
  for (const { name, table } of constraints.rows.toReversed()) {
    await client.query(`alter table ${table} drop constraint "${name}"`);
  }
  for (const { name } of indexes.rows) await client.query(`drop index ${name}`);
  return [
    ...constraints.rows.map(
      ({ name, table, definition }) => `alter table ${table} add constraint "${name}" ${definition}`,
    ),
    ...indexes.rows.map(({ definition }) => definition),
  ];
}
