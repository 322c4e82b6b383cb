import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
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

async function find(tx: Tx, id: string, lockMode: LockMode): Promise<TripCopy | undefined> {
  const row = await tx.findOne(TripCopyEntity, { id: { $eq: id as TripId } }, { disableIdentityMap: true, lockMode });
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
    version: trip.version,
    receiveTime: trip.receivedAt,
  });
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
    version: row.version,
    receivedAt: row.receiveTime,
  };
}
