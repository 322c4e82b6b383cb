import { defineEntity, p } from "@mikro-orm/postgresql";

/**
 * How each attempt to win a trip ended. The primary key is what WON and ABANDONED compete for, so no attempt has two
 * outcomes; a tombstone may name a trip that was never found.
 */
export const TripClaimEntity = defineEntity({
  name: "TripClaim",
  tableName: "trip_claim",
  properties: {
    attemptId: p.uuid().primary(),
    tripId: p.text(),
    /** Null on an attempt that was abandoned before it arrived; so is the hash. */
    agencyId: p.text().nullable(),
    bidId: p.text().nullable(),
    requestHash: p.blob().nullable(),
    outcome: p.text().$type<"WON" | "LOST" | "ABANDONED" | "WITHDRAWN">(),
    reason: p.text().nullable(),
    tripVersion: p.integer().nullable(),
    createdAt: p.datetime(3),
  },
});
