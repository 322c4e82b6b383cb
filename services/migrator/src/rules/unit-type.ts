import type { Reading } from "./reading.ts";

/** What kind of vehicle a unit is. */
export const unitTypes = ["BLS", "ALS", "CCT", "WHEELCHAIR", "MEDICAL_TAXI"] as const;

/** What kind of vehicle a unit is. */
export type UnitType = (typeof unitTypes)[number];

const wheelchair = /wheel|WC|lift|ramp/i;
const taxi = /taxi|sedan|car/i;

/**
 * The kind of vehicle that the old database called BLS, ALS, CCT or OTHER (R-UNITTYPE). OTHER is told apart by what is
 * said of it; if nothing is, it is the kind that can do least, issue UNIT_TYPE_GUESSED.
 * @param hints its number, its capabilities, and what was noted about it.
 */
export function unitTypeFrom(type: string, hints: readonly string[]): Reading<UnitType> {
  const known = unitTypes.find((candidate) => candidate === type);
  if (known) return { value: known };
  if (hints.some((hint) => wheelchair.test(hint))) return { value: "WHEELCHAIR" };
  if (hints.some((hint) => taxi.test(hint))) return { value: "MEDICAL_TAXI" };
  return { value: "MEDICAL_TAXI", issue: "UNIT_TYPE_GUESSED" };
}
