import type { IdSource } from "#platform/id.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { takesPart } from "../agencies/agency.ts";
import { addBid, saveBid } from "../bids/bid.events.ts";
import { lockBid, lockOpenBids, lockOwnOpenBid, tripsWithOpenBids } from "../bids/bid.store.ts";
import { type Bid, bidBecoming, type BidEndReason, type BidId, directBid } from "../bids/bid.ts";
import type { Change } from "../change.ts";
import { lockTripCopy } from "../trip-copies/trip-copy.store.ts";
import type { TripCopy } from "../trip-copies/trip-copy.ts";
import { freeUnit } from "../units/unit.events.ts";
import {
  type Assignment,
  completed,
  confirmed,
  released,
  type ReleaseReason,
  unitIdsOf,
  withConfirmedUnit,
  withoutUnit,
} from "./assignment.ts";
import {
  findAssignment,
  isBidHeld,
  isTripTaken,
  lockActiveAssignments,
  lockAssignment,
  updateAssignment,
} from "./assignment.store.ts";

/** A change of assignments, which may need the id of a bid. */
export interface AwardChange extends Change {
  readonly newId: IdSource;
}

/** The change that a piece of work makes. */
export function awardChange(work: Change, newId: IdSource): AwardChange {
  const { tx, now } = work;
  return { tx, now, newId, emit: (event) => work.emit(event), touched: (type, id) => work.touched(type, id) };
}

/** The attempt that has won a trip. */
export interface WonAttempt {
  readonly attemptId: string;
  /** The trip's version at which it won. */
  readonly tripVersion: number;
}

/**
 * Carries out that an attempt has won: its assignment is confirmed, its bid accepted, the other bids rejected, and an
 * assignment that had won the trip before is released. Only an assignment that is HELD changes; may be repeated.
 * @returns the assignment as it is then; undefined if we know nothing of the attempt.
 */
export async function confirmAttempt(change: AwardChange, won: WonAttempt): Promise<Assignment | undefined> {
  const { tx, now } = change;
  const { assignment, trip } = await lockAttempt(change, won.attemptId);
  if (assignment?.state !== "HELD") return assignment;
  const earlier = (await lockActiveAssignments(tx, assignment.tripId)).find(({ state }) => state === "CONFIRMED");
  if (earlier && (earlier.tripVersion ?? 0) > won.tripVersion) return release(change, assignment, "SUPERSEDED");
  if (earlier) await release(change, earlier, "SUPERSEDED");
  const bidId = await acceptBidOf(change, assignment);
  const after = confirmed(assignment, { tripVersion: won.tripVersion, bidId, now });
  await updateAssignment(tx, after);
  change.touched("assignment", after.attemptId);
  // That it waits again was heard before it was known that this attempt had won it.
  if (trip?.status === "PENDING" && won.tripVersion < trip.version) return release(change, after, whyReleased(trip));
  await endOpenBids(change, after.tripId, "TRIP_ASSIGNED");
  return after;
}

/**
 * Carries out that an attempt has not won. Only an assignment that is HELD changes; may be repeated.
 * @returns the assignment as it is then; undefined if we know nothing of the attempt.
 */
export async function releaseAttempt(
  change: AwardChange,
  attemptId: string,
  reason: ReleaseReason,
): Promise<Assignment | undefined> {
  const { assignment } = await lockAttempt(change, attemptId);
  if (assignment?.state !== "HELD") return assignment;
  const after = await release(change, assignment, reason);
  // While it was held its bid was passed over. If somebody else has the trip, nobody would end the bid later.
  if (await isTripTaken(change.tx, after.tripId)) await endOpenBids(change, after.tripId, "TRIP_ASSIGNED");
  return after;
}

