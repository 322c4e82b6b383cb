import type { UserType } from "#platform/auth/principal.ts";

/** The steps on the way, in the order in which they happen. */
export const milestoneTypes = [
  "ACKNOWLEDGED",
  "EN_ROUTE",
  "AT_ORIGIN",
  "AT_PATIENT",
  "LEFT_ORIGIN",
  "AT_DESTINATION",
  "TRANSFER_OF_CARE",
  "BACK_IN_SERVICE",
] as const;

/** One step on the way. */
export type MilestoneType = (typeof milestoneTypes)[number];

/** A step on the way that somebody reported. Never changed once recorded. */
export interface Milestone {
  readonly type: MilestoneType;
  /** When it happened, as the reporter says. */
  readonly occurredAt: Date;
  /** When we learned of it. */
  readonly recordedAt: Date;
  readonly recordedBy: string;
  /** Whose people reported it: a hospital may confirm what an agency has reported as well. */
  readonly reporter: UserType;
  /** The unit that had the trip then. */
  readonly unitId?: string;
  /** The trip's turn then: who takes over begins a sequence of steps of its own, also who had the trip before. */
  readonly turn: number;
  /** It was reported after a later step. */
  readonly isLateEntry: boolean;
}

/** True if the one step comes before the other on every trip. */
export function comesBefore(one: MilestoneType, other: MilestoneType): boolean {
  return milestoneTypes.indexOf(one) < milestoneTypes.indexOf(other);
}

/** The steps of a trip that belong to one turn's sequence. */
export function milestonesOfTurn(milestones: readonly Milestone[], turn: number): readonly Milestone[] {
  return milestones.filter((milestone) => milestone.turn === turn);
}

/** The latest time among those steps that come before this one; undefined if none was recorded. */
export function latestBefore(milestones: readonly Milestone[], type: MilestoneType): Date | undefined {
  return milestones
    .filter((milestone) => comesBefore(milestone.type, type))
    .reduce<Date | undefined>((latest, { occurredAt }) => laterOf(latest, occurredAt), undefined);
}

/** The earliest time among those steps that come after this one; undefined if none was recorded. */
export function earliestAfter(milestones: readonly Milestone[], type: MilestoneType): Date | undefined {
  const times = milestones
    .filter((milestone) => comesBefore(type, milestone.type))
    .map((it) => it.occurredAt.getTime());
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** The later of two times; the second if there is no first. */
export function laterOf(one: Date | undefined, other: Date): Date {
  return one && one.getTime() > other.getTime() ? one : other;
}
