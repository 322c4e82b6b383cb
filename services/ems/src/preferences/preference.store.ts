import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { HospitalPreferenceEntity } from "./preference.entity.ts";

/** The agencies that a hospital prefers, most preferred first; none if it has said nothing. */
export async function preferredAgencies(em: SqlEntityManager, hospitalId: string): Promise<readonly string[]> {
  const row = await em.findOne(HospitalPreferenceEntity, { hospitalId }, { disableIdentityMap: true });
  return row?.agencyIds ?? [];
}
