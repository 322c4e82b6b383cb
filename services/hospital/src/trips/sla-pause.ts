import { laterOf } from "./milestone.ts";
import type { SlaPause, SlaPauseReason } from "./sla.ts";
import {
  type AssignedTrip,
  changed,
  type Decision,
  granted,
  isAssignedAgency,
  isOwner,
  type PendingTrip,
  refused,
  refusedInState,
  type Trip,
  type TripChange,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";

/** A trip whose clocks still run: the patient has not left the origin. */
type WaitingTrip = PendingTrip | AssignedTrip;

/** Who stops a trip's clocks, or lets them run on. */
export interface ClockHand {
  readonly actor: TripActor;
  /** Why Center acts in another's place. Free text. */
  readonly overrideReason?: string;
  readonly now: Date;
}

/** Nobody stops a trip's clocks this often; every event of the trip carries all of its pauses. */
const mostPauses = 100;

/** Stops a trip's clocks for a coded exception. */
export function pauseSla(
  trip: Trip,
  { reason, ...hand }: ClockHand & { readonly reason: SlaPauseReason },
): Decision<TripChange<WaitingTrip>> {
  const waiting = waitingTrip(trip, hand, "have its clocks stopped");
  if (!waiting.ok) return waiting;
  if (openPause(trip)) return refused("INVALID_STATE_TRANSITION", "the trip's clocks stand still already");
  if (trip.slaPauses.length >= mostPauses) {
    return refused("INVALID_STATE_TRANSITION", `the trip's clocks were stopped ${mostPauses} times already`);
  }
  const next = changed(waiting.value, hand.now);
  // Pauses do not overlap, even where another instance's clock ended the last one.
  const startedAt = laterOf(trip.slaPauses.at(-1)?.ended?.at, hand.now);
  const pause: SlaPause = { reason, startedAt, startedBy: hand.actor.userId };
  return granted(
    changeBy(hand, { name: "sla_paused", before: trip, after: { ...next, slaPauses: [...next.slaPauses, pause] } }),
  );
}

/** Lets a trip's clocks run on. */
export function resumeSla(trip: Trip, hand: ClockHand): Decision<TripChange<WaitingTrip>> {
  const waiting = waitingTrip(trip, hand, "have its clocks run on");
  if (!waiting.ok) return waiting;
  if (!openPause(trip)) return refused("INVALID_STATE_TRANSITION", "the trip's clocks run already");
  const after = withPauseEnded(changed(waiting.value, hand.now), hand.now, hand.actor.userId);
  return granted(changeBy(hand, { name: "sla_resumed", before: trip, after }));
}

/** The pause that lasts; undefined if the clocks run. */
export function openPause({ slaPauses }: Trip): SlaPause | undefined {
  return slaPauses.find(({ ended }) => !ended);
}

/** The same trip with its clocks no longer standing still, as from the pickup on, or once it is given up. */
export function withPauseEnded<T extends Trip>(trip: T, at: Date, by: string): T {
  if (!openPause(trip)) return trip;
  const slaPauses = trip.slaPauses.map((pause) =>
    pause.ended ? pause : { ...pause, ended: { at: laterOf(pause.startedAt, at), by } },
  );
  return { ...trip, slaPauses };
}

function waitingTrip(trip: Trip, { actor, overrideReason }: ClockHand, cannot: string): Decision<WaitingTrip> {
  if (actor.type === "CENTER") {
    if (!overrideReason?.trim()) return refused("VALIDATION_FAILED", "override_reason is demanded of Center");
  } else if (!isOwner(trip, actor) && !isAssignedAgency(trip, actor)) {
    return refused("ACTION_NOT_ALLOWED", "only the hospital that asked for the trip and its agency hold its clocks");
  }
  return trip.status === "PENDING" || trip.status === "ASSIGNED" ? granted(trip) : refusedInState(trip, cannot);
}

function changeBy(
  { actor, overrideReason }: ClockHand,
  change: Pick<TripChange<WaitingTrip>, "name" | "before" | "after">,
): TripChange<WaitingTrip> {
  const comment = actor.type === "CENTER" && overrideReason ? { comment: overrideReason } : {};
  return { ...change, userId: actor.userId, ...comment };
}
