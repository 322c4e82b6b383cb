import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { violatedConstraint } from "#platform/database/database-error.ts";
import { refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { Place } from "#platform/rpc/page.ts";
import { UnitEntity, type UnitRow } from "./unit.entity.ts";
import type { Unit, UnitId, UnitStatus } from "./unit.ts";
import type { UnitType } from "./unit-type.ts";

/** Reads a unit; undefined if there is none. */
export async function findUnit(em: SqlEntityManager, id: string): Promise<Unit | undefined> {
  const row = await em.findOne(UnitEntity, { id: { $eq: id as UnitId } }, { disableIdentityMap: true });
  return row ? unitFromRow(row) : undefined;
}

/** Reads a unit and holds its row for the rest of the transaction: whoever wants the unit too waits. */
export async function lockUnit(tx: Tx, id: string): Promise<Unit | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE } as const;
  const row = await tx.findOne(UnitEntity, { id: { $eq: id as UnitId } }, options);
  return row ? unitFromRow(row) : undefined;
}

/** What an agency's active units can do, each type once. */
export async function activeUnitTypes(em: SqlEntityManager, agencyId: string): Promise<readonly UnitType[]> {
  const rows = await em.find(
    UnitEntity,
    { agencyId: { $eq: agencyId as AgencyId }, isActive: true },
    { fields: ["type"], disableIdentityMap: true },
  );
  return [...new Set(rows.map(({ type }) => type))];
}

/** Which units to list. */
export interface UnitListing {
  /** Only this agency's. */
  readonly agencyId: string | undefined;
  /** Any of these; all if empty. */
  readonly statuses: readonly UnitStatus[];
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Units by number. */
export async function listUnits(
  em: SqlEntityManager,
  { agencyId, statuses, after, limit }: UnitListing,
): Promise<readonly Unit[]> {
  const rows = await em.find(
    UnitEntity,
    {
      $and: [
        agencyId === undefined ? {} : { agencyId: agencyId as AgencyId },
        statuses.length === 0 ? {} : { status: { $in: [...statuses] } },
        after
          ? { $or: [{ unitNumber: { $gt: after.text } }, { unitNumber: after.text, id: { $gt: after.id as UnitId } }] }
          : {},
      ],
    },
    { orderBy: { unitNumber: "asc", id: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(unitFromRow);
}

/** Adds a unit. @throws Refusal RESOURCE_EXISTS if its agency has one with this number. */
export async function insertUnit(tx: Tx, { shift, capabilities, ...unit }: Unit): Promise<void> {
  try {
    await tx.insert(UnitEntity, {
      ...unit,
      capabilities: [...capabilities],
      currentLocation: null,
      shiftStart: shift.start ?? null,
      shiftEnd: shift.end ?? null,
      importedAt: null,
    });
  } catch (error) {
    if (violatedConstraint(error) !== "unit_number_key") throw error;
    const details = [resourceInfo("unit", unit.unitNumber)];
    throw refuse(Reason.RESOURCE_EXISTS, "the agency has a unit with this number", { details, cause: error });
  }
}

/** Saves a unit's new status. @throws Refusal CONCURRENT_CHANGE if the unit is no longer the one that was decided on. */
export async function updateUnit(tx: Tx, { id, status, version, updatedAt }: Unit): Promise<void> {
  const count = await tx.nativeUpdate(UnitEntity, { id, version: version - 1 }, { status, version, updatedAt });
  if (count !== 1) throw refuse(Reason.CONCURRENT_CHANGE, `unit ${id} has changed meanwhile`);
}

function unitFromRow(row: UnitRow): Unit {
  const { shiftStart, shiftEnd, currentLocation: _, importedAt: __, ...rest } = row;
  return { ...rest, shift: { ...(shiftStart && { start: shiftStart }), ...(shiftEnd && { end: shiftEnd }) } };
}
