import type { LegacyBid, LegacyQueueEntry, LegacyTrip, LegacyUnitAssignment } from "../legacy/legacy-rows.ts";
import type { Issue } from "../moved.ts";

/** A row of TransportRequest, without the columns that are archived alone. */
export type DossierTrip = Omit<
  LegacyTrip,
  "routeOptimizationScore" | "chainingOpportunities" | "timeFlexibility" | "revenuePotential" | "etaUpdates"
>;

/** A row of TransportBid, without the columns that are archived alone. */
export type DossierBid = Omit<LegacyBid, "unitType" | "specialCapabilities" | "reviewedBy" | "createdAt">;

/** What a row of UnitAssignment says about a trip's agency (R-AGENCY). */
export type DossierUnitAssignment = Pick<LegacyUnitAssignment, "id" | "unitId" | "createdAt">;

/** What a row of TransportQueue says about a trip's agency (R-AGENCY). */
export type DossierQueueEntry = Pick<LegacyQueueEntry, "id" | "assignedProviderId" | "queueTimestamp">;

/** A trip of the old database with all that is decided together with it. Rows of one kind may be in any order. */
export interface Dossier {
  readonly trip: DossierTrip;
  readonly bids: readonly DossierBid[];
  readonly unitAssignments: readonly DossierUnitAssignment[];
  readonly queueEntries: readonly DossierQueueEntry[];
}

/** What a trip's status is called in the silos. */
export type TripStatus = "PENDING" | "ASSIGNED" | "IN_PROGRESS" | "COMPLETED" | "CANCELLED";

/** What a rule found about the row that it looked at. */
export type Finding = Pick<Issue, "kind" | "rule" | "detail">;

/** What a rule decided, and what a person should know of it. */
export interface Ruled<Value> {
  readonly value: Value;
  readonly findings: readonly Finding[];
}

/** What a rule decided, or why the row cannot be moved. */
export type Decided<Value> =
  | ({ readonly ok: true } & Ruled<Value>)
  | { readonly ok: false; readonly reason: TripQuarantineReason; readonly findings: readonly Finding[] };

/** Why trips wait for somebody's decision. */
export const tripQuarantineReasons = [
  "ID_NOT_USABLE",
  "TIME_OUT_OF_RANGE",
  "FACILITY_NOT_MOVED",
  "AGENCY_NOT_MOVED",
  "OPEN_TRIP_TO_ITS_ORIGIN",
  "IN_PROGRESS_WITHOUT_AGENCY",
  "IN_PROGRESS_WITHOUT_UNIT",
] as const;

/** Why a trip waits for somebody's decision. */
export type TripQuarantineReason = (typeof tripQuarantineReasons)[number];

/** Nothing to tell. One for all, since most rows are sound. */
export const nothingFound: readonly Finding[] = [];

/** True while an agency has the trip and it is not over. */
export function isUnderway(status: TripStatus): boolean {
  return status === "ASSIGNED" || status === "IN_PROGRESS";
}

/** True if nothing more happens to the trip. */
export function isOver(status: TripStatus): boolean {
  return status === "COMPLETED" || status === "CANCELLED";
}
