import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import { findTrip } from "./trip.store.ts";
import type { Trip } from "./trip.ts";

/** Trips that were not consented to in time, the longest overdue first. */
export async function listLapsedTrips(em: SqlEntityManager, now: Date, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from trip where consent_due_time < ${now} order by consent_due_time limit ${limit}`.execute(
    em.getKysely(),
  );
  return rows.map(({ id }) => id);
}

/**
 * Reads a trip that was not consented to in time and holds it for the rest of the transaction. Undefined if it is no
 * longer one, or somebody else holds it: another instance, or a person who is just changing it.
 */
export async function lockLapsedTrip(tx: Tx, id: string, now: Date): Promise<Trip | undefined> {
  const { rows } = await sql`
    select from trip where id = ${id} and consent_due_time < ${now} for update skip locked`.execute(tx.getKysely());
  return rows.length === 0 ? undefined : findTrip(tx, id);
}
