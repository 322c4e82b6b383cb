import type { Id } from "#platform/id.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";
import type { TransportLevel } from "../trip-copies/transport.ts";
import type { AvailabilityStatus } from "./availability.ts";
import { canServe, type UnitType } from "./unit-type.ts";

/** Identifies a unit. */
export type UnitId = Id<"Unit">;

/** Whether a unit can be sent. IN_USE: held for a trip, or on one. */
export const unitStatuses = ["AVAILABLE", "IN_USE", "OUT_OF_SERVICE", "MAINTENANCE"] as const;

/** Whether a unit can be sent. */
export type UnitStatus = (typeof unitStatuses)[number];

/** A point on earth, in degrees (WGS 84). */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
}

/** A vehicle with its crew. */
export interface Unit {
  readonly id: UnitId;
  readonly agencyId: AgencyId;
  /** What is painted on it. Unique within the agency. */
  readonly unitNumber: string;
  readonly type: UnitType;
  readonly capabilities: readonly string[];
  readonly status: UnitStatus;
  readonly isActive: boolean;
  /** When the crew is on duty; always, as far as a bound is absent. */
  readonly shift: Shift;
  /** What was recorded of its crew for the time at which the unit was read; AVAILABLE if nothing was. */
  readonly crew: AvailabilityStatus;
  /** Where it was last reported. */
  readonly location?: Location;
  /** Rises by one with every change; the first is 1. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** When a crew is on duty: from `start` on, until `end`. */
export interface Shift {
  readonly start?: Date;
  readonly end?: Date;
}

/** What a unit is wanted for. */
export interface Mission {
  readonly agencyId: string;
  readonly level: TransportLevel;
  readonly now: Date;
}

/** Whether a unit could be named for a trip: it is the agency's, in use by the agency at all, and of the right type. */
export function mayBeNamed(unit: Unit | undefined, { agencyId, level }: Omit<Mission, "now">): Decision<Unit> {
  // Another agency's unit looks like one that does not exist.
  if (!unit || unit.agencyId !== agencyId) return refused("RESOURCE_NOT_FOUND", "the agency has no such unit");
  if (!unit.isActive) return refused("UNIT_NOT_AVAILABLE", `unit ${unit.unitNumber} is switched off`);
  if (!canServe(unit.type, level)) {
    return refused("UNIT_NOT_CAPABLE", `a unit of type ${unit.type} cannot serve level ${level}`);
  }
  return granted(unit);
}

/**
 * Whether a unit can be put on a trip at this moment: it is switched on, AVAILABLE, within its shift, and its crew neither
 * on a break nor off duty. UNIT_NOT_AVAILABLE if not.
 * @param now the time for which the unit was read.
 */
export function isAssignable(unit: Unit, now: Date): Decision<undefined> {
  const why = whyNotAssignable(unit, now);
  return why === undefined ? granted(undefined) : refused("UNIT_NOT_AVAILABLE", `unit ${unit.unitNumber} ${why}`);
}

function whyNotAssignable(unit: Unit, now: Date): string | undefined {
  if (!unit.isActive) return "is switched off";
  if (unit.status !== "AVAILABLE") return `is ${unit.status}`;
  if (!isOnShift(unit, now)) return "is off shift";
  if (unit.crew === "ON_BREAK") return "has its crew on a break";
  return unit.crew === "OFF_DUTY" ? "has its crew off duty" : undefined;
}

/** Whether a unit can be sent on a mission at this moment: it could be named for it, and is assignable. */
export function mayBeSent(unit: Unit | undefined, mission: Mission): Decision<Unit> {
  const named = mayBeNamed(unit, mission);
  if (!named.ok) return named;
  const assignable = isAssignable(named.value, mission.now);
  return assignable.ok ? named : assignable;
}

function isOnShift({ shift }: Unit, now: Date): boolean {
  return (!shift.start || shift.start <= now) && (!shift.end || now < shift.end);
}

/** What a unit's crew is doing: on a trip, or what was recorded. */
export function availabilityOf({ status, crew }: Unit): AvailabilityStatus {
  return status === "IN_USE" ? "ASSIGNED" : crew;
}

/** The unit once it is held for a trip. */
export function takenUnit(unit: Unit, now: Date): Unit {
  return { ...unit, status: "IN_USE", version: unit.version + 1, updatedAt: now };
}

/** The unit once its trip is over; undefined if nothing changes, because nothing holds it. */
export function freedUnit(unit: Unit, now: Date): Unit | undefined {
  if (unit.status !== "IN_USE") return undefined;
  return { ...unit, status: "AVAILABLE", version: unit.version + 1, updatedAt: now };
}
