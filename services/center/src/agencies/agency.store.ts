import { raw, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import { lockName } from "../name-lock.ts";
import { AgencyEntity, type AgencyRow } from "./agency.entity.ts";
import type { Agency, AgencyId, AgencyStatus } from "./agency.ts";

/** Which agencies to list. */
export interface AgencyListing {
  /** Only agencies that take part. */
  readonly availableOnly: boolean;
  /** Only agencies that serve this county; all if empty. */
  readonly county: string;
  /** Any of these; all if empty. */
  readonly statuses: readonly AgencyStatus[];
  /** Only agencies in which nobody can log in. */
  readonly withoutActiveUsers: boolean;
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Whether the directory has an agency with this id. */
export async function agencyExists(em: SqlEntityManager, id: string): Promise<boolean> {
  return (await em.count(AgencyEntity, { id })) > 0;
}

/** The agency with this id, as the directory has it; undefined if it has none. */
export async function findAgency(em: SqlEntityManager, id: string): Promise<Agency | undefined> {
  const row = await em.findOne(AgencyEntity, { id }, { disableIdentityMap: true });
  return row ? agencyFromRow(row) : undefined;
}

/** The directory by name. */
export async function listAgencies(em: SqlEntityManager, listing: AgencyListing): Promise<readonly Agency[]> {
  const { availableOnly, county, statuses, withoutActiveUsers, after, limit } = listing;
  const rows = await em.find(
    AgencyEntity,
    {
      $and: [
        availableOnly ? { isActive: true, status: "ACTIVE" } : {},
        county.trim() === "" ? {} : servesCounty(county),
        statuses.length === 0 ? {} : { status: { $in: [...statuses] } },
        withoutActiveUsers ? nobodyCanLogIn() : {},
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

/** Keeps others from registering an agency with this name until the transaction ends. */
export function lockAgencyName(tx: Tx, name: string): Promise<void> {
  return lockName(tx, "agency_name", name.trim().toLowerCase());
}

/** Whether another agency of the directory has this name, in whatever case. */
export async function isAgencyNameTaken(tx: Tx, name: string, agencyId: AgencyId): Promise<boolean> {
  const found: readonly unknown[] = await tx.execute(
    "select 1 from agency where lower(btrim(name)) = lower(btrim(?)) and id <> ? limit 1",
    [name, agencyId],
  );
  return found.length > 0;
}

/** However it is written there and here, as everywhere else. */
function servesCounty(county: string) {
  const condition = raw(
    (agency) =>
      `exists (select from unnest(${agency}.service_area) area
                where lower(btrim(area)) like 'county:%' and btrim(substr(lower(btrim(area)), 8)) = lower(btrim(?)))`,
    [county],
  );
  return { [condition]: [] };
}

function nobodyCanLogIn() {
  const condition = raw(
    (agency) =>
      `not exists (select from user_account where user_account.agency_id = ${agency}.id and user_account.is_active)`,
  );
  return { [condition]: [] };
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
