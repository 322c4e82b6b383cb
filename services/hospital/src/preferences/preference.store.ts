import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import type { Preference } from "./preference.ts";
import { AgencyPreferenceEntity, PreferenceListEntity } from "./preference.entity.ts";

/** Every preference of a hospital, most preferred first; those off the list are among them. */
export async function findPreferences(em: SqlEntityManager, hospitalId: string): Promise<readonly Preference[]> {
  const rows = await em.find(
    AgencyPreferenceEntity,
    { hospitalId },
    { orderBy: { preferenceOrder: "asc", id: "asc" }, disableIdentityMap: true },
  );
  return rows.map(({ id, agencyId, active, preferenceOrder, notes }) => ({
    ...{ id, hospitalId, agencyId, notes },
    isActive: active,
    order: preferenceOrder,
  }));
}

/** How often a hospital's list has changed; 0 for one that was never made. */
export async function findListVersion(em: SqlEntityManager, hospitalId: string): Promise<number> {
  const row = await em.findOne(PreferenceListEntity, { hospitalId }, { disableIdentityMap: true });
  return row?.version ?? 0;
}

/** Holds a hospital's list for the rest of the transaction, a list that does not exist yet, too. Answers its version. */
export async function lockPreferenceList(tx: Tx, hospitalId: string): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    insert into preference_list (hospital_id, version) values (${hospitalId}, 0)
    on conflict (hospital_id) do update set version = preference_list.version
    returning version`.execute(tx.getKysely());
  return rows[0]?.version ?? 0;
}

/** Saves what has changed about a held list, with the list's next version. */
export async function savePreferences(
  tx: Tx,
  hospitalId: string,
  { changed, version, now }: { readonly changed: readonly Preference[]; readonly version: number; readonly now: Date },
): Promise<void> {
  await sql`update preference_list set version = ${version} where hospital_id = ${hospitalId}`.execute(tx.getKysely());
  for (const { id, agencyId, isActive, order, notes } of changed) {
    await sql`
      insert into agency_preference
        (id, hospital_id, agency_id, active, preference_order, notes, created_at, updated_at)
      values (${id}, ${hospitalId}, ${agencyId}, ${isActive}, ${order}, ${notes}, ${now}, ${now})
      on conflict (hospital_id, agency_id) do update
         set active = excluded.active, preference_order = excluded.preference_order, notes = excluded.notes,
             updated_at = excluded.updated_at`.execute(tx.getKysely());
  }
}
