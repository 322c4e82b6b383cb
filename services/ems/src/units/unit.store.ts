import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { violatedConstraint } from "#platform/database/database-error.ts";
import type { Place } from "#platform/rpc/page.ts";
import { refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { UnitEntity } from "./unit.entity.ts";
import { fromUnits, isAssignableRow, selectUnits, unitFromRow, type UnitRow } from "./unit.row.ts";
import type { Unit, UnitId, UnitStatus } from "./unit.ts";
import type { UnitType } from "./unit-type.ts";

/** Reads a unit as it is at a time, which is now for all who ask; undefined if there is none. */
export async function findUnit(em: SqlEntityManager, id: string, now: Date): Promise<Unit | undefined> {
  const { rows } = await sql<UnitRow>`${selectUnits(now)} where u.id = ${id}`.execute(em.getKysely());
  return rows[0] && unitFromRow(rows[0]);
}

/** Reads a unit and holds its row for the rest of the transaction: whoever wants the unit too, or its crew, waits. */
export async function lockUnit(tx: Tx, id: string, now: Date): Promise<Unit | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE, fields: ["id"] } as const;
  const row = await tx.findOne(UnitEntity, { id: { $eq: id as UnitId } }, options);
  // In a statement of its own: the one that waited for the row knows of what its crew did before.
  return row ? findUnit(tx, id, now) : undefined;
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
  /** Any of these; all if empty. */
  readonly types: readonly UnitType[];
  /** Only those that can be put on a trip at `now`. */
  readonly assignableOnly: boolean;
  readonly now: Date;
  readonly after: Place | undefined;
  readonly limit: number;
}

/** Units by number. */
export async function listUnits(
  em: SqlEntityManager,
  { agencyId, statuses, types, assignableOnly, now, after, limit }: UnitListing,
): Promise<readonly Unit[]> {
  const { rows } = await sql<UnitRow>`
    ${selectUnits(now)}
     where true
       ${agencyId === undefined ? sql`` : sql`and u.agency_id = ${agencyId}`}
       ${statuses.length === 0 ? sql`` : sql`and u.status in (${sql.join(statuses)})`}
       ${types.length === 0 ? sql`` : sql`and u.type in (${sql.join(types)})`}
       ${assignableOnly ? sql`and ${isAssignableRow(now)}` : sql``}
       ${after === undefined ? sql`` : sql`and (u.unit_number, u.id) > (${after.text}, ${after.id})`}
     order by u.unit_number, u.id
     limit ${limit}`.execute(em.getKysely());
  return rows.map(unitFromRow);
}

/** How many units of a type an agency can send. */
export interface AssignableCount {
  readonly agencyId: string;
  readonly type: UnitType;
  readonly count: number;
}

/** Counts the units that can be put on a trip now, for agencies and types that have any. */
export async function countAssignableUnits(
  em: SqlEntityManager,
  agencyIds: readonly string[],
  now: Date,
): Promise<readonly AssignableCount[]> {
  if (agencyIds.length === 0) return [];
  const { rows } = await sql<{ agency_id: string; type: UnitType; count: number }>`
    select u.agency_id, u.type, count(*)::int as count
      ${fromUnits(now)}
     where u.agency_id in (${sql.join(agencyIds)}) and ${isAssignableRow(now)}
     group by u.agency_id, u.type`.execute(em.getKysely());
  return rows.map(({ agency_id: agencyId, type, count }) => ({ agencyId, type, count }));
}

const noneYet = { currentLocation: null, statusReason: null, importedAt: null } as const;

/** Adds a unit. @throws Refusal RESOURCE_EXISTS if its agency has one with this number. */
export async function insertUnit(tx: Tx, unit: Unit): Promise<void> {
  const { id, agencyId, createdAt } = unit;
  await refusingDuplicates(unit, () =>
    tx.insert(UnitEntity, { ...noneYet, ...changingColumns(unit), id, agencyId, createdAt }),
  );
}

/**
 * Saves what may change of a unit, whose row the transaction holds.
 * @param statusReason why it has its status; stays as it is if absent.
 * @throws Refusal RESOURCE_EXISTS if its agency has another with this number.
 */
export async function updateUnit(tx: Tx, unit: Unit, statusReason?: string): Promise<void> {
  const columns = { ...changingColumns(unit), ...(statusReason !== undefined && { statusReason }) };
  const count = await refusingDuplicates(unit, () =>
    tx.nativeUpdate(UnitEntity, { id: unit.id, version: unit.version - 1 }, columns),
  );
  if (count !== 1) throw new Error(`unit ${unit.id} has changed though its row was held`);
}

async function refusingDuplicates<T>({ unitNumber }: Unit, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (violatedConstraint(error) !== "unit_number_key") throw error;
    const details = [resourceInfo("unit", unitNumber)];
    throw refuse(Reason.RESOURCE_EXISTS, "the agency has a unit with this number", { details, cause: error });
  }
}

function changingColumns({ unitNumber, type, capabilities, status, isActive, shift, location, ...unit }: Unit) {
  return {
    ...{ unitNumber, type, status, isActive },
    capabilities: [...capabilities],
    shiftStart: shift.start ?? null,
    shiftEnd: shift.end ?? null,
    // What the former system had there stays until a place is reported that we can read.
    ...(location && { currentLocation: { ...location } }),
    version: unit.version,
    updatedAt: unit.updatedAt,
  };
}
