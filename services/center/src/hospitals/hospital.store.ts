import { LockMode, raw, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import { HospitalEntity, type HospitalRow } from "./hospital.entity.ts";
import type { Hospital, HospitalId } from "./hospital.ts";

/** Which hospitals to list. */
export interface HospitalListing {
  /** Only those that take part. */
  readonly activeOnly: boolean;
  /** Only those in which nobody can log in. */
  readonly withoutActiveUsers: boolean;
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Whether a hospital with this id is registered. */
export async function hospitalExists(em: SqlEntityManager, id: string): Promise<boolean> {
  return (await em.count(HospitalEntity, { id })) > 0;
}

/** The hospital with this id; undefined if there is none. */
export async function findHospital(em: SqlEntityManager, id: string): Promise<Hospital | undefined> {
  const row = await em.findOne(HospitalEntity, { id }, { disableIdentityMap: true });
  return row ? hospitalFromRow(row) : undefined;
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockHospital(tx: Tx, id: string): Promise<Hospital | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE } as const;
  const row = await tx.findOne(HospitalEntity, { id }, options);
  return row ? hospitalFromRow(row) : undefined;
}

/** Hospitals by name, after a place or from the start. */
export async function listHospitals(em: SqlEntityManager, listing: HospitalListing): Promise<readonly Hospital[]> {
  const { activeOnly, withoutActiveUsers, after, limit } = listing;
  const rows = await em.find(
    HospitalEntity,
    {
      $and: [
        activeOnly ? { isActive: true } : {},
        withoutActiveUsers ? nobodyCanLogIn() : {},
        after ? { $or: [{ name: { $gt: after.text } }, { name: after.text, id: { $gt: after.id } }] } : {},
      ],
    },
    { orderBy: { name: "asc", id: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(hospitalFromRow);
}

/** Adds a hospital. */
export async function insertHospital(tx: Tx, hospital: Hospital): Promise<void> {
  await tx.insert(HospitalEntity, { ...columnsOf(hospital), id: hospital.id, importedAt: null });
}

/** Changes a hospital that is locked. */
export async function saveHospital(tx: Tx, hospital: Hospital): Promise<void> {
  await tx.nativeUpdate(HospitalEntity, { id: hospital.id }, columnsOf(hospital));
}

function nobodyCanLogIn() {
  const condition = raw(
    (hospital) =>
      `not exists (select from user_account where user_account.hospital_id = ${hospital}.id and user_account.is_active)`,
  );
  return { [condition]: [] };
}

function columnsOf({ id: _, active, createTime, updateTime, phone, email, ...rest }: Hospital) {
  const contact = { phone: phone ?? null, email: email ?? null };
  return { ...rest, ...contact, isActive: active, createdAt: createTime, updatedAt: updateTime };
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
