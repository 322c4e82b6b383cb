import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { TripFactEntity } from "./trip-fact.entity.ts";
import type { TripFact } from "./trip-fact.ts";

/** Takes over where a trip stands. What is older than what is known changes nothing. */
export async function saveTripFact(tx: Tx, fact: TripFact, heardAt: Date): Promise<void> {
  const { window, clocks } = fact;
  await tx.upsert(
    TripFactEntity,
    {
      tripId: fact.tripId,
      hospitalId: fact.hospitalId,
      agencyId: fact.agencyId ?? null,
      unitId: fact.unitId ?? null,
      status: fact.status,
      transportLevel: fact.transportLevel,
      priority: fact.priority,
      originCounty: fact.originCounty,
      requestedAt: fact.requestTime,
      acceptedAt: fact.acceptTime ?? null,
      pickedUpAt: fact.pickupTime ?? null,
      completedAt: fact.completionTime ?? null,
      cancelledAt: fact.cancelTime ?? null,
      windowStart: window?.start ?? null,
      windowEnd: window?.end ?? null,
      slaStart: clocks?.startTime ?? null,
      pausedSince: clocks?.pausedSince ?? null,
      assignDueAt: clocks?.assign.dueTime ?? null,
      assignState: clocks?.assign.state ?? null,
      pickupDueAt: clocks?.pickup.dueTime ?? null,
      pickupState: clocks?.pickup.state ?? null,
      version: fact.version,
      heardAt,
    },
    { onConflictFields: ["tripId"], onConflictWhere: { version: { $lt: fact.version } }, disableIdentityMap: true },
  );
}

/** When the facts last changed; undefined while there are none. */
export async function factsChangedAt(em: SqlEntityManager): Promise<Date | undefined> {
  const row = await em.findOne(
    TripFactEntity,
    { tripId: { $ne: null } },
    { orderBy: { heardAt: "desc" }, fields: ["heardAt"] },
  );
  return row?.heardAt;
}
