import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import { HospitalEntity, type HospitalRow } from "./hospital.entity.ts";
import type { Hospital, HospitalId } from "./hospital.ts";

/** Whether a hospital with this id is registered. */
export async function hospitalExists(em: SqlEntityManager, id: string): Promise<boolean> {
  return (await em.count(HospitalEntity, { id })) > 0;
}

/** Hospitals by name, after a place or from the start. */
export async function listHospitals(
  em: SqlEntityManager,
  { after, limit }: { readonly after: Place | undefined; readonly limit: number },
): Promise<readonly Hospital[]> {
  const where = after ? { $or: [{ name: { $gt: after.text } }, { name: after.text, id: { $gt: after.id } }] } : {};
  const rows = await em.find(HospitalEntity, where, {
    orderBy: { name: "asc", id: "asc" },
    limit,
    disableIdentityMap: true,
  });
  return rows.map(hospitalFromRow);
}

/** Adds a hospital. */
export async function insertHospital(tx: Tx, hospital: Hospital): Promise<void> {
  const { active, createTime, updateTime, phone = null, email = null, ...rest } = hospital;
  const times = { createdAt: createTime, updatedAt: updateTime, importedAt: null };
  await tx.insert(HospitalEntity, { ...rest, phone, email, isActive: active, ...times });
}

/** The hospital of a row. The one place where a row becomes a hospital. */
export function hospitalFromRow(row: HospitalRow): Hospital {
  return {
    id: row.id as HospitalId,
    name: row.name,
    address: row.address,
    city: row.city,
    state: row.state,
    zipCode: row.zipCode,
    ...(row.phone && { phone: row.phone }),
    ...(row.email && { email: row.email }),
    active: row.isActive,
    version: row.version,
    createTime: row.createdAt,
    updateTime: row.updatedAt,
  };
}
