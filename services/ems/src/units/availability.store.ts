import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import type { Moment } from "#platform/rpc/page.ts";
import type { Availability, AvailabilityId, Neighbours, Recording } from "./availability.ts";
import { type AvailabilityRow, UnitAvailabilityEntity } from "./unit.entity.ts";
import type { UnitId } from "./unit.ts";

const unmanaged = { disableIdentityMap: true } as const;

/** What was recorded of a unit around a time. The unit's row must be held, so that nobody else records meanwhile. */
export async function findNeighbours(tx: Tx, unitId: UnitId, at: Date): Promise<Neighbours> {
  const lasting = { $or: [{ endTime: null }, { endTime: { $gt: at } }] };
  const [current] = await tx.find(
    UnitAvailabilityEntity,
    { unitId, startTime: { $lte: at }, ...lasting },
    { orderBy: { startTime: "desc", id: "desc" }, limit: 1, ...unmanaged },
  );
  const [next] = await tx.find(
    UnitAvailabilityEntity,
    { unitId, startTime: { $gt: at } },
    { orderBy: { startTime: "asc", id: "asc" }, limit: 1, ...unmanaged },
  );
  return { current: current && availabilityFromRow(current), next: next && availabilityFromRow(next) };
}

/** Saves what recording changes. */
export async function saveRecording(tx: Tx, { recorded, ended }: Recording, now: Date): Promise<void> {
  if (ended) {
    const { id, endTime = null } = ended;
    await tx.nativeUpdate(UnitAvailabilityEntity, { id }, { endTime, updatedAt: now });
  }
  const { id, unitId, status, startTime, endTime = null, notes } = recorded;
  const said = { unitId: unitId as UnitId, status, startTime, endTime, notes, updatedAt: now };
  const replaced = await tx.nativeUpdate(UnitAvailabilityEntity, { id }, said);
  if (replaced === 0) await tx.insert(UnitAvailabilityEntity, { ...said, id, createdAt: now, importedAt: null });
}

/** What was recorded of a unit, newest first. */
export async function listAvailability(
  em: SqlEntityManager,
  { unitId, after, limit }: { unitId: UnitId; after: Moment | undefined; limit: number },
): Promise<readonly Availability[]> {
  const beyond = after && {
    $or: [{ startTime: { $lt: after.at } }, { startTime: after.at, id: { $lt: after.id as AvailabilityId } }],
  };
  const rows = await em.find(
    UnitAvailabilityEntity,
    { unitId, ...beyond },
    { orderBy: { startTime: "desc", id: "desc" }, limit, ...unmanaged },
  );
  return rows.map(availabilityFromRow);
}

function availabilityFromRow({ id, unitId, status, startTime, endTime, notes }: AvailabilityRow): Availability {
  return { id, unitId, status, startTime, ...(endTime && { endTime }), notes: notes ?? "" };
}
