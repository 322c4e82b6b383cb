import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { HospitalEntity } from "./hospital.entity.ts";

/** True if Center has told us of the hospital. */
export async function isKnownHospital(em: SqlEntityManager, id: string): Promise<boolean> {
  return (await em.count(HospitalEntity, { id })) > 0;
}