/** Carries out that Hospital has the unit: one that it replaces is free. Only a unit in doubt changes; may be repeated. */
export async function confirmUnit(
  change: AwardChange,
  { attemptId, unitId }: { readonly attemptId: string; readonly unitId: string },
): Promise<Assignment | undefined> {
  const { assignment } = await lockAttempt(change, attemptId);
  if (assignment?.state !== "CONFIRMED" || !hasUnitInDoubt(assignment, unitId)) return assignment;
  const after = withConfirmedUnit(assignment, change.now);
  await updateAssignment(change.tx, after);
  if (assignment.previousUnit) await freeUnit(change, assignment.previousUnit.id);
  change.touched("assignment", attemptId);
  return after;
}

/**
 * Carries out that Hospital has refused the unit: it is free again, and one that it was to replace stays. Only a unit in
 * doubt changes; may be repeated.
 */
export async function dropUnit(
  change: AwardChange,
  { attemptId, unitId }: { readonly attemptId: string; readonly unitId: string },
): Promise<void> {
  const { assignment } = await lockAttempt(change, attemptId);
  if (assignment?.state !== "CONFIRMED" || !hasUnitInDoubt(assignment, unitId)) return;
  await updateAssignment(change.tx, withoutUnit(assignment, change.now));
  await freeUnit(change, unitId);
  change.touched("assignment", attemptId);
}

/** Carries out that a trip was cancelled: nobody has it, and its open bids are over. */
export async function endCancelledTrip(change: AwardChange, tripId: string): Promise<void> {
  for (const assignment of await lockActiveAssignments(change.tx, tripId))
    await release(change, assignment, "CANCELLED");
  await endOpenBids(change, tripId, "TRIP_CANCELLED");
}

/**
 * Carries out that a trip waits again: whoever had it by an earlier version has it no longer. An attempt whose outcome is
 * not known yet stays.
 */
export async function endEarlierAwards(change: AwardChange, trip: TripCopy): Promise<void> {
  for (const assignment of await lockActiveAssignments(change.tx, trip.id)) {
    const isEarlier = assignment.state === "CONFIRMED" && (assignment.tripVersion ?? 0) < trip.version;
    if (isEarlier) await release(change, assignment, whyReleased(trip));
  }
}

function whyReleased({ releaseReason }: TripCopy): ReleaseReason {
  return releaseReason === "CONSENT_LAPSED" ? "CONSENT_LAPSED" : "GIVEN_BACK";
}

/**
 * Carries out that an agency no longer takes part, in the transaction that holds the agency: its open bids are over. What
 * it has, it keeps; what it may have won is decided first.
 */
export async function expireBidsOfAgency(change: Change, agencyId: string): Promise<void> {
  for (const tripId of await tripsWithOpenBids(change.tx, agencyId)) {
    await lockTripCopy(change.tx, tripId);
    const bid = await lockOwnOpenBid(change.tx, tripId, agencyId);
    if (!bid || (await isBidHeld(change.tx, bid.id))) continue;
    await saveBid(change, bidBecoming(bid, "EXPIRED", { now: change.now, reason: "AGENCY_DISABLED" }));
  }
}

/** Carries out that a trip was completed: whoever had it is done, and nobody else can win it any more. */
export async function endCompletedTrip(change: AwardChange, tripId: string): Promise<void> {
  for (const assignment of await lockActiveAssignments(change.tx, tripId)) {
    if (assignment.state === "HELD") await release(change, assignment, "ALREADY_ASSIGNED");
    else await complete(change, assignment);
  }
  await endOpenBids(change, tripId, "TRIP_ASSIGNED");
}

/** Ends a trip's open bids. A bid under a hold stays as it is until that hold's outcome is known. */
export async function endOpenBids(
  change: AwardChange,
  tripId: string,
  reason: Extract<BidEndReason, "TRIP_ASSIGNED" | "TRIP_CANCELLED" | "BIDDING_CLOSED">,
): Promise<void> {
  const status = reason === "TRIP_ASSIGNED" ? "REJECTED" : "EXPIRED";
  for (const bid of await lockOpenBids(change.tx, tripId)) {
    if (await isBidHeld(change.tx, bid.id)) continue;
    await saveBid(change, bidBecoming(bid, status, { now: change.now, reason }));
  }
}

