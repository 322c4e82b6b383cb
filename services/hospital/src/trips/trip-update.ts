import { released } from "./trip-release.ts";
import { type ActivePlace, mayBeAsked } from "./trip-order.ts";
import { biddingCloseAfter, consentDueAfter, type TripTerms } from "./trip-terms.ts";
import {
  type AwardPolicy,
  canServe,
  isAutomatic,
  type Priority,
  type TimeWindow,
  type TransportLevel,
} from "./transport.ts";
import {
  type AssignedTrip,
  changed,
  type Decision,
  granted,
  isOwner,
  type PendingTrip,
  refused,
  refusedInState,
  type Trip,
  type TripChange,
  type TripDetailName,
  tripDetailNames,
  type TripFacts,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";

/** What is to be different about a trip; what is absent stays as it is. */
export interface TripRevision {
  readonly origin?: ActivePlace;
  readonly destination?: ActivePlace;
  readonly level?: TransportLevel;
  readonly priority?: Priority;
  readonly awardPolicy?: AwardPolicy;
  /** Free text. Patient data. */
  readonly specialRequirements?: string;
  /** Without `to`, the patient is to be picked up as soon as possible. */
  readonly window?: { readonly to?: TimeWindow };
}

/** Who changes what is asked for. */
export interface TripUpdate {
  readonly actor: TripActor;
  readonly revision: TripRevision;
  readonly terms: TripTerms;
  readonly now: Date;
}

/** A trip before the pickup. */
type OpenTrip = PendingTrip | AssignedTrip;

/** A trip as it is to be, and what of it is different. */
interface Revised {
  readonly facts: TripFacts;
  readonly changedFields: readonly TripDetailName[];
}

/**
 * T1: changes what is asked for, before the pickup. A material change of an assigned trip asks the agency to consent; one
 * that needs more than its unit can do is T3 at once, in one change. Undefined if everything is as it is to be already.
 */
export function updateTrip(
  trip: Trip,
  { actor, revision, terms, now }: TripUpdate,
): Decision<TripChange<OpenTrip> | undefined> {
  const open = mayUpdate(trip, actor);
  if (!open.ok) return open;
  return revisedTrip(open.value, { actor, revision, terms, now });
}

/** Says whether somebody may change a trip at all, whatever the change. */
export function mayUpdate(trip: Trip, actor: TripActor): Decision<OpenTrip> {
  if (!isOwner(trip, actor) && actor.type !== "CENTER") {
    return refused("ACTION_NOT_ALLOWED", "only the hospital that asked for the trip changes it");
  }
  return trip.status === "PENDING" || trip.status === "ASSIGNED" ? granted(trip) : refusedInState(trip, "be changed");
}

function revisedTrip(
  trip: OpenTrip,
  { actor, revision, terms, now }: TripUpdate,
): Decision<TripChange<OpenTrip> | undefined> {
  const revised = revise(trip, revision);
  const { changedFields } = revised;
  if (changedFields.length === 0) return granted(undefined);
  const allowed = mayBeRevised(trip, revised, { revision, now });
  if (!allowed.ok) return allowed;
  const next = { revised, terms, now };
  const outcome = trip.status === "PENDING" ? ofPending({ ...next, trip }) : ofAssigned({ ...next, trip });
  return granted({ ...outcome, before: trip, userId: actor.userId, changedFields });
}

/** True if an agency would want to know that one of these changed: all but how the winner is chosen. */
export function isMaterial(changedFields: readonly TripDetailName[]): boolean {
  return changedFields.some((field) => field !== "award_policy");
}

interface Next<T extends OpenTrip> {
  readonly trip: T;
  readonly revised: Revised;
  readonly terms: TripTerms;
  readonly now: Date;
}

type Outcome = Pick<TripChange<OpenTrip>, "name" | "after">;

function ofPending({ trip: { window, ...trip }, revised: { facts }, terms, now }: Next<PendingTrip>): Outcome {
  const next: PendingTrip = changed({ ...trip, ...facts }, now);
  // A trip from before bidding had an end needs one when its bids are to be compared then.
  const biddingClosesAt =
    next.biddingClosesAt ?? (isAutomatic(next.awardPolicy) ? biddingCloseAfter(now, next.priority, terms) : undefined);
  return { name: "updated", after: { ...next, ...(biddingClosesAt && { biddingClosesAt }) } };
}

function ofAssigned({ trip: { window, ...trip }, revised: { facts }, terms, now }: Next<AssignedTrip>): Outcome {
  const next: AssignedTrip = { ...trip, ...facts };
  const { unitId, unitType } = trip.award;
  // A unit whose type nobody recorded cannot be relied on to do more than what was asked of it.
  const isBeyondUnit =
    unitId !== undefined && next.level !== trip.level && !(unitType && canServe(unitType, next.level));
  if (isBeyondUnit) return { name: "released", after: released(next, "LEVEL_RAISED", terms, now) };
  return { name: "updated", after: { ...changed(next, now), consentDueAt: consentDueAfter(now, terms) } };
}

function revise(trip: OpenTrip, revision: TripRevision): Revised {
  const { window: _, ...facts }: TripFacts = trip;
  const window = revision.window ? revision.window.to : trip.window;
  const next: TripFacts = {
    ...facts,
    origin: revision.origin?.place ?? trip.origin,
    destination: revision.destination?.place ?? trip.destination,
    level: revision.level ?? trip.level,
    priority: revision.priority ?? trip.priority,
    awardPolicy: revision.awardPolicy ?? trip.awardPolicy,
    specialRequirements: revision.specialRequirements ?? trip.specialRequirements,
    ...(window && { window }),
  };
  const changedFields = changedBetween(trip, next);
  const materialVersion = trip.materialVersion + (isMaterial(changedFields) ? 1 : 0);
  return { facts: { ...next, materialVersion }, changedFields };
}

function changedBetween(before: TripFacts, after: TripFacts): readonly TripDetailName[] {
  const isChanged: Readonly<Record<TripDetailName, boolean>> = {
    origin_facility_id: before.origin.facilityId !== after.origin.facilityId,
    destination_facility_id: before.destination.facilityId !== after.destination.facilityId,
    transport_level: before.level !== after.level,
    priority: before.priority !== after.priority,
    special_requirements: before.specialRequirements !== after.specialRequirements,
    pickup_window: !isSameWindow(before.window, after.window),
    award_policy: before.awardPolicy !== after.awardPolicy,
  };
  return tripDetailNames.filter((name) => isChanged[name]);
}

function isSameWindow(one: TimeWindow | undefined, other: TimeWindow | undefined): boolean {
  return one?.start.getTime() === other?.start.getTime() && one?.end.getTime() === other?.end.getTime();
}

/** What was there before is not asked about again: a facility may have been switched off since. */
function mayBeRevised(
  trip: OpenTrip,
  { facts, changedFields }: Revised,
  { revision, now }: Pick<TripUpdate, "revision" | "now">,
): Decision<undefined> {
  if (changedFields.includes("award_policy") && trip.status !== "PENDING") {
    return refused("INVALID_STATE_TRANSITION", "an agency has the trip: its award policy cannot change");
  }
  const isNew = (name: TripDetailName): boolean => changedFields.includes(name);
  return mayBeAsked({
    route: facts,
    newPlaces: [
      ...(isNew("origin_facility_id") && revision.origin ? [revision.origin] : []),
      ...(isNew("destination_facility_id") && revision.destination ? [revision.destination] : []),
    ],
    ...(isNew("pickup_window") && facts.window && { newWindow: facts.window }),
    now,
  });
}
