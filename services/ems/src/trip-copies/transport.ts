/** What crew and equipment a patient needs on the way, from least to most; OTHER needs no medical care. */
export const transportLevels = ["BLS", "ALS", "CCT", "OTHER"] as const;

/** What crew and equipment a patient needs on the way. */
export type TransportLevel = (typeof transportLevels)[number];

/** How soon a trip must happen, from least to most. */
export const priorities = ["LOW", "MEDIUM", "HIGH", "URGENT"] as const;

/** How soon a trip must happen. */
export type Priority = (typeof priorities)[number];

/** How much sooner than others a trip must happen: the larger, the sooner. */
export function urgencyOf(priority: Priority): number {
  return priorities.indexOf(priority) + 1;
}

/** How the winner among the agencies is chosen. */
export const awardPolicies = ["MANUAL", "FIRST_ACCEPT", "BEST_ETA", "LOWEST_COST", "PREFERENCE_THEN_ETA"] as const;

/**
 * MANUAL: the hospital chooses a bid. FIRST_ACCEPT: the first agency that accepts has the trip. The others choose when
 * bidding closes.
 */
export type AwardPolicy = (typeof awardPolicies)[number];

/** Where a trip stands. */
export const transportStatuses = ["PENDING", "ASSIGNED", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const;

/** Where a trip stands. */
export type TransportStatus = (typeof transportStatuses)[number];

/** Why a trip waits again that an agency had. */
export const releaseReasons = ["TURNED_BACK", "TAKEN_BY_CENTER", "CONSENT_LAPSED", "LEVEL_RAISED"] as const;

/** Why a trip waits again that an agency had. */
export type TripReleaseReason = (typeof releaseReasons)[number];
