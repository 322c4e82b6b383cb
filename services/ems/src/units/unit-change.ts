import { type Decision, granted, refused } from "../decisions/decision.ts";
import type { AvailabilityStatus } from "./availability.ts";
import type { Location, Shift, Unit, UnitStatus } from "./unit.ts";

/** What a unit's agency says of it. */
export type UnitDetails = Pick<Unit, "unitNumber" | "type" | "capabilities" | "isActive">;

/**
 * The unit with other details; the very same one if they are what it has. A unit that is held for a trip, or on one,
 * neither changes its type nor is switched on or off.
 */
export function withDetails(unit: Unit, details: Partial<UnitDetails>, now: Date): Decision<Unit> {
  const { unitNumber, type, capabilities, isActive } = { ...unit, ...details };
  if (unitNumber.trim() === "") return refused("VALIDATION_FAILED", "a unit has a number");
  if (unit.status === "IN_USE" && (type !== unit.type || isActive !== unit.isActive)) return isInUse(unit);
  const isSame =
    unitNumber === unit.unitNumber &&
    type === unit.type &&
    isActive === unit.isActive &&
    sameTexts(capabilities, unit.capabilities);
  return granted(isSame ? unit : changed({ ...unit, unitNumber, type, capabilities, isActive }, now));
}

/** What somebody may make of a unit's status. */
export interface StatusWish {
  readonly status: Exclude<UnitStatus, "IN_USE">;
  /** True for Center, which only takes units out of service, and says why. */
  readonly byCenter: boolean;
  readonly reason: string;
  readonly now: Date;
}

/** The unit with another status; the very same one if it has that. IN_USE follows from trips alone, both ways. */
export function withStatus(unit: Unit, { status, byCenter, reason, now }: StatusWish): Decision<Unit> {
  if (byCenter && status !== "OUT_OF_SERVICE") {
    return refused("ACTION_NOT_ALLOWED", "Center only takes units out of service");
  }
  if (byCenter && reason.trim() === "") return refused("VALIDATION_FAILED", "Center says why, in reason");
  if (unit.status === "IN_USE") return isInUse(unit);
  return granted(unit.status === status ? unit : changed({ ...unit, status }, now));
}

/** The unit with another shift; the very same one if it has that. */
export function withShift(unit: Unit, shift: Shift, now: Date): Unit {
  const isSame = sameTime(shift.start, unit.shift.start) && sameTime(shift.end, unit.shift.end);
  return isSame ? unit : changed({ ...unit, shift }, now);
}

/** The unit at a place; the very same one if it is there. */
export function withLocation(unit: Unit, location: Location, now: Date): Unit {
  const { latitude, longitude } = unit.location ?? {};
  const isSame = location.latitude === latitude && location.longitude === longitude;
  return isSame ? unit : changed({ ...unit, location }, now);
}

/** The unit after something was recorded of its crew. @param crew what it does at the moment. */
export function withCrew(unit: Unit, crew: AvailabilityStatus, now: Date): Unit {
  return changed({ ...unit, crew }, now);
}

function isInUse({ unitNumber }: Unit): Decision<never> {
  return refused("UNIT_IN_USE", `unit ${unitNumber} is held for a trip, or on one`);
}

function changed(unit: Unit, now: Date): Unit {
  return { ...unit, version: unit.version + 1, updatedAt: now };
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}

function sameTime(one: Date | undefined, other: Date | undefined): boolean {
  return one?.getTime() === other?.getTime();
}
