import { LockMode, raw, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import type { Facility, FacilityId } from "./facility.ts";
import { FacilityEntity, type FacilityRow } from "./facility.entity.ts";

/** Saves a new facility. */
export async function insertFacility(tx: Tx, facility: Facility): Promise<void> {
  await tx.insert(FacilityEntity, { ...rowFromFacility(facility), importedAt: null });
}

/** Saves a change of a facility that `lockFacility` holds. */
export async function saveFacility(tx: Tx, facility: Facility): Promise<void> {
  await tx.nativeUpdate(FacilityEntity, { id: facility.id }, rowFromFacility(facility));
}

function rowFromFacility({ coordinates, isActive, ...facility }: Facility): Omit<FacilityRow, "importedAt"> {
  return {
    ...facility,
    latitude: coordinates?.latitude ?? null,
    longitude: coordinates?.longitude ?? null,
    phone: facility.phone || null,
    email: facility.email || null,
    operatingHours: facility.operatingHours || null,
    capabilities: [...facility.capabilities],
    active: isActive,
  };
}

/** Reads a facility; undefined if there is none. */
export async function findFacility(em: SqlEntityManager, id: FacilityId): Promise<Facility | undefined> {
  const row = await em.findOne(FacilityEntity, { id }, { disableIdentityMap: true });
  return row ? facilityFromRow(row) : undefined;
}

/** Reads a facility and holds it for the rest of the transaction: whoever wants to change it too waits. */
export async function lockFacility(tx: Tx, id: string): Promise<Facility | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE } as const;
  const row = await tx.findOne(FacilityEntity, { id: { $eq: id as FacilityId } }, options);
  return row ? facilityFromRow(row) : undefined;
}

/** Which facilities. What is empty matches everything. */
export interface FacilityFilter {
  readonly hospitalId: string;
  /** However it is written. */
  readonly county: string;
  readonly state: string;
  readonly type: string;
  /** In any case. */
  readonly nameContains: string;
  readonly activeOnly: boolean;
}

/** Which part of the list. */
export interface FacilitySlice {
  readonly limit: number;
  /** The place after which it begins; from the first on if absent. */
  readonly after?: Place;
}

/** Lists facilities by name. */
export async function listFacilities(
  em: SqlEntityManager,
  filter: FacilityFilter,
  { limit, after }: FacilitySlice,
): Promise<readonly Facility[]> {
  const rows = await em.find(
    FacilityEntity,
    {
      $and: [
        conditionOf(filter),
        after
          ? { $or: [{ name: { $gt: after.text } }, { name: after.text, id: { $gt: after.id as FacilityId } }] }
          : {},
      ],
    },
    { orderBy: [{ name: "asc" }, { id: "asc" }], limit, disableIdentityMap: true },
  );
  return rows.map(facilityFromRow);
}

function conditionOf({ hospitalId, county, state, type, nameContains, activeOnly }: FacilityFilter): object {
  return {
    ...(hospitalId && { hospitalId }),
    ...(county && { [raw("lower(btrim(county))")]: county.trim().toLowerCase() }),
    ...(state && { state: state.toUpperCase() }),
    ...(type && { type }),
    // Not LIKE: what is looked for may have its wildcards in it.
    ...(nameContains && { [raw("strpos(lower(name), lower(?))", [nameContains])]: { $gt: 0 } }),
    ...(activeOnly && { active: true }),
  };
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
