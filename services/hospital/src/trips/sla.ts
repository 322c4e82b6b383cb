import { laterOf } from "./milestone.ts";
import type { TimeWindow } from "./transport.ts";

/** Why a trip's clocks may stand still. */
export const slaPauseReasons = ["PATIENT_NOT_READY", "WEATHER", "DESTINATION_HOLD"] as const;

/** Why a trip's clocks stand still. */
export type SlaPauseReason = (typeof slaPauseReasons)[number];

/** A time during which a trip's clocks stood still. */
export interface SlaPause {
  readonly reason: SlaPauseReason;
  readonly startedAt: Date;
  readonly startedBy: string;
  /** Undefined while it lasts. */
  readonly ended?: { readonly at: Date; readonly by: string };
}

/** What was promised about a trip's times when it was asked for. Never changed. */
export interface SlaTerms {
  readonly assignMinutes: number;
  /** For a trip without a window. */
  readonly pickupMinutes: number;
  /** By how much the pickup may miss its window. */
  readonly toleranceMinutes: number;
}

/**
 * How a promise stands. RUNNING: the due time is ahead. PAUSED: likewise, and the clock stands still. MET: it happened in
 * time. MISSED: it happened too late or too early, or the due time is over. VOID: the trip was given up before.
 */
export type SlaState = "RUNNING" | "PAUSED" | "MET" | "MISSED" | "VOID";

/** One promise: until when, and how it stands. */
export interface SlaPromise {
  readonly dueAt: Date;
  /**
   * Undefined if it happened at a time that nobody recorded, as on trips from the former system; or if the trip was given
   * up at such a time before it happened.
   */
  readonly state?: SlaState;
}

/** A trip's clocks at one moment. */
export interface SlaStanding {
  readonly startsAt: Date;
  readonly assign: SlaPromise;
  readonly pickup: SlaPromise;
}

/** All that a trip's clocks depend on. */
export interface SlaCourse {
  readonly requestedAt: Date;
  readonly window?: TimeWindow;
  readonly terms: SlaTerms;
  /** Oldest first; they do not overlap. */
  readonly pauses: readonly SlaPause[];
  readonly assigned: SlaFulfilment;
  readonly pickedUp: SlaFulfilment;
  readonly cancelled: SlaFulfilment;
}

/** Whether something has happened, and when, as far as anybody knows. */
export type SlaFulfilment = { readonly happened: false } | { readonly happened: true; readonly at?: Date };

/**
 * How a trip's clocks stand at a moment. They start with the request, or with a window that begins later, and nothing
 * resets them.
 */
export function slaStanding(course: SlaCourse, now: Date): SlaStanding {
  const { requestedAt, window, terms } = course;
  const startsAt = laterOf(window?.start, requestedAt);
  const assignBy = after(startsAt, terms.assignMinutes);
  const pickupBy = window ? after(window.end, terms.toleranceMinutes) : after(startsAt, terms.pickupMinutes);
  const notBefore = window && after(window.start, -terms.toleranceMinutes);
  const moment = { course, startsAt, now };
  return {
    startsAt,
    assign: promiseOf(course.assigned, { ...moment, dueAt: assignBy }),
    pickup: promiseOf(course.pickedUp, { ...moment, dueAt: pickupBy, ...(notBefore && { notBefore }) }),
  };
}

interface Promised {
  readonly course: SlaCourse;
  readonly startsAt: Date;
  /** Without pauses. */
  readonly dueAt: Date;
  readonly notBefore?: Date;
  readonly now: Date;
}

function promiseOf(fulfilment: SlaFulfilment, { course, notBefore, now, ...clock }: Promised): SlaPromise {
  const { pauses, cancelled } = course;
  // What happened ends the clock: a pause after it moves nothing.
  const ended = fulfilment.happened ? fulfilment : cancelled;
  const end = (ended.happened ? ended.at : undefined) ?? now;
  const dueAt = dueWithPauses(clock, pauses, end);
  if (ended.happened && !ended.at) return { dueAt };
  if (fulfilment.happened) {
    return { dueAt, state: end <= dueAt && (!notBefore || end >= notBefore) ? "MET" : "MISSED" };
  }
  if (end > dueAt) return { dueAt, state: "MISSED" };
  if (cancelled.happened) return { dueAt, state: "VOID" };
  return { dueAt, state: pauses.some(({ ended }) => !ended) ? "PAUSED" : "RUNNING" };
}

/** A pause that began after the time was over moves it no more; nor does what of it lies before the clock's start. */
function dueWithPauses(
  { startsAt, dueAt }: Pick<Promised, "startsAt" | "dueAt">,
  pauses: readonly SlaPause[],
  end: Date,
): Date {
  return pauses.reduce((due, { startedAt, ended }) => {
    const from = Math.max(startedAt.getTime(), startsAt.getTime());
    const until = Math.min(ended?.at.getTime() ?? end.getTime(), end.getTime());
    return from > due.getTime() || until <= from ? due : new Date(due.getTime() + until - from);
  }, dueAt);
}

function after(time: Date, minutes: number): Date {
  return new Date(time.getTime() + minutes * 60_000);
}
