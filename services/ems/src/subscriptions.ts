import type { Subscription } from "#platform/events/topology.ts";

/** What EMS listens to. Its broker user may read exactly this. */
export const subscriptions: readonly Subscription[] = [
  { producer: "hospital", aggregate: "trip" },
  { producer: "hospital", aggregate: "preference" },
  { producer: "center", aggregate: "user" },
  { producer: "center", aggregate: "session" },
  { producer: "center", aggregate: "configuration" },
];
