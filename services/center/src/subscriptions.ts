import type { Subscription } from "#platform/events/topology.ts";

/** What Center listens to. Its broker user may read exactly this. */
export const subscriptions: readonly Subscription[] = [
  { producer: "hospital", aggregate: "trip" },
  { producer: "hospital", aggregate: "facility" },
  { producer: "ems", aggregate: "agency" },
  { producer: "ems", aggregate: "bid" },
  { producer: "ems", aggregate: "unit" },
];
