import type { SystemSettings } from "#platform/system-settings.ts";
import type { Priority } from "./transport.ts";

/** What the system's settings say about trips, at the moment. */
export type TripTerms = Pick<
  SystemSettings,
  "biddingTtlMinutes" | "consentMinutes" | "slaAssignMinutes" | "slaPickupMinutes" | "slaWindowToleranceMinutes"
>;

/** When bidding that opens now closes. */
export function biddingCloseAfter(now: Date, priority: Priority, { biddingTtlMinutes }: TripTerms): Date {
  return minutesAfter(now, biddingTtlMinutes[priority]);
}

/** Until when an agency must consent to what changes now. */
export function consentDueAfter(now: Date, { consentMinutes }: TripTerms): Date {
  return minutesAfter(now, consentMinutes);
}

function minutesAfter(time: Date, minutes: number): Date {
  return new Date(time.getTime() + minutes * 60_000);
}
