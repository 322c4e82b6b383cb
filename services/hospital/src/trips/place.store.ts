import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { type PlaceRow, placeFromRow } from "./trip.row.ts";
import type { ActivePlace } from "./trip-order.ts";

/**
 * The place that a trip begins or ends at; undefined if there is none. It takes part unless it is switched off, or the
 * hospital behind it.
 */
export async function findPlace(em: SqlEntityManager, id: string): Promise<ActivePlace | undefined> {
  const { rows } = await sql<PlaceRow & { readonly is_active: boolean }>`
    select f.id, f.hospital_id, f.name, f.city, f.state, f.county, f.latitude, f.longitude,
           f.active and coalesce(h.active, true) as is_active
      from facility f left join hospital h on h.id = f.hospital_id
     where f.id = ${id}`.execute(em.getKysely());
  const [row] = rows;
  return row && { place: placeFromRow(row), isActive: row.is_active };
}

/** What we have heard of a hospital from Center; undefined if nothing. */
export async function findHospitalStanding(
  em: SqlEntityManager,
  id: string,
): Promise<{ readonly isActive: boolean } | undefined> {
  const { rows } = await sql<{ readonly active: boolean }>`select active from hospital where id = ${id}`.execute(
    em.getKysely(),
  );
  const [row] = rows;
  return row && { isActive: row.active };
}
