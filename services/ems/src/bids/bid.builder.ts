import type { AgencyId } from "../agencies/agency.ts";
import type { Bid, BidId } from "./bid.ts";

/** A bid fit for tests; name only the fields the test is about. */
export function aBid(over: Partial<Bid> = {}): Bid {
  const at = new Date("2026-01-01T00:00:00Z");
  return {
    id: "bid-1" as BidId,
    tripId: "trip-1",
    agencyId: "blair" as AgencyId,
    notes: "",
    status: "PENDING",
    source: "SUBMITTED",
    seenMaterialVersion: 1,
    submittedBy: "user-of-blair",
    submittedAt: at,
    updatedAt: at,
    version: 1,
    ...over,
  };
}
