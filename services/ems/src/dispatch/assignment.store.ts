import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { violatedConstraint } from "#platform/database/database-error.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { Moment } from "#platform/rpc/page.ts";
import type { Assignment, AssignmentState, AttemptId, Check } from "./assignment.ts";
import { AssignmentEntity, type AssignmentRow } from "./assignment.entity.ts";

const unmanaged = { disableIdentityMap: true } as const;
const locking = { ...unmanaged, lockMode: LockMode.PESSIMISTIC_WRITE } as const;

/** Reads an assignment; undefined if there is none. */
export async function findAssignment(em: SqlEntityManager, attemptId: string): Promise<Assignment | undefined> {
  const row = await em.findOne(AssignmentEntity, { attemptId: { $eq: attemptId as AttemptId } }, unmanaged);
  return row ? assignmentFromRow(row) : undefined;
}

/** The attempt that a call with this key began; undefined if none. */
export async function findAttemptByKey(em: SqlEntityManager, idempotencyKey: string): Promise<Assignment | undefined> {
  const row = await em.findOne(AssignmentEntity, { idempotencyKey }, unmanaged);
  return row ? assignmentFromRow(row) : undefined;
}

/** Reads an assignment and holds its row for the rest of the transaction. */
export async function lockAssignment(tx: Tx, attemptId: string): Promise<Assignment | undefined> {
  const row = await tx.findOne(AssignmentEntity, { attemptId: { $eq: attemptId as AttemptId } }, locking);
  return row ? assignmentFromRow(row) : undefined;
}

/** Reads a trip's assignments that keep their units from others, and holds their rows. */
export async function lockActiveAssignments(tx: Tx, tripId: string): Promise<readonly Assignment[]> {
  const where = { tripId, state: { $in: ["HELD", "CONFIRMED"] as AssignmentState[] } };
  const rows = await tx.find(AssignmentEntity, where, { ...locking, orderBy: { attemptId: "asc" } });
  return rows.map(assignmentFromRow);
}

/** An agency's newest assignment of a trip, or any agency's; the one that won, if one has. Holds its row. */
export async function lockNewestAssignment(tx: Tx, tripId: string, agencyId?: string): Promise<Assignment | undefined> {
  const rows = await tx.find(
    AssignmentEntity,
    { tripId, ...(agencyId !== undefined && { agencyId: agencyId as AgencyId }) },
    { ...locking, orderBy: { createdAt: "desc", attemptId: "desc" } },
  );
  const row = rows.find(({ state }) => state === "CONFIRMED") ?? rows[0];
  return row && assignmentFromRow(row);
}

/** True while a bid is being accepted. */
export async function isBidHeld(em: SqlEntityManager, bidId: string): Promise<boolean> {
  return (await em.count(AssignmentEntity, { bidId, state: "HELD" })) > 0;
}

/** True if an agency has won the trip, though the event that tells it may still be on its way; or the other way round. */
export async function isTripTaken(em: SqlEntityManager, tripId: string): Promise<boolean> {
  const { rows } = await sql<{ is_taken: boolean }>`
    select exists (select from assignment where trip_id = ${tripId} and state = 'CONFIRMED')
        or exists (select from trip_copy where id = ${tripId} and status <> 'PENDING') as is_taken`.execute(
    em.getKysely(),
  );
  return rows[0]?.is_taken === true;
}

/**
 * Adds an assignment.
 * @throws Refusal UNIT_NOT_AVAILABLE if its unit is on another, REQUEST_ID_REUSED if the request began another.
 */
export async function insertAssignment(tx: Tx, assignment: Assignment): Promise<void> {
  try {
    await tx.insert(AssignmentEntity, {
      ...changingColumns(assignment),
      attemptId: assignment.attemptId,
      idempotencyKey: assignment.request?.key ?? null,
      requestHash: assignment.request ? Buffer.from(assignment.request.hash) : null,
      tripId: assignment.tripId,
      agencyId: assignment.agencyId,
      seenMaterialVersion: assignment.seenMaterialVersion,
      requestedByUserId: assignment.requestedBy,
      overrideReason: null,
      createdAt: assignment.createdAt,
      importedAt: null,
    });
  } catch (error) {
    throw refusalFrom(error) ?? error;
  }
}

/** Saves what may change of an assignment, whose row the transaction holds. @throws as `insertAssignment` does. */
export async function updateAssignment(tx: Tx, assignment: Assignment, overrideReason?: string): Promise<void> {
  const columns = { ...changingColumns(assignment), ...(overrideReason && { overrideReason }) };
  try {
    await tx.nativeUpdate(AssignmentEntity, { attemptId: assignment.attemptId }, columns);
  } catch (error) {
    throw refusalFrom(error) ?? error;
  }
}

