import type { LegacyUnitAvailability } from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import type { DirectoryUnit } from "./directory.ts";
import { quarantined, timeIssues, usableTime, whyUnusable } from "./moved-rows.ts";

/** What the crews do, by the old database's words (R-AVAIL). ON_BREAK was never told. */
const statuses: Readonly<Record<string, string>> = {
  AVAILABLE: "AVAILABLE",
  IN_USE: "ASSIGNED",
  OUT_OF_SERVICE: "OFF_DUTY",
  MAINTENANCE: "OFF_DUTY",
};

/** What comes of a time for which it was recorded what a unit's crew does. */
export function movedAvailability(
  row: LegacyUnitAvailability,
  units: ReadonlyMap<string, DirectoryUnit>,
  importedAt: Date,
): Moved {
  const source = { table: "UnitAvailability", pk: row.id };
  const unusable = whyUnusable(row);
  if (unusable !== undefined) return quarantined(source, unusable);
  if (!units.has(row.unitId)) return quarantined(source, "UNIT_NOT_MOVED");
  const target = {
    created_at: row.createdAt,
    end_time: usableTime(row.shiftEnd),
    id: row.id,
    imported_at: importedAt,
    notes: row.status === "MAINTENANCE" ? maintenanceNotes(row.notes) : row.notes,
    start_time: usableTime(row.shiftStart) ?? usableTime(row.lastUpdated) ?? row.createdAt,
    status: statuses[row.status] ?? "OFF_DUTY",
    unit_id: row.unitId,
    updated_at: row.updatedAt,
  };
  return {
    rows: [{ table: "ems.unit_availability", row: target }],
    verdicts: [{ ...source, fate: "MIGRATED" }],
    issues: timeIssues(source, [row.shiftStart, row.shiftEnd]),
  };
}

function maintenanceNotes(notes: string | null): string {
  return notes === null || notes.trim() === "" ? "maintenance" : `maintenance; ${notes}`;
}