/** An attempt with its trip, as far as we know them. */
interface Attempt {
  readonly assignment: Assignment | undefined;
  readonly trip: TripCopy | undefined;
}

/** Holds the trip first and the assignment then, as everybody does who changes one. */
async function lockAttempt({ tx }: AwardChange, attemptId: string): Promise<Attempt> {
  const found = await findAssignment(tx, attemptId);
  const trip = found && (await lockTripCopy(tx, found.tripId));
  return { assignment: found && (await lockAssignment(tx, attemptId)), trip };
}

function hasUnitInDoubt({ unit }: Assignment, unitId: string): boolean {
  return unit?.id === unitId && unit.state === "HELD";
}

/** The bid by which the agency has the trip: the one it made, or one that says that it made none. */
async function acceptBidOf(change: AwardChange, assignment: Assignment): Promise<string> {
  const { tx, now, newId } = change;
  const { attemptId, tripId, agencyId, seenMaterialVersion, requestedBy, unit } = assignment;
  const bid = assignment.bidId === undefined ? undefined : await lockBid(tx, assignment.bidId);
  if (bid?.status === "PENDING") {
    await saveBid(change, bidBecoming(bid, "ACCEPTED", { now }), attemptId);
    return bid.id;
  }
  const facts = { id: newId() as BidId, tripId, agencyId, seenMaterialVersion, submittedBy: requestedBy };
  const direct = directBid(facts, unit?.id, now);
  await addBid(change, direct, attemptId);
  return direct.id;
}

async function release(change: AwardChange, assignment: Assignment, reason: ReleaseReason): Promise<Assignment> {
  const after = released(assignment, reason, change.now);
  await updateAssignment(change.tx, after);
  change.touched("assignment", after.attemptId);
  await endBidOf(change, assignment, reason);
  for (const unitId of unitIdsOf(assignment)) await freeUnit(change, unitId);
  return after;
}

async function complete(change: AwardChange, assignment: Assignment): Promise<void> {
  await updateAssignment(change.tx, completed(assignment, change.now));
  change.touched("assignment", assignment.attemptId);
  for (const unitId of unitIdsOf(assignment)) await freeUnit(change, unitId);
}

/**
 * What becomes of the bid of a released assignment. If the trip can still be won it stays open, unless its agency was
 * switched off meanwhile; if the trip had been won and was then cancelled, it stays accepted.
 */
async function endBidOf(change: AwardChange, { bidId, state }: Assignment, reason: ReleaseReason): Promise<void> {
  const bid = bidId === undefined ? undefined : await lockBid(change.tx, bidId);
  if (!bid) return;
  const { now } = change;
  if (state === "CONFIRMED") return endAcceptedBid(change, bid, reason);
  if (bid.status !== "PENDING") return;
  if (reason === "CANCELLED") return saveBid(change, bidBecoming(bid, "EXPIRED", { now, reason: "TRIP_CANCELLED" }));
  if (reason === "ALREADY_ASSIGNED" || reason === "SUPERSEDED") {
    return saveBid(change, bidBecoming(bid, "REJECTED", { now, reason: "TRIP_ASSIGNED" }));
  }
  const agency = await findAgency(change.tx, bid.agencyId);
  if (!agency || takesPart(agency)) return;
  await saveBid(change, bidBecoming(bid, "EXPIRED", { now, reason: "AGENCY_DISABLED" }));
}

/** What becomes of the bid by which an agency had a trip. */
async function endAcceptedBid(change: AwardChange, bid: Bid, reason: ReleaseReason): Promise<void> {
  if (bid.status !== "ACCEPTED") return;
  const { now } = change;
  switch (reason) {
    case "SUPERSEDED":
      return saveBid(change, bidBecoming(bid, "WITHDRAWN", { now, reason }));
    case "GIVEN_BACK":
      return saveBid(change, bidBecoming(bid, "WITHDRAWN", { now, reason: "TRIP_RELEASED" }));
    case "CONSENT_LAPSED":
      return saveBid(change, bidBecoming(bid, "EXPIRED", { now, reason }));
    default:
      return undefined;
  }
}
