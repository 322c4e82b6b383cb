import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyId } from "../agencies/agency.ts";
import type { UnitType } from "../units/unit-type.ts";
import type { AssignedUnit, AssignmentState, AttemptId, ReleaseReason } from "./assignment.ts";

/** Every try to win a trip, with the unit it keeps from others while it is HELD or CONFIRMED. */
export const AssignmentEntity = defineEntity({
  name: "Assignment",
  tableName: "assignment",
  properties: {
    attemptId: p.uuid().$type<AttemptId>().primary(),
    idempotencyKey: p.text().nullable(),
    requestHash: p.blob().nullable(),
    tripId: p.text(),
    agencyId: p.text().$type<AgencyId>(),
    unitId: p.text().nullable(),
    unitType: p.text().$type<UnitType>().nullable(),
    unitState: p.text().$type<AssignedUnit["state"]>().nullable(),
    /** The unit that has the trip until the swap is known to have happened. */
    previousUnitId: p.text().nullable(),
    previousUnitType: p.text().$type<UnitType>().nullable(),
    bidId: p.text().nullable(),
    state: p.text().$type<AssignmentState>(),
    releaseReason: p.text().$type<ReleaseReason>().nullable(),
    tripVersion: p.integer().nullable(),
    seenMaterialVersion: p.integer(),
    requestedByUserId: p.text(),
    /** Why Center named the unit in the agency's place. Free text. */
    overrideReason: p.text().nullable(),
    checkAt: p.datetime(3).nullable(),
    checkCount: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of `assignment`. */
export type AssignmentRow = InferEntity<typeof AssignmentEntity>;
