import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyId } from "../agencies/agency.ts";
import type { AvailabilityId, AvailabilityStatus } from "./availability.ts";
import type { UnitId, UnitStatus } from "./unit.ts";
import type { UnitType } from "./unit-type.ts";

/** Units. `status` is the guide's currentStatus. */
export const UnitEntity = defineEntity({
  name: "Unit",
  tableName: "unit",
  properties: {
    id: p.text().$type<UnitId>().primary(),
    agencyId: p.text().$type<AgencyId>(),
    unitNumber: p.text(),
    type: p.text().$type<UnitType>(),
    capabilities: p.array(),
    status: p.text().$type<UnitStatus>(),
    currentLocation: p.json<unknown>().nullable(),
    shiftStart: p.datetime(3).nullable(),
    shiftEnd: p.datetime(3).nullable(),
    isActive: p.boolean(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    /** Why it has its status, where somebody said so. Free text. */
    statusReason: p.text().nullable(),
    importedAt: p.datetime(3).nullable(),
  },
});

/** When a unit's crew is on what. */
export const UnitAvailabilityEntity = defineEntity({
  name: "UnitAvailability",
  tableName: "unit_availability",
  properties: {
    id: p.text().$type<AvailabilityId>().primary(),
    unitId: p.text().$type<UnitId>(),
    status: p.text().$type<AvailabilityStatus>(),
    startTime: p.datetime(3),
    endTime: p.datetime(3).nullable(),
    notes: p.text().nullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of `unit_availability`. */
export type AvailabilityRow = InferEntity<typeof UnitAvailabilityEntity>;
