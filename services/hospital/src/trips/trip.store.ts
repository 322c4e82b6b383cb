import type { InferKyselyDB, Kysely, SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Milestone } from "./milestone.ts";
import {
  awardOf,
  isClosed,
  type Trip,
  type TripChange,
  type TripDetailName,
  type TripId,
  type TripVersionName,
} from "./trip.ts";
import type { Disposition, ReleaseReason } from "./transport.ts";
import { type TripEntity, TripHistoryEntity, type TripHistoryRow, TripMilestoneEntity } from "./trip.entity.ts";
import { changingColumns, type TripRow, tripFromRow } from "./trip.row.ts";

/** The columns of a trip that never change. */
const fixedColumns = ["id", "trip_number", "hospital_id", "patient_id", "request_time", "created_by_user_id"] as const;
const fixedLater = ["sla_assign_minutes", "sla_pickup_minutes", "sla_tolerance_minutes", "created_at"] as const;

/** The columns that a trip and each of its versions have, under the same names. */
const stateColumns = [
  ...["transport_level", "priority", "award_policy", "special_requirements", "pickup_window_start"],
  ...["pickup_window_end", "accept_time", "pickup_time", "completion_time", "cancel_time", "cancellation_reason"],
  ...["disposition", "assigned_unit_type", "accepted_attempt_id", "bidding_close_time", "consent_due_time"],
  ...["release_reason", "sla_pauses", "version", "material_version", "turn"],
] as const;

/** What a trip is made of, for `tripFromRow`: from `trip` as `t`, its state also from a version of it. */
export function tripColumns(state: "t" | "h"): RawBuilder<unknown> {
  const fixed = [...fixedColumns, ...fixedLater].map((column) => sql.ref(`t.${column}`));
  const changing = stateColumns.map((column) => sql.ref(`${state}.${column}`));
  // A version's own columns have the names of its line of history.
  const renamed =
    state === "t"
      ? sql`t.status, t.assigned_agency_id, t.assigned_unit_id, t.updated_at`
      : sql`h.to_status as status, h.agency_id as assigned_agency_id, h.unit_id as assigned_unit_id,
            h.occur_time as updated_at`;
  return sql`${sql.join([...fixed, ...changing])}, ${renamed}, ${placeAs("o", "origin")}, ${placeAs("d", "destination")},
    coalesce((select json_agg(m order by m.version) from trip_milestone m
               where m.trip_id = t.id and m.version <= ${sql.ref(`${state}.version`)}), '[]') as milestones`;
}

/**
 * Selects trips with their facilities and the steps reported on them, in one statement, so that they fit together. What
 * follows is up to the caller, who knows `trip` as `t`.
 */
export async function selectTrips(em: SqlEntityManager, rest: RawBuilder<unknown>): Promise<readonly Trip[]> {
  const { rows } = await sql<TripRow>`
    select ${tripColumns("t")}
      from trip t
      join facility o on o.id = t.origin_facility_id
      join facility d on d.id = t.destination_facility_id
      ${rest}`.execute(em.getKysely());
  return rows.map(tripFromRow);
}

function placeAs(alias: string, name: string): RawBuilder<unknown> {
  const columns = ["id", "hospital_id", "name", "city", "state", "county", "latitude", "longitude"];
  const pairs = columns.map((column) => sql`${sql.lit(column)}, ${sql.ref(`${alias}.${column}`)}`);
  return sql`json_build_object(${sql.join(pairs)}) as ${sql.ref(name)}`;
}

/** Reads a trip; undefined if there is none. */
export async function findTrip(em: SqlEntityManager, id: string): Promise<Trip | undefined> {
  const [trip] = await selectTrips(em, sql`where t.id = ${id}`);
  return trip;
}

/** Reads a trip and holds it for the rest of the transaction: whoever wants to change it too waits. */
export async function lockTrip(tx: Tx, id: string): Promise<Trip | undefined> {
  await sql`select from trip where id = ${id} for update`.execute(tx.getKysely());
  // A statement of its own: one that had to wait for the lock would still see the steps as they were before.
  return findTrip(tx, id);
}

/** Draws the next trip number, such as T-10482. A number drawn for a trip that is refused is lost, not used again. */
export async function nextTripNumber(tx: Tx): Promise<string> {
  const { rows } = await sql<{ number: string }>`select nextval('trip_number')::text as number`.execute(tx.getKysely());
  const [row] = rows;
  if (!row) throw new Error("the sequence trip_number gave no number");
  return `T-${row.number}`;
}

/**
 * Saves a change of a trip with its line of history. The change must have been decided on the trip as it stands: with
 * the row held, which `lockTrip` does.
 * @throws Refusal CONCURRENT_CHANGE if the trip is no longer the one that was decided on.
 */
export async function saveTripChange(tx: Tx, change: TripChange): Promise<void> {
  const { before, after, milestone } = change;
  if (before) await updateTrip(tx, before, after);
  else await insertTrip(tx, after);
  if (milestone) await insertMilestone(tx, after, milestone);
  await insertHistory(tx, change);
}

