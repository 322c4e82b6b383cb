import type { AgencyId } from "../agencies/agency.ts";
import type { Unit, UnitId } from "./unit.ts";

/** A unit that can be put on a trip, unless said otherwise. */
export function aUnit(over: Partial<Unit> = {}): Unit {
  const at = new Date("2026-03-01T08:00:00Z");
  return {
    id: "unit-1" as UnitId,
    agencyId: "blair" as AgencyId,
    unitNumber: "BV-12",
    type: "ALS",
    capabilities: [],
    status: "AVAILABLE",
    isActive: true,
    shift: {},
    crew: "AVAILABLE",
    version: 1,
    createdAt: at,
    updatedAt: at,
    ...over,
  };
}
