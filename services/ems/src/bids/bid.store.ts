import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { violatedConstraint } from "#platform/database/database-error.ts";
import { refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { Moment } from "#platform/rpc/page.ts";
import { BidEntity, type BidRow } from "./bid.entity.ts";
import type { Bid, BidId, BidStatus } from "./bid.ts";

const unmanaged = { disableIdentityMap: true } as const;
const locking = { ...unmanaged, lockMode: LockMode.PESSIMISTIC_WRITE } as const;

/** Reads a bid; undefined if there is none. */
export async function findBid(em: SqlEntityManager, id: string): Promise<Bid | undefined> {
  const row = await em.findOne(BidEntity, { id: { $eq: id as BidId } }, unmanaged);
  return row ? bidFromRow(row) : undefined;
}

/** Reads a bid and holds its row for the rest of the transaction. */
export async function lockBid(tx: Tx, id: string): Promise<Bid | undefined> {
  const row = await tx.findOne(BidEntity, { id: { $eq: id as BidId } }, locking);
  return row ? bidFromRow(row) : undefined;
}

/** Reads a trip's open bids and holds their rows. */
export async function lockOpenBids(tx: Tx, tripId: string): Promise<readonly Bid[]> {
  const rows = await tx.find(BidEntity, { tripId, status: "PENDING" }, { ...locking, orderBy: { id: "asc" } });
  return rows.map(bidFromRow);
}

/** An agency's open bids for these trips, by trip. */
export async function findOwnOpenBids(
  em: SqlEntityManager,
  agencyId: string | undefined,
  tripIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (agencyId === undefined || tripIds.length === 0) return new Map();
  const where = { agencyId: agencyId as AgencyId, tripId: { $in: [...tripIds] }, status: "PENDING" } as const;
  const rows = await em.find(BidEntity, where, { ...unmanaged, fields: ["id", "tripId"] });
  return new Map(rows.map(({ tripId, id }) => [tripId, id]));
}

/** Reads an agency's open bid for a trip and holds its row; undefined if there is none. */
export async function lockOwnOpenBid(tx: Tx, tripId: string, agencyId: string): Promise<Bid | undefined> {
  const where = { tripId: { $eq: tripId }, agencyId: { $eq: agencyId as AgencyId }, status: "PENDING" } as const;
  const row = await tx.findOne(BidEntity, where, locking);
  return row ? bidFromRow(row) : undefined;
}

/** Adds a bid. @throws Refusal OPEN_BID_EXISTS if the agency has an open one for the trip. */
export async function insertBid(tx: Tx, bid: Bid): Promise<void> {
  const { submittedBy, ...columns } = bid;
  try {
    await tx.insert(BidEntity, {
      ...columns,
      unitId: bid.unitId ?? null,
      amount: bid.amount ?? null,
      estimatedArrival: bid.estimatedArrival ?? null,
      estimatedPickup: bid.estimatedPickup ?? null,
      endReason: bid.endReason ?? null,
      submittedByUserId: submittedBy,
      importedAt: null,
    });
  } catch (error) {
    if (violatedConstraint(error) !== "one_open_bid_per_agency") throw error;
    const details = [resourceInfo("bid", bid.tripId)];
    const sentence = `the agency has an open bid for trip ${bid.tripId}`;
    throw refuse(Reason.OPEN_BID_EXISTS, sentence, { details, cause: error });
  }
}

/** Saves a bid's new status. @throws Refusal CONCURRENT_CHANGE if the bid is no longer the one that was decided on. */
export async function updateBid(tx: Tx, { id, status, endReason, version, updatedAt }: Bid): Promise<void> {
  const columns = { status, endReason: endReason ?? null, version, updatedAt };
  const count = await tx.nativeUpdate(BidEntity, { id, version: version - 1 }, columns);
  if (count !== 1) throw refuse(Reason.CONCURRENT_CHANGE, `bid ${id} has changed meanwhile`);
}

/** Whose bids: of one hospital's trips, of one agency, or all. */
export type BidReach = { readonly hospitalId: string } | { readonly agencyId: string } | "all";

/** Which bids to list. */
export interface BidListing {
  readonly reach: BidReach;
  /** Only this trip's. */
  readonly tripId: string | undefined;
  /** Any of these; all if empty. */
  readonly statuses: readonly BidStatus[];
  readonly after: Moment | undefined;
  readonly limit: number;
}

/** Bids, oldest first. */
export async function listBids(em: SqlEntityManager, listing: BidListing): Promise<readonly Bid[]> {
  const { tripId, statuses, after, limit } = listing;
  const { rows } = await sql<{ id: BidId }>`
    select b.id from bid b
     where ${reachOf(listing.reach)}
       ${tripId === undefined ? sql`` : sql`and b.trip_id = ${tripId}`}
       ${statuses.length === 0 ? sql`` : sql`and b.status in (${sql.join(statuses)})`}
       ${after === undefined ? sql`` : sql`and (b.submitted_at, b.id) > (${after.at}, ${after.id})`}
     order by b.submitted_at, b.id limit ${limit}`.execute(em.getKysely());
  const ids = rows.map(({ id }) => id);
  const found = await em.find(BidEntity, { id: { $in: ids } }, unmanaged);
  const byId = new Map(found.map((row) => [row.id, bidFromRow(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

function reachOf(reach: BidReach): RawBuilder<unknown> {
  if (reach === "all") return sql`true`;
  if ("agencyId" in reach) return sql`b.agency_id = ${reach.agencyId}`;
  return sql`exists (select from trip_copy t where t.id = b.trip_id and t.hospital_id = ${reach.hospitalId})`;
}

function bidFromRow(row: BidRow): Bid {
  const {
    unitId,
    amount,
    estimatedArrival,
    estimatedPickup,
    endReason,
    submittedByUserId,
    importedAt: _,
    ...rest
  } = row;
  return {
    ...rest,
    ...(unitId && { unitId }),
    ...(amount && { amount }),
    ...(estimatedArrival && { estimatedArrival }),
    ...(estimatedPickup && { estimatedPickup }),
    ...(endReason && { endReason }),
    submittedBy: submittedByUserId,
  };
}
