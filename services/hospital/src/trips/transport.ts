/** What crew and equipment a patient needs on the way, from least to most; OTHER needs no medical care. */
export const transportLevels = ["BLS", "ALS", "CCT", "OTHER"] as const;

/** What crew and equipment a patient needs on the way. */
export type TransportLevel = (typeof transportLevels)[number];

/** How soon a trip must happen, from least to most. */
export const priorities = ["LOW", "MEDIUM", "HIGH", "URGENT"] as const;

/** How soon a trip must happen. */
export type Priority = (typeof priorities)[number];

/** How the winner among the agencies is chosen. */
export const awardPolicies = ["MANUAL", "FIRST_ACCEPT"] as const;

/** MANUAL: the hospital chooses a bid. FIRST_ACCEPT: the first agency that accepts has the trip. */
export type AwardPolicy = (typeof awardPolicies)[number];

/** What a vehicle with its crew can do. */
export const unitTypes = ["BLS", "ALS", "CCT", "WHEELCHAIR", "MEDICAL_TAXI"] as const;

/** What a vehicle with its crew can do. */
export type UnitType = (typeof unitTypes)[number];

const levelsServed: Readonly<Record<UnitType, readonly TransportLevel[]>> = {
  BLS: ["BLS", "OTHER"],
  ALS: ["ALS", "BLS", "OTHER"],
  CCT: ["CCT", "ALS", "BLS", "OTHER"],
  WHEELCHAIR: ["OTHER"],
  MEDICAL_TAXI: ["OTHER"],
};

/** True if a unit of this type may carry a patient who needs this level. */
export function canServe(unitType: UnitType, level: TransportLevel): boolean {
  return levelsServed[unitType].includes(level);
}
