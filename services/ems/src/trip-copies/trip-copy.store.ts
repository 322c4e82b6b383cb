import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { activeUnitTypes } from "../units/unit.store.ts";
import { urgencyOf } from "./transport.ts";
import { TripCopyEntity, type TripCopyRow } from "./trip-copy.entity.ts";
import type { Candidate, TripCopy, TripId } from "./trip-copy.ts";

/**
 * Reads a trip and holds its row for the rest of the transaction. Whatever decides about a trip's bids and assignments
 * begins with this, so that two that do wait for each other here and nowhere else.
 */
export async function lockTripCopy(tx: Tx, id: string): Promise<TripCopy | undefined> {
  return find(tx, id, LockMode.PESSIMISTIC_WRITE);
}

/** The same for whoever minds that the trip stays as it is, and not who else does. */
export async function shareTripCopy(tx: Tx, id: string): Promise<TripCopy | undefined> {
  return find(tx, id, LockMode.PESSIMISTIC_READ);
}

/** Reads a trip; undefined if we have not heard of it. */
export async function findTripCopy(em: SqlEntityManager, id: string): Promise<TripCopy | undefined> {
  return find(em, id);
}

async function find(em: SqlEntityManager, id: string, lockMode?: LockMode): Promise<TripCopy | undefined> {
  const options = { disableIdentityMap: true, ...(lockMode !== undefined && { lockMode }) };
  const row = await em.findOne(TripCopyEntity, { id: { $eq: id as TripId } }, options);
  return row ? tripFromRow(row) : undefined;
}

/** Keeps what an event told of a trip. */
export async function saveTripCopy(tx: Tx, trip: TripCopy): Promise<void> {
  await tx.upsert(TripCopyEntity, {
    id: trip.id,
    tripNumber: trip.number,
    hospitalId: trip.hospitalId,
    origin: trip.origin,
    destination: trip.destination,
    originCounty: trip.origin.county.trim().toLowerCase(),
    transportLevel: trip.level,
    priority: trip.priority,
    urgency: urgencyOf(trip.priority),
    status: trip.status,
    awardPolicy: trip.awardPolicy,
    requestTime: trip.requestedAt,
    acceptTime: trip.acceptedAt ?? null,
    pickupTime: trip.pickedUpAt ?? null,
    completionTime: trip.completedAt ?? null,
    cancelTime: trip.cancelledAt ?? null,
    assignedAgencyId: trip.assignedAgencyId ?? null,
    assignedUnitId: trip.assignedUnitId ?? null,
    acceptedAttemptId: trip.acceptedAttemptId ?? null,
    materialVersion: trip.materialVersion,
    biddingCloseTime: trip.biddingClosesAt ?? null,
    pickupWindowStart: trip.pickupWindow?.start ?? null,
    pickupWindowEnd: trip.pickupWindow?.end ?? null,
    releaseReason: trip.releaseReason ?? null,
    version: trip.version,
    receiveTime: trip.receivedAt,
  });
}

/**
 * The trips whose bidding is over and has not been ended for that time, the longest over first. Left out are those that
 * somebody's attempt may win or has won, and for a while those that the system has tried to award in vain, ever longer up
 * to a minute: whatever keeps one waiting must not keep the others. Nothing is held: whoever ends one holds it and looks
 * again.
 */
export async function listDueTripIds(em: SqlEntityManager, now: Date, limit: number): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    select t.id from trip_copy t
     where t.status = 'PENDING' and t.bidding_closed_for is distinct from t.bidding_close_time
       and t.bidding_close_time <= ${now}
       and not exists (select from assignment a where a.trip_id = t.id and a.state in ('HELD', 'CONFIRMED'))
       and not exists (
         select from assignment a
          where a.trip_id = t.id and a.requested_by_user_id = '' and a.created_at >= t.bidding_close_time
         having max(a.updated_at) + least(power(2, count(*)), 60) * interval '1 second' > ${now})
     order by t.bidding_close_time limit ${limit}`.execute(em.getKysely());
  return rows.map(({ id }) => id);
}

/** Notes that bidding on a trip was ended for this close time. */
export async function noteBiddingClosed(tx: Tx, id: string, closeTime: Date): Promise<void> {
  await tx.nativeUpdate(TripCopyEntity, { id: { $eq: id as TripId } }, { biddingClosedFor: closeTime });
}

/** The material versions of these trips, by trip: what a bid must have seen. */
export async function materialVersionsOf(
  em: SqlEntityManager,
  tripIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (tripIds.length === 0) return new Map();
  const where = { id: { $in: tripIds as TripId[] } };
  const rows = await em.find(TripCopyEntity, where, { disableIdentityMap: true, fields: ["id", "materialVersion"] });
  return new Map(rows.map(({ id, materialVersion }) => [id, materialVersion]));
}

/** When the newest change of any trip reached us; undefined if none has. */
export async function newestArrival(em: SqlEntityManager): Promise<Date | undefined> {
  const options = {
    orderBy: { receiveTime: "desc" },
    limit: 1,
    fields: ["receiveTime"],
    disableIdentityMap: true,
  } as const;
  const [row] = await em.find(TripCopyEntity, {}, options);
  return row?.receiveTime;
}

/** An agency with what its active units can do. */
export async function findCandidate(em: SqlEntityManager, agencyId: string): Promise<Candidate> {
  return { agency: await findAgency(em, agencyId), unitTypes: await activeUnitTypes(em, agencyId) };
}

function tripFromRow(row: TripCopyRow): TripCopy {
  return {
    id: row.id,
    number: row.tripNumber,
    hospitalId: row.hospitalId,
    origin: row.origin,
    destination: row.destination,
    level: row.transportLevel,
    priority: row.priority,
    status: row.status,
    awardPolicy: row.awardPolicy,
    requestedAt: row.requestTime,
    ...(row.acceptTime && { acceptedAt: row.acceptTime }),
    ...(row.pickupTime && { pickedUpAt: row.pickupTime }),
    ...(row.completionTime && { completedAt: row.completionTime }),
    ...(row.cancelTime && { cancelledAt: row.cancelTime }),
    ...(row.assignedAgencyId && { assignedAgencyId: row.assignedAgencyId }),
    ...(row.assignedUnitId && { assignedUnitId: row.assignedUnitId }),
    ...(row.acceptedAttemptId && { acceptedAttemptId: row.acceptedAttemptId }),
    materialVersion: row.materialVersion,
    ...(row.biddingCloseTime && { biddingClosesAt: row.biddingCloseTime }),
    ...(row.biddingClosedFor && { biddingEndedFor: row.biddingClosedFor }),
    ...(row.pickupWindowStart &&
      row.pickupWindowEnd && { pickupWindow: { start: row.pickupWindowStart, end: row.pickupWindowEnd } }),
    ...(row.releaseReason && { releaseReason: row.releaseReason }),
    version: row.version,
    receivedAt: row.receiveTime,
  };
}
