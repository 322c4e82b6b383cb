import type { Subscription } from "#platform/events/topology.ts";

/** What Hospital listens to. Its broker user may read exactly this. */
export const subscriptions: readonly Subscription[] = [
  { producer: "ems", aggregate: "agency" },
  { producer: "center", aggregate: "user" },
  { producer: "center", aggregate: "session" },
  { producer: "center", aggregate: "hospital" },
  { producer: "center", aggregate: "configuration" },
];