async function updateTrip(tx: Tx, before: Trip, after: Trip): Promise<void> {
  const { numUpdatedRows } = await textTables(tx)
    .updateTable("trip")
    .set({
      ...tripStateColumns(after),
      ...(isClosed(after) && !isClosed(before) && { closedAt: after.updatedAt }),
    })
    .where("id", "=", before.id)
    .where("version", "=", before.version)
    .where("status", "=", before.status)
    .where("materialVersion", "=", before.materialVersion)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows !== 1n) throw refuse(Reason.CONCURRENT_CHANGE, `trip ${before.id} has changed meanwhile`);
}

async function insertTrip(tx: Tx, trip: Trip): Promise<void> {
  const columns = {
    ...tripStateColumns(trip),
    id: trip.id,
    tripNumber: trip.number,
    hospitalId: trip.hospitalId,
    patientId: trip.patientId,
    requestTime: trip.requestedAt,
    createdByUserId: trip.createdBy,
    slaAssignMinutes: trip.slaTerms.assignMinutes,
    slaPickupMinutes: trip.slaTerms.pickupMinutes,
    slaToleranceMinutes: trip.slaTerms.toleranceMinutes,
    createdAt: trip.createdAt,
  };
  await textTables(tx).insertInto("trip").values(columns).execute();
}

function tripStateColumns(trip: Trip) {
  const award = awardOf(trip);
  return {
    ...storedColumns(trip),
    status: trip.status,
    assignedAgencyId: award?.agencyId ?? null,
    assignedUnitId: award?.unitId ?? null,
    updatedAt: trip.updatedAt,
  };
}

function storedColumns(trip: Trip) {
  const { slaPauses, ...columns } = changingColumns(trip);
  return { ...columns, slaPauses: sql<typeof slaPauses>`${JSON.stringify(slaPauses)}::jsonb` };
}

async function insertMilestone(tx: Tx, { id, version }: Trip, milestone: Milestone): Promise<void> {
  await tx.insert(TripMilestoneEntity, {
    tripId: id,
    version,
    type: milestone.type,
    occurTime: milestone.occurredAt,
    recordTime: milestone.recordedAt,
    recordedByUserId: milestone.recordedBy,
    reporter: milestone.reporter,
    unitId: milestone.unitId ?? null,
    lateEntry: milestone.isLateEntry,
    turn: milestone.turn,
  });
}

async function insertHistory(tx: Tx, change: TripChange): Promise<void> {
  const { name, before, after, userId, milestone, comment, changedFields = [] } = change;
  const award = awardOf(after);
  const columns = {
    ...storedColumns(after),
    tripId: after.id,
    recordedAt: after.updatedAt,
    changedFields: [...changedFields],
    occurTime: after.updatedAt,
    change: name,
    fromStatus: before?.status ?? null,
    toStatus: after.status,
    userId,
    agencyId: award?.agencyId ?? null,
    unitId: award?.unitId ?? null,
    milestone: milestone?.type ?? null,
    comment: comment ?? null,
  };
  await textTables(tx).insertInto("trip_history").values(columns).execute();
}

const byProperty = { columnNamingStrategy: "property" } as const;

/**
 * The entities whose rows hold patient data, for writing. MikroORM's own statements carry the values in their text, which
 * PostgreSQL shows in its activity and logs when one is cancelled; these carry them apart.
 */
function textTables(
  tx: Tx,
): Kysely<InferKyselyDB<typeof TripEntity | typeof TripHistoryEntity, { columnNamingStrategy: "property" }>> {
  return tx.getKysely(byProperty);
}

/** One line of a trip's history. */
export interface TripHistoryLine extends Pick<TripChange, "userId" | "comment"> {
  readonly version: number;
  readonly name: TripVersionName;
  readonly occurredAt: Date;
  readonly fromStatus?: Trip["status"];
  readonly toStatus: Trip["status"];
  readonly agencyId?: string;
  readonly unitId?: string;
  readonly milestone?: Milestone["type"];
  readonly changedFields: readonly TripDetailName[];
  /** Of a release. */
  readonly releaseReason?: ReleaseReason;
  /** Of a cancellation after the pickup. */
  readonly disposition?: Disposition;
}

/** Every change of a trip, oldest first. */
export async function listTripHistory(em: SqlEntityManager, tripId: TripId): Promise<readonly TripHistoryLine[]> {
  const rows = await em.find(TripHistoryEntity, { tripId }, { orderBy: { version: "asc" }, disableIdentityMap: true });
  return rows.map(historyLineFromRow);
}

/** Reads one line of a trip's history. */
export function historyLineFromRow(row: TripHistoryRow): TripHistoryLine {
  return {
    version: row.version,
    occurredAt: row.recordedAt,
    name: row.change,
    ...(row.fromStatus && { fromStatus: row.fromStatus }),
    toStatus: row.toStatus,
    userId: row.userId,
    ...(row.agencyId && { agencyId: row.agencyId }),
    ...(row.unitId && { unitId: row.unitId }),
    ...(row.milestone && { milestone: row.milestone }),
    ...(row.comment && { comment: row.comment }),
    changedFields: row.changedFields,
    ...(row.change === "released" && row.releaseReason && { releaseReason: row.releaseReason }),
    ...(row.change === "cancelled" && row.disposition && { disposition: row.disposition }),
  };
}
