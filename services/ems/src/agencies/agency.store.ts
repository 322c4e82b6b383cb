import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { z } from "zod";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import type { Place } from "#platform/rpc/page.ts";
import { refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { AgencyEntity, type AgencyRow } from "./agency.entity.ts";
import type { Agency, AgencyId, AgencyStatus, Pricing } from "./agency.ts";

/** Reads an agency; undefined if there is none. */
export async function findAgency(em: SqlEntityManager, id: string): Promise<Agency | undefined> {
  const row = await em.findOne(AgencyEntity, { id: { $eq: id as AgencyId } }, { disableIdentityMap: true });
  return row ? agencyFromRow(row) : undefined;
}

/** Reads an agency and holds its row for the rest of the transaction. */
export async function lockAgency(tx: Tx, id: string): Promise<Agency | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE } as const;
  const row = await tx.findOne(AgencyEntity, { id: { $eq: id as AgencyId } }, options);
  return row ? agencyFromRow(row) : undefined;
}

/** The same for whoever minds that the agency stays as it is, and not who else does. */
export async function shareAgency(tx: Tx, id: string): Promise<Agency | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_READ } as const;
  const row = await tx.findOne(AgencyEntity, { id: { $eq: id as AgencyId } }, options);
  return row ? agencyFromRow(row) : undefined;
}

/** Agencies that take part, by name: all of them, or the one with an id. */
export async function findParticipants(em: SqlEntityManager, onlyId?: string): Promise<readonly Agency[]> {
  const rows = await em.find(
    AgencyEntity,
    { isActive: true, status: "ACTIVE", ...(onlyId !== undefined && { id: onlyId as AgencyId }) },
    { orderBy: { name: "asc", id: "asc" }, disableIdentityMap: true },
  );
  return rows.map(agencyFromRow);
}

/** Which agencies to list. */
export interface AgencyListing {
  readonly onlyId: string | undefined;
  /** Any of these; all if empty. */
  readonly statuses: readonly AgencyStatus[];
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Agencies by name. */
export async function listAgencies(
  em: SqlEntityManager,
  { after, limit, onlyId, statuses }: AgencyListing,
): Promise<readonly Agency[]> {
  const rows = await em.find(
    AgencyEntity,
    {
      $and: [
        onlyId === undefined ? {} : { id: onlyId as AgencyId },
        statuses.length === 0 ? {} : { status: { $in: [...statuses] } },
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

/**
 * Keeps a name for the rest of the transaction, in upper or lower case: who wants it too waits. Imported agencies may
 * share a name, so that no index could see to it.
 * @throws Refusal RESOURCE_EXISTS if another agency has it.
 */
export async function reserveAgencyName(tx: Tx, { id, name }: Pick<Agency, "id" | "name">): Promise<void> {
  await tx.execute("select pg_advisory_xact_lock(hashtextextended('agency name ' || lower(?), 0))", [name], "run");
  const { rows } = await sql<{ id: string }>`
    select id from agency where lower(name) = lower(${name}) and id <> ${id} limit 1`.execute(tx.getKysely());
  if (rows.length === 0) return;
  throw refuse(Reason.RESOURCE_EXISTS, "another agency has this name", { details: [resourceInfo("agency", name)] });
}

/** How an agency came to be: by whose command, and by which. */
export interface Registration {
  /** A user's id; undefined if Center repeated the command on its own. */
  readonly addedBy: string | undefined;
  readonly hash: Uint8Array;
}

/** Adds an agency whose id and name are reserved and not taken. */
export async function insertAgency(tx: Tx, agency: Agency, { addedBy, hash }: Registration): Promise<void> {
  await tx.insert(AgencyEntity, {
    ...changingColumns(agency),
    id: agency.id,
    pricingStructure: agency.pricing ?? null,
    createdAt: agency.createdAt,
    addedBy: addedBy ?? null,
    addedAt: agency.createdAt,
    registrationHash: Buffer.from(hash),
    importedAt: null,
  });
}

/** The hash of the command that created an agency; undefined if it was created before hashes were kept. */
export async function findRegistrationHash(em: SqlEntityManager, id: AgencyId): Promise<Uint8Array | undefined> {
  const options = { fields: ["registrationHash"], disableIdentityMap: true } as const;
  return (await em.findOne(AgencyEntity, { id: { $eq: id } }, options))?.registrationHash ?? undefined;
}

/** Saves what has changed of an agency, whose row the transaction holds. */
export async function updateAgency(tx: Tx, before: Agency, after: Agency): Promise<void> {
  // Prices that we cannot read are undefined, and stay in the row until they are replaced.
  const pricing = after.pricing === before.pricing ? {} : { pricingStructure: after.pricing ?? null };
  const where = { id: before.id, version: before.version };
  const count = await tx.nativeUpdate(AgencyEntity, where, { ...changingColumns(after), ...pricing });
  if (count !== 1) throw new Error(`agency ${before.id} has changed though its row was held`);
}

function changingColumns({ serviceArea, capabilities, id: _, createdAt: __, pricing: ___, ...rest }: Agency) {
  return { ...rest, serviceArea: [...serviceArea], capabilities: [...capabilities] };
}

const pricingShape = z.object({ baseFares: z.record(z.string(), z.string()), perMile: z.string() });

/** Prices of the former system had no fixed shape: what does not read as ours is kept in the row and not shown. */
function pricingFromJson(value: unknown): Pricing | undefined {
  return pricingShape.safeParse(value).data;
}

/** Reads an agency from its row. */
export function agencyFromRow(row: AgencyRow): Agency {
  const { pricingStructure, addedBy: _, addedAt: __, registrationHash: ___, importedAt: ____, ...rest } = row;
  const pricing = pricingFromJson(pricingStructure);
  return { ...rest, ...(pricing && { pricing }) };
}
