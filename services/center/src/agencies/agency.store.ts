import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import { lockName } from "../name-lock.ts";
import { AgencyEntity, AgencyRegistrationEntity, type AgencyRow } from "./agency.entity.ts";
import type { Agency, AgencyId } from "./agency.ts";

/** Which agencies to list. */
export interface AgencyListing {
  /** Only agencies that take part. */
  readonly availableOnly: boolean;
  /** Only agencies that serve this county; all if empty. */
  readonly county: string;
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Whether the directory has an agency with this id. */
export async function agencyExists(em: SqlEntityManager, id: string): Promise<boolean> {
  return (await em.count(AgencyEntity, { id })) > 0;
}

/** The directory by name. */
export async function listAgencies(em: SqlEntityManager, listing: AgencyListing): Promise<readonly Agency[]> {
  const { availableOnly, county, after, limit } = listing;
  const rows = await em.find(
    AgencyEntity,
    {
      $and: [
        availableOnly ? { isActive: true, status: "ACTIVE" } : {},
        county === "" ? {} : { serviceArea: { $contains: [`county:${county}`] } },
        after ? { $or: [{ name: { $gt: after.text } }, { name: after.text, id: { $gt: after.id } }] } : {},
      ],
    },
    { orderBy: { name: "asc", id: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(agencyFromRow);
}

/** When the directory last learned something; undefined while it is empty. */
export async function directoryChangedAt(em: SqlEntityManager): Promise<Date | undefined> {
  const row = await em.findOne(
    AgencyEntity,
    { id: { $ne: null } },
    { orderBy: { heardAt: "desc" }, fields: ["heardAt"] },
  );
  return row?.heardAt;
}

/**
 * Takes over what EMS says of an agency. What is older than what the directory has, or as old, changes nothing, so that
 * the answer to a registration and the event about it may come in either order.
 * @returns whether it changed anything.
 */
export async function saveAgency(tx: Tx, agency: Agency, heardAt: Date, addedBy?: string): Promise<boolean> {
  await lockName(tx, "agency", agency.id);
  const known = await tx.findOne(AgencyEntity, { id: agency.id }, { disableIdentityMap: true });
  if (known && known.version >= agency.version) {
    // The event knows nothing of who added it, and may have come first.
    if (addedBy !== undefined && !known.addedBy) await tx.nativeUpdate(AgencyEntity, { id: agency.id }, { addedBy });
    return false;
  }
  const columns = { ...columnsOf(agency), heardAt };
  if (known) await tx.nativeUpdate(AgencyEntity, { id: agency.id }, columns);
  else
    await tx.insert(AgencyEntity, {
      ...columns,
      addedBy: addedBy ?? null,
      addedAt: agency.createTime,
      importedAt: null,
    });
  return true;
}

/** The id that a person's request has given its agency: the one offered, unless the request came before. */
export async function reserveAgencyId(
  tx: Tx,
  { userId, requestId, offered, now }: { userId: string; requestId: string; offered: AgencyId; now: Date },
): Promise<AgencyId> {
  await lockName(tx, "agency_registration", `${userId} ${requestId}`);
  const known = await tx.findOne(AgencyRegistrationEntity, { userId, requestId }, { disableIdentityMap: true });
  if (known) return known.agencyId as AgencyId;
  await tx.insert(AgencyRegistrationEntity, { userId, requestId, agencyId: offered, createdAt: now });
  return offered;
}

function columnsOf({ active, pricing, createTime, updateTime, serviceArea, capabilities, ...rest }: Agency) {
  return {
    ...rest,
    serviceArea: [...serviceArea],
    capabilities: [...capabilities],
    pricingStructure: pricing ?? null,
    isActive: active,
    createdAt: createTime,
    updatedAt: updateTime,
  };
}

/** The agency of a row. The one place where a row becomes an agency. */
export function agencyFromRow(row: AgencyRow): Agency {
  return {
    id: row.id as AgencyId,
    name: row.name,
    contactName: row.contactName,
    phone: row.phone,
    email: row.email,
    address: row.address,
    city: row.city,
    state: row.state,
    zipCode: row.zipCode,
    serviceArea: row.serviceArea,
    operatingHours: row.operatingHours,
    capabilities: row.capabilities,
    ...(row.pricingStructure && { pricing: row.pricingStructure }),
    active: row.isActive,
    status: row.status,
    version: row.version,
    createTime: row.createdAt,
    updateTime: row.updatedAt,
  };
}
