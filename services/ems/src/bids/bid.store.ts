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

/** The trips among these that an agency has declined. */
export async function findDeclinedTrips(
  em: SqlEntityManager,
  agencyId: string | undefined,
  tripIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (agencyId === undefined || tripIds.length === 0) return new Set();
  const where = { agencyId: agencyId as AgencyId, tripId: { $in: [...tripIds] }, endReason: "DECLINED" } as const;
  const rows = await em.find(BidEntity, where, { ...unmanaged, fields: ["id", "tripId"] });
  return new Set(rows.map(({ tripId }) => tripId));
}

/** The first answer by which an agency has declined a trip; undefined if it has not. */
export async function findDeclinedBid(
  em: SqlEntityManager,
  tripId: string,
  agencyId: string,
): Promise<Bid | undefined> {
  const where = { agencyId: { $eq: agencyId as AgencyId }, tripId: { $eq: tripId }, endReason: "DECLINED" } as const;
  const [row] = await em.find(BidEntity, where, { ...unmanaged, orderBy: { submittedAt: "asc", id: "asc" }, limit: 1 });
  return row ? bidFromRow(row) : undefined;
}

/** The trips on which an agency has open bids, in the order of their ids. */
export async function tripsWithOpenBids(em: SqlEntityManager, agencyId: string): Promise<readonly string[]> {
  const where = { agencyId: { $eq: agencyId as AgencyId }, status: "PENDING" } as const;
  const rows = await em.find(BidEntity, where, { ...unmanaged, fields: ["id", "tripId"], orderBy: { tripId: "asc" } });
  return rows.map(({ tripId }) => tripId);
}

/** Adds a bid. @throws Refusal OPEN_BID_EXISTS if the agency has an open one for the trip. */
export async function insertBid(tx: Tx, bid: Bid): Promise<void> {
  const { submittedBy, ...columns } = bid;
  try {
    await tx.insert(BidEntity, {
      ...columns,
      ...changingColumns(bid),
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

/** Saves what changed of a bid. @throws Refusal CONCURRENT_CHANGE if it is no longer the one that was decided on. */
export async function updateBid(tx: Tx, bid: Bid): Promise<void> {
  const { id, version } = bid;
  const count = await tx.nativeUpdate(BidEntity, { id, version: version - 1 }, changingColumns(bid));
  if (count !== 1) throw refuse(Reason.CONCURRENT_CHANGE, `bid ${id} has changed meanwhile`);
}

function changingColumns({ status, seenMaterialVersion, notes, version, updatedAt, ...bid }: Bid) {
  return {
    ...{ status, seenMaterialVersion, notes, version, updatedAt },
    unitId: bid.unitId ?? null,
    amount: bid.amount ?? null,
    estimatedArrival: bid.estimatedArrival ?? null,
    estimatedPickup: bid.estimatedPickup ?? null,
    endReason: bid.endReason ?? null,
    overrideReason: bid.overrideReason ?? null,
  };
}

/** Whose bids: of one hospital's trips, of one agency, or all. */
export type BidReach = { readonly hospitalId: string } | { readonly agencyId: string } | "all";

/** Which bids to list. */
export interface BidListing {
  readonly reach: BidReach;
  /** Only this trip's. */
  readonly tripId: string | undefined;
  /** Only this agency's. */
  readonly agencyId: string | undefined;
  /** Any of these; all if empty. */
  readonly statuses: readonly BidStatus[];
  readonly after: Moment | undefined;
  readonly limit: number;
}

/** Bids, oldest first. */
export async function listBids(em: SqlEntityManager, listing: BidListing): Promise<readonly Bid[]> {
  const { tripId, agencyId, statuses, after, limit } = listing;
  const { rows } = await sql<{ id: BidId }>`
    select b.id from bid b
     where ${reachOf(listing.reach)}
       ${tripId === undefined ? sql`` : sql`and b.trip_id = ${tripId}`}
       ${agencyId === undefined ? sql`` : sql`and b.agency_id = ${agencyId}`}
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
    overrideReason,
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
    ...(overrideReason && { overrideReason }),
    submittedBy: submittedByUserId,
  };
}
