import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AwardPolicy, Priority, TransportLevel, TransportStatus, TripReleaseReason } from "./transport.ts";
import type { Place, TripId } from "./trip-copy.ts";

/** Trips in all states, from Hospital's events. Hospital owns them. */
export const TripCopyEntity = defineEntity({
  name: "TripCopy",
  tableName: "trip_copy",
  properties: {
    id: p.text().$type<TripId>().primary(),
    tripNumber: p.text(),
    hospitalId: p.text(),
    origin: p.json<Place>(),
    destination: p.json<Place>(),
    /** In lower case, as service areas are compared with it. */
    originCounty: p.text(),
    transportLevel: p.text().$type<TransportLevel>(),
    priority: p.text().$type<Priority>(),
    /** The priority as a number, by which lists are sorted. */
    urgency: p.integer(),
    status: p.text().$type<TransportStatus>(),
    awardPolicy: p.text().$type<AwardPolicy>(),
    requestTime: p.datetime(3),
    acceptTime: p.datetime(3).nullable(),
    pickupTime: p.datetime(3).nullable(),
    completionTime: p.datetime(3).nullable(),
    cancelTime: p.datetime(3).nullable(),
    assignedAgencyId: p.text().nullable(),
    assignedUnitId: p.text().nullable(),
    acceptedAttemptId: p.text().nullable(),
    materialVersion: p.integer(),
    biddingCloseTime: p.datetime(3).nullable(),
    pickupWindowStart: p.datetime(3).nullable(),
    pickupWindowEnd: p.datetime(3).nullable(),
    releaseReason: p.text().$type<TripReleaseReason>().nullable(),
    /** The close time for which bidding was ended; ours alone, no event tells it. */
    biddingClosedFor: p.datetime(3).nullable(),
    version: p.integer(),
    receiveTime: p.datetime(3),
  },
});

/** One row of `trip_copy`. */
export type TripCopyRow = InferEntity<typeof TripCopyEntity>;
