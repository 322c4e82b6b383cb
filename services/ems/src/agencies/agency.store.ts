import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { z } from "zod";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import { AgencyEntity, type AgencyRow } from "./agency.entity.ts";
import type { Agency, AgencyId, Pricing } from "./agency.ts";

/** Reads an agency; undefined if there is none. */
export async function findAgency(em: SqlEntityManager, id: string): Promise<Agency | undefined> {
  const row = await em.findOne(AgencyEntity, { id: { $eq: id as AgencyId } }, { disableIdentityMap: true });
  return row ? agencyFromRow(row) : undefined;
}

/** Agencies by name. */
export async function listAgencies(
  em: SqlEntityManager,
  { after, limit, onlyId }: { after: Place | undefined; limit: number; onlyId: string | undefined },
): Promise<readonly Agency[]> {
  const rows = await em.find(
    AgencyEntity,
    {
      $and: [
        onlyId === undefined ? {} : { id: onlyId as AgencyId },
        after ? { $or: [{ name: { $gt: after.text } }, { name: after.text, id: { $gt: after.id as AgencyId } }] } : {},
      ],
    },
    { orderBy: { name: "asc", id: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(agencyFromRow);
}

/** Keeps an agency's id for the rest of the transaction, whether there is such an agency or not: who wants it too waits. */
export async function reserveAgencyId(tx: Tx, id: AgencyId): Promise<void> {
  await tx.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`agency ${id}`], "run");
}

/** Adds an agency whose id is reserved and not taken. */
export async function insertAgency(tx: Tx, agency: Agency, addedBy: string): Promise<void> {
  const { pricing, serviceArea, capabilities, ...rest } = agency;
  await tx.insert(AgencyEntity, {
    ...rest,
    serviceArea: [...serviceArea],
    capabilities: [...capabilities],
    pricingStructure: pricing ?? null,
    addedBy,
    addedAt: agency.createdAt,
    importedAt: null,
  });
}

const pricingShape = z.object({ baseFares: z.record(z.string(), z.string()), perMile: z.string() });

/** Prices of the former system had no fixed shape: what does not read as ours is kept in the row and not shown. */
function pricingFromJson(value: unknown): Pricing | undefined {
  return pricingShape.safeParse(value).data;
}

function agencyFromRow(row: AgencyRow): Agency {
  const { pricingStructure, addedBy: _, addedAt: __, importedAt: ___, ...rest } = row;
  const pricing = pricingFromJson(pricingStructure);
  return { ...rest, ...(pricing && { pricing }) };
}
