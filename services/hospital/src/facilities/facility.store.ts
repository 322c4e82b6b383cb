import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import type { Facility, FacilityId } from "./facility.ts";
import { FacilityEntity, type FacilityRow } from "./facility.entity.ts";

/** Saves a new facility. */
export async function insertFacility(tx: Tx, { coordinates, isActive, ...facility }: Facility): Promise<void> {
  await tx.insert(FacilityEntity, {
    ...facility,
    latitude: coordinates?.latitude ?? null,
    longitude: coordinates?.longitude ?? null,
    phone: facility.phone || null,
    email: facility.email || null,
    operatingHours: facility.operatingHours || null,
    capabilities: [...facility.capabilities],
    active: isActive,
    importedAt: null,
  });
}

/** Reads a facility; undefined if there is none. */
export async function findFacility(em: SqlEntityManager, id: FacilityId): Promise<Facility | undefined> {
  const row = await em.findOne(FacilityEntity, { id }, { disableIdentityMap: true });
  return row ? facilityFromRow(row) : undefined;
}

/** Which part of the list of facilities. */
export interface FacilitySlice {
  /** Only this hospital's; all if empty. */
  readonly hospitalId: string;
  readonly limit: number;
  /** The place after which it begins; from the first on if absent. */
  readonly after?: Place;
}

/** Lists facilities by name. */
export async function listFacilities(
  em: SqlEntityManager,
  { hospitalId, limit, after }: FacilitySlice,
): Promise<readonly Facility[]> {
  const rows = await em.find(
    FacilityEntity,
    {
      ...(hospitalId && { hospitalId }),
      ...(after && { $or: [{ name: { $gt: after.text } }, { name: after.text, id: { $gt: after.id as FacilityId } }] }),
    },
    { orderBy: [{ name: "asc" }, { id: "asc" }], limit, disableIdentityMap: true },
  );
  return rows.map(facilityFromRow);
}

function facilityFromRow({ latitude, longitude, active, ...row }: FacilityRow): Facility {
  const coordinates =
    typeof latitude === "number" && typeof longitude === "number" ? { latitude, longitude } : undefined;
  return {
    id: row.id,
    hospitalId: row.hospitalId,
    name: row.name,
    type: row.type,
    address: row.address,
    city: row.city,
    state: row.state,
    zipCode: row.zipCode,
    county: row.county,
    ...(coordinates && { coordinates }),
    phone: row.phone ?? "",
    email: row.email ?? "",
    operatingHours: row.operatingHours ?? "",
    capabilities: row.capabilities,
    isActive: active,
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
