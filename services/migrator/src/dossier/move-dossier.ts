import type { Directory, MoveOptions } from "../directory/directory.ts";
import type { Issue, Moved, SourceRow, Verdict } from "../moved.ts";
import type { TargetRow } from "../target/target-tables.ts";
import { assignmentRow, claimRow } from "./assignment-row.ts";
import { bidRow } from "./bid-row.ts";
import { bidProblem, type BidQuarantineReason, settleBids } from "./bids.ts";
import {
  type Decided,
  type Dossier,
  type DossierBid,
  type DossierTrip,
  type Finding,
  isUnderway,
  type TripQuarantineReason,
} from "./dossier.ts";
import { decideCourse, type TripCourse } from "./trip-course.ts";
import { tripRow } from "./trip-row.ts";
import { type UnitClaims, withClaim } from "./unit-claims.ts";

const [tripTable, bidTable] = ["TransportRequest", "TransportBid"] as const;
const bidsGoAlong: BidQuarantineReason = "TRIP_QUARANTINED";

/** What a dossier is moved by. */
export interface DossierContext {
  readonly unitClaims: UnitClaims;
  readonly options: Pick<MoveOptions, "importedAt">;
}

/**
 * Moves a trip with its bids. Pure: the same dossier, directory and claims always give the same rows. The rows satisfy all
 * checks of the silos' tables; in their order no row refers to a later one. There is a verdict for the trip and for every
 * bid; what else is in the dossier goes to the archive alone.
 */
export function moveDossier(dossier: Dossier, directory: Directory, { unitClaims, options }: DossierContext): Moved {
  const { trip } = dossier;
  const decided = claimedCourse(dossier, directory, unitClaims);
  if (!decided.ok) return quarantined(dossier, decided.reason, decided.findings);
  const { importedAt } = options;
  const course = decided.value;
  const result: Collected = { rows: [], verdicts: [], issues: [] };
  const row = tripRow(trip, course, importedAt);
  result.rows.push({ table: "hospital.trip", row: row.value });
  result.verdicts.push({ table: tripTable, pk: trip.id, fate: "MIGRATED" });
  tell(result, { table: tripTable, pk: trip.id }, decided.findings);
  tell(result, { table: tripTable, pk: trip.id }, row.findings);
  moveBids(result, dossier, { directory, importedAt, course });
  moveAward(result, trip, { importedAt, course });
  return result;
}

/** What comes of a dossier, while it is put together. */
interface Collected extends Moved {
  readonly rows: TargetRow[];
  readonly verdicts: Verdict[];
  readonly issues: Issue[];
}

interface Move {
  readonly importedAt: Date;
  readonly course: TripCourse;
}

function moveBids(
  result: Collected,
  { trip, bids }: Dossier,
  { directory, importedAt, course }: Move & { readonly directory: Directory },
): void {
  const sound: DossierBid[] = [];
  for (const bid of bids) {
    const reason = bidProblem(bid, directory);
    if (reason) result.verdicts.push({ table: bidTable, pk: bid.id, fate: "QUARANTINED", reason });
    else sound.push(bid);
  }
  for (const settled of settleBids(sound, { tripStatus: course.status, accepted: course.accepted })) {
    const row = bidRow(settled, { trip, directory, importedAt });
    result.rows.push({ table: "ems.bid", row: row.value });
    result.verdicts.push({ table: bidTable, pk: settled.bid.id, fate: "MIGRATED" });
    tell(result, { table: bidTable, pk: settled.bid.id }, row.findings);
  }
}

/** The award of a trip that is underway, in both silos. Those of trips that are over tell nothing that the trip does not. */
function moveAward(result: Collected, trip: DossierTrip, { importedAt, course }: Move): void {
  const { status, agencyId, accepted } = course;
  if (!isUnderway(status) || agencyId === null) return;
  result.rows.push({ table: "hospital.trip_claim", row: claimRow(trip, course) });
  result.rows.push({ table: "ems.assignment", row: assignmentRow(trip, agencyId, { course, importedAt }) });
  if (!accepted) tell(result, { table: tripTable, pk: trip.id }, [{ kind: "ASSIGNED_DIRECT", rule: "R-BID" }]);
}

function claimedCourse(dossier: Dossier, directory: Directory, claims: UnitClaims): Decided<TripCourse> {
  const course = decideCourse(dossier, directory);
  if (!course.ok) return course;
  const claimed = withClaim(course.value, dossier.trip.id, claims);
  return claimed.findings.length === 0 ? course : { ...claimed, findings: [...course.findings, ...claimed.findings] };
}

/** A trip that waits for somebody's decision takes its bids along: without it they are about nothing. */
function quarantined({ trip, bids }: Dossier, reason: TripQuarantineReason, findings: readonly Finding[]): Moved {
  const result: Collected = { rows: [], verdicts: [], issues: [] };
  result.verdicts.push({ table: tripTable, pk: trip.id, fate: "QUARANTINED", reason });
  tell(result, { table: tripTable, pk: trip.id }, findings);
  const withTrip = { table: bidTable, fate: "QUARANTINED", reason: bidsGoAlong } as const;
  for (const { id: pk } of bids) result.verdicts.push({ ...withTrip, pk });
  return result;
}

function tell(result: Collected, source: SourceRow, findings: readonly Finding[]): void {
  for (const finding of findings) result.issues.push({ ...source, ...finding });
}
