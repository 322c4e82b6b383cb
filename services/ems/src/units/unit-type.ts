import type { TransportLevel } from "../trip-copies/transport.ts";

/** What a vehicle with its crew can do. */
export const unitTypes = ["BLS", "ALS", "CCT", "WHEELCHAIR", "MEDICAL_TAXI"] as const;

/** What a vehicle with its crew can do. */
export type UnitType = (typeof unitTypes)[number];

/** The ladder: BLS is within ALS, ALS within CCT, and any unit serves a trip that needs no medical care. */
const levelsServed: Readonly<Record<UnitType, readonly TransportLevel[]>> = {
  BLS: ["BLS", "OTHER"],
  ALS: ["ALS", "BLS", "OTHER"],
  CCT: ["CCT", "ALS", "BLS", "OTHER"],
  WHEELCHAIR: ["OTHER"],
  MEDICAL_TAXI: ["OTHER"],
};

/** True if a unit of this type may carry a patient who needs this level. */
export function canServe(type: UnitType, level: TransportLevel): boolean {
  return levelsServed[type].includes(level);
}

/** The levels that units of these types reach together, each once. */
export function levelsServedBy(types: readonly UnitType[]): readonly TransportLevel[] {
  return [...new Set(types.flatMap((type) => levelsServed[type]))];
}
