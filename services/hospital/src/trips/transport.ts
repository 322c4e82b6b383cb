/** What crew and equipment a patient needs on the way, from least to most; OTHER needs no medical care. */
export const transportLevels = ["BLS", "ALS", "CCT", "OTHER"] as const;

/** What crew and equipment a patient needs on the way. */
export type TransportLevel = (typeof transportLevels)[number];

/** How soon a trip must happen, from least to most. */
export const priorities = ["LOW", "MEDIUM", "HIGH", "URGENT"] as const;

/** How soon a trip must happen. */
export type Priority = (typeof priorities)[number];

/** How the winner among the agencies is chosen. */
export const awardPolicies = ["MANUAL", "FIRST_ACCEPT", "BEST_ETA", "LOWEST_COST", "PREFERENCE_THEN_ETA"] as const;

/**
 * MANUAL: the hospital chooses a bid. FIRST_ACCEPT: the first agency that accepts has the trip. The others name the bid
 * that wins when bidding closes.
 */
export type AwardPolicy = (typeof awardPolicies)[number];

/** True if the policy itself names a winner when bidding closes. */
export function isAutomatic(policy: AwardPolicy): boolean {
  return policy !== "MANUAL" && policy !== "FIRST_ACCEPT";
}

/** How a trip may end that is given up after the pickup. */
export const dispositions = [
  "DIVERTED",
  "RETURNED_TO_ORIGIN",
  "DECEASED",
  "PATIENT_REFUSED",
  "VEHICLE_FAILURE",
  "OTHER",
] as const;

/** How a trip ended that was given up after the pickup. */
export type Disposition = (typeof dispositions)[number];

/** Why an agency may lose a trip that waits again. */
export const releaseReasons = ["TURNED_BACK", "TAKEN_BY_CENTER", "CONSENT_LAPSED", "LEVEL_RAISED"] as const;

/** Why an agency no longer has a trip that waits again. */
export type ReleaseReason = (typeof releaseReasons)[number];

/** From one time to another, the first before the second. */
export interface TimeWindow {
  readonly start: Date;
  readonly end: Date;
}

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
