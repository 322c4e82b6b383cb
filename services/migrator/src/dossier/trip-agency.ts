import type { Directory } from "../directory/directory.ts";
import { type Decided, type Dossier, type DossierBid, type Finding, nothingFound, type TripStatus } from "./dossier.ts";
import { latestOf } from "./latest.ts";

const rule = "R-AGENCY";

/** Who has, or had, a trip, as far as its agency is concerned. */
export interface TripHolder {
  readonly status: TripStatus;
  readonly agencyId: string | null;
  /** As the old database has it, or as a unit assignment says: not yet looked at by R-UNIT. */
  readonly unitId: string | null;
}

const statuses = {
  PENDING: "PENDING",
  SCHEDULED: "ASSIGNED",
  IN_TRANSIT: "IN_PROGRESS",
  COMPLETED: "COMPLETED",
  CANCELLED: "CANCELLED",
} as const satisfies Record<Dossier["trip"]["status"], TripStatus>;

/**
 * The trip's agency (R-AGENCY), and its status, since nothing is assigned without one. What waits has no agency, whatever
 * its row says (R-STATUS). An agency that is missing is inferred from bids, units and queues; agencies that were not moved
 * are no candidates.
 */
export function tripAgency(dossier: Dossier, directory: Directory): Decided<TripHolder> {
  const { status: oldStatus, assignedAgencyId: agencyId, assignedUnitId: unitId } = dossier.trip;
  const status = statuses[oldStatus];
  if (status === "PENDING") return held({ status, agencyId: null, unitId: null });
  if (agencyId !== null) {
    if (isMoved(agencyId, directory)) return held({ status, agencyId, unitId });
    if (status === "ASSIGNED" || status === "IN_PROGRESS")
      return { ok: false, reason: "AGENCY_NOT_MOVED", findings: nothingFound };
    const detail = { assignedAgencyId: agencyId };
    return held({ status, agencyId: null, unitId }, { kind: "AGENCY_NOT_MOVED", rule, detail });
  }
  if (status === "CANCELLED") return held({ status, agencyId, unitId }, { kind: "AGENCY_UNKNOWN", rule });
  const evidence = evidenceOf(dossier, directory);
  if (evidence) {
    const detail = { agencyId: evidence.agencyId, from: evidence.from };
    const holder = { status, agencyId: evidence.agencyId, unitId: unitId ?? evidence.unitId };
    return held(holder, { kind: "AGENCY_INFERRED", rule, detail });
  }
  if (status === "IN_PROGRESS") {
    return { ok: false, reason: "IN_PROGRESS_WITHOUT_AGENCY", findings: nothingFound };
  }
  if (status === "ASSIGNED") {
    return held({ status: "PENDING", agencyId, unitId: null }, { kind: "DOWNGRADED", rule });
  }
  return held({ status, agencyId, unitId }, { kind: "AGENCY_UNKNOWN", rule });
}

/** An agency that may have a trip, and the table that says so. */
interface Evidence {
  readonly agencyId: string;
  readonly unitId: string | null;
  readonly from: "TransportBid" | "Unit" | "UnitAssignment" | "TransportQueue";
}

function evidenceOf(
  { trip, bids, unitAssignments, queueEntries }: Dossier,
  directory: Directory,
): Evidence | undefined {
  const moved = (id: string): boolean => isMoved(id, directory);
  const bid = latestAccepted(bids.filter((it) => moved(it.agencyId)));
  if (bid) return { agencyId: bid.agencyId, unitId: null, from: "TransportBid" };
  const unit = trip.assignedUnitId === null ? undefined : directory.unit(trip.assignedUnitId);
  if (unit) return { agencyId: unit.agencyId, unitId: null, from: "Unit" };
  const assignment = latestOf(unitAssignments, ({ createdAt }) => createdAt);
  const assigned = assignment && directory.unit(assignment.unitId);
  if (assigned) return { agencyId: assigned.agencyId, unitId: assigned.id, from: "UnitAssignment" };
  const queued = queueEntries.filter((it) => it.assignedProviderId !== null && moved(it.assignedProviderId));
  const provider = latestOf(queued, ({ queueTimestamp }) => queueTimestamp)?.assignedProviderId;
  return provider ? { agencyId: provider, unitId: null, from: "TransportQueue" } : undefined;
}

/** Of the bids that were accepted, the one that was looked at last; undefined if none was. */
export function latestAccepted(bids: readonly DossierBid[]): DossierBid | undefined {
  return latestOf(
    bids.filter(({ status }) => status === "ACCEPTED"),
    ({ reviewedAt }) => reviewedAt,
  );
}

function isMoved(agencyId: string, directory: Directory): boolean {
  return directory.agency(agencyId)?.isReal === true;
}

function held(value: TripHolder, finding?: Finding): Decided<TripHolder> {
  return { ok: true, value, findings: finding ? [finding] : nothingFound };
}