/** Lets the request that began an attempt begin another. */
export async function forgetRequest(tx: Tx, { attemptId }: Assignment): Promise<void> {
  await tx.nativeUpdate(AssignmentEntity, { attemptId }, { idempotencyKey: null });
}

/**
 * Takes the assignments whose outcome must be asked for by now. Rows that another instance is looking at are passed
 * over; what is taken comes up again only when `postpone` says.
 */
export async function takeDueAssignments(
  tx: Tx,
  { now, most, postpone }: { now: Date; most: number; postpone: (check: Check) => Check },
): Promise<readonly Assignment[]> {
  const { rows } = await sql<{ attempt_id: AttemptId }>`
    select attempt_id from assignment where check_at <= ${now}
     order by check_at limit ${most} for update skip locked`.execute(tx.getKysely());
  const attemptIds = rows.map((row) => row.attempt_id);
  const due = (await tx.find(AssignmentEntity, { attemptId: { $in: attemptIds } }, unmanaged)).map(assignmentFromRow);
  for (const { attemptId, check } of due) {
    if (!check) continue;
    const { at: checkAt, count: checkCount } = postpone(check);
    await tx.nativeUpdate(AssignmentEntity, { attemptId }, { checkAt, checkCount });
  }
  return due;
}

/** Which assignments to list. */
export interface AssignmentListing {
  readonly agencyId: string | undefined;
  readonly tripId: string | undefined;
  /** Any of these; all if empty. */
  readonly states: readonly AssignmentState[];
  readonly after: Moment | undefined;
  readonly limit: number;
}

/** Assignments, newest first. */
export async function listAssignments(
  em: SqlEntityManager,
  { agencyId, tripId, states, after, limit }: AssignmentListing,
): Promise<readonly Assignment[]> {
  const rows = await em.find(
    AssignmentEntity,
    {
      $and: [
        agencyId === undefined ? {} : { agencyId: agencyId as AgencyId },
        tripId === undefined ? {} : { tripId },
        states.length === 0 ? {} : { state: { $in: [...states] } },
        after
          ? {
              $or: [
                { createdAt: { $lt: after.at } },
                { createdAt: after.at, attemptId: { $lt: after.id as AttemptId } },
              ],
            }
          : {},
      ],
    },
    { orderBy: { createdAt: "desc", attemptId: "desc" }, limit, ...unmanaged },
  );
  return rows.map(assignmentFromRow);
}

function refusalFrom(error: unknown): unknown {
  switch (violatedConstraint(error)) {
    case "one_active_trip_per_unit":
    case "one_swap_per_unit":
      return refuse(Reason.UNIT_NOT_AVAILABLE, "the unit is on another trip", { cause: error });
    case "assignment_idempotency_key":
      return refuse(Reason.REQUEST_ID_REUSED, "the request_id was used before with another request", { cause: error });
    default:
      return undefined;
  }
}

function changingColumns({ unit, previousUnit, ...assignment }: Assignment) {
  const { bidId, state, releaseReason, tripVersion, check, updatedAt } = assignment;
  return {
    unitId: unit?.id ?? null,
    unitType: unit?.type ?? null,
    unitState: unit?.state ?? null,
    previousUnitId: previousUnit?.id ?? null,
    previousUnitType: previousUnit?.type ?? null,
    bidId: bidId ?? null,
    state,
    releaseReason: releaseReason ?? null,
    tripVersion: tripVersion ?? null,
    checkAt: check?.at ?? null,
    checkCount: check?.count ?? 0,
    updatedAt,
  };
}

function assignmentFromRow(row: AssignmentRow): Assignment {
  const { unitId, unitType, unitState, previousUnitId, previousUnitType } = row;
  const { idempotencyKey: key, requestHash: hash } = row;
  return {
    attemptId: row.attemptId,
    tripId: row.tripId,
    agencyId: row.agencyId,
    ...(unitId && unitType && unitState && { unit: { id: unitId, type: unitType, state: unitState } }),
    ...(previousUnitId && previousUnitType && { previousUnit: { id: previousUnitId, type: previousUnitType } }),
    ...(row.bidId && { bidId: row.bidId }),
    state: row.state,
    ...(row.releaseReason && { releaseReason: row.releaseReason }),
    ...(typeof row.tripVersion === "number" && { tripVersion: row.tripVersion }),
    seenMaterialVersion: row.seenMaterialVersion,
    requestedBy: row.requestedByUserId,
    ...(key && hash && { request: { key, hash } }),
    ...(row.checkAt && { check: { at: row.checkAt, count: row.checkCount } }),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
