import { type Decision, granted, refused, type Trip } from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { relationTo, seesPatientData, type TripRelation } from "./trip-scope.ts";

/** A time that trips may be looked at: nobody knows the future. `field` is what the request calls it. */
export function pastTime(field: string, time: Date, now: Date): Decision<Date> {
  return time > now ? refused("VALIDATION_FAILED", `${field} lies in the future`) : granted(time);
}

/**
 * What a person may see of a trip as it was: no more than now, and no more than then.
 * @param now what the person is to the trip as it is.
 * @returns undefined if the person could not see it then.
 */
export function relationThen(now: TripRelation, then: Trip, actor: TripActor): TripRelation | undefined {
  const before = relationTo(then, actor);
  if (before === undefined) return undefined;
  return seesPatientData(now) ? before : now;
}
