import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { UserType } from "#platform/auth/principal.ts";
import type { MilestoneType } from "./milestone.ts";
import type { AwardPolicy, Disposition, Priority, ReleaseReason, TransportLevel, UnitType } from "./transport.ts";
import type { TransportStatus, TripDetailName, TripId, TripVersionName } from "./trip.ts";
import type { SlaPauseRow } from "./trip.row.ts";

/** Trips. The migration says which columns a state demands. */
export const TripEntity = defineEntity({
  name: "Trip",
  tableName: "trip",
  properties: {
    id: p.text().$type<TripId>().primary(),
    tripNumber: p.text(),
    hospitalId: p.text(),
    patientId: p.text(),
    originFacilityId: p.text(),
    destinationFacilityId: p.text(),
    transportLevel: p.text().$type<TransportLevel>(),
    priority: p.text().$type<Priority>(),
    status: p.text().$type<TransportStatus>(),
    awardPolicy: p.text().$type<AwardPolicy>(),
    specialRequirements: p.text(),
    cancellationReason: p.text().nullable(),
    requestTime: p.datetime(3),
    acceptTime: p.datetime(3).nullable(),
    pickupTime: p.datetime(3).nullable(),
    completionTime: p.datetime(3).nullable(),
    cancelTime: p.datetime(3).nullable(),
    assignedAgencyId: p.text().nullable(),
    assignedUnitId: p.text().nullable(),
    acceptedAttemptId: p.uuid().nullable(),
    createdByUserId: p.text(),
    version: p.integer(),
    materialVersion: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    pickupWindowStart: p.datetime(3).nullable(),
    pickupWindowEnd: p.datetime(3).nullable(),
    assignedUnitType: p.text().$type<UnitType>().nullable(),
    disposition: p.text().$type<Disposition>().nullable(),
    biddingCloseTime: p.datetime(3).nullable(),
    consentDueTime: p.datetime(3).nullable(),
    releaseReason: p.text().$type<ReleaseReason>().nullable(),
    slaPauses: p.json().$type<readonly SlaPauseRow[]>(),
    turn: p.integer(),
    slaAssignMinutes: p.integer(),
    slaPickupMinutes: p.integer(),
    slaToleranceMinutes: p.integer(),
    /** When it became COMPLETED or CANCELLED, by the time of that version; its own times may lie earlier. */
    closedAt: p.datetime(3).nullable(),
    /** Set on trips that came from the former system, whose records were not held to all of our rules. */
    importedAt: p.datetime(3).nullable(),
  },
});

/** The steps reported on a trip; rows are only ever added. */
export const TripMilestoneEntity = defineEntity({
  name: "TripMilestone",
  tableName: "trip_milestone",
  properties: {
    tripId: p.text().$type<TripId>().primary(),
    /** The trip's version that the report made. */
    version: p.integer().primary(),
    type: p.text().$type<MilestoneType>(),
    occurTime: p.datetime(3),
    recordTime: p.datetime(3),
    recordedByUserId: p.text(),
    reporter: p.text().$type<UserType>(),
    unitId: p.text().nullable(),
    lateEntry: p.boolean(),
    turn: p.integer(),
  },
});

/** Every change of a trip with what the trip was after it, one row for each version; rows are only ever added. */
export const TripHistoryEntity = defineEntity({
  name: "TripHistory",
  tableName: "trip_history",
  properties: {
    tripId: p.text().$type<TripId>().primary(),
    version: p.integer().primary(),
    /** The update time of the version. */
    occurTime: p.datetime(3),
    change: p.text().$type<TripVersionName>(),
    fromStatus: p.text().$type<TransportStatus>().nullable(),
    toStatus: p.text().$type<TransportStatus>(),
    userId: p.text(),
    agencyId: p.text().nullable(),
    unitId: p.text().nullable(),
    milestone: p.text().$type<MilestoneType>().nullable(),
    comment: p.text().nullable(),
    /** The order in which versions of all trips were made; given when a row is written, and seen when it commits. */
    seq: p.bigint().autoincrement().generated("identity"),
    /**
     * From when on it was the trip's version here, and is shown as of a time. The update time, too, but for what was
     * imported: its last change lies before that.
     */
    recordedAt: p.datetime(3),
    originFacilityId: p.text(),
    destinationFacilityId: p.text(),
    transportLevel: p.text().$type<TransportLevel>(),
    priority: p.text().$type<Priority>(),
    awardPolicy: p.text().$type<AwardPolicy>(),
    specialRequirements: p.text(),
    acceptTime: p.datetime(3).nullable(),
    pickupTime: p.datetime(3).nullable(),
    completionTime: p.datetime(3).nullable(),
    cancelTime: p.datetime(3).nullable(),
    acceptedAttemptId: p.uuid().nullable(),
    cancellationReason: p.text().nullable(),
    materialVersion: p.integer(),
    changedFields: p.array().$type<readonly TripDetailName[]>(),
    pickupWindowStart: p.datetime(3).nullable(),
    pickupWindowEnd: p.datetime(3).nullable(),
    assignedUnitType: p.text().$type<UnitType>().nullable(),
    disposition: p.text().$type<Disposition>().nullable(),
    biddingCloseTime: p.datetime(3).nullable(),
    consentDueTime: p.datetime(3).nullable(),
    releaseReason: p.text().$type<ReleaseReason>().nullable(),
    slaPauses: p.json().$type<readonly SlaPauseRow[]>(),
    turn: p.integer(),
  },
});

/** One row of `trip`. */
export type TripRow = InferEntity<typeof TripEntity>;

/** One row of `trip_history`. */
export type TripHistoryRow = InferEntity<typeof TripHistoryEntity>;
